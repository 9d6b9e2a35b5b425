//! The suite that every backend passes: small cases by port, and random histories against a model.
//!
//! A backend implements [`Backend`] in its tests and expands [`conformance_suite!`](crate::conformance_suite), which
//! makes a test of every case. A case works on a [`World`] of its own: a new store, a clock and a listener.
//!
//! Not here: what only one backend promises (locks, backups, plans).
#![expect(missing_docs, reason = "the name of a case says what it checks")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a case fails by a panic"
)]

pub mod concurrency;
pub mod crowded;
pub mod deliveries;
mod gate;
pub mod inboxes;
pub mod keys;
pub mod listing;
mod mailing;
pub mod maintenance;
pub mod matrix;
pub mod model;
mod model_state;
pub mod nodes;
pub mod notify;
pub mod preferences;
pub mod replay;
pub mod retention;
mod spoilt;
pub mod users;
pub mod walk;
mod world;

pub use gate::Gate;
pub use mailing::{mail, put_mail_category, reachable};
pub use spoilt::a_spoilt_category_is_in_nobodys_way;
pub use world::{
    Backend, HandClock, Heard, World, category, content, content_of, notify_one, request, send,
    user,
};

/// Makes a test of every case, for the [`Backend`] that the expression makes. It is evaluated once a test.
#[macro_export]
macro_rules! conformance_suite {
    ($backend:expr) => {
        $crate::conformance_suite! { @cases None, $backend;
            inboxes {
                an_unknown_user_has_an_empty_inbox,
                a_notification_is_counted_and_told_as_it_is_stored,
                a_notification_comes_back_as_it_was_sent,
                a_notification_is_out_of_reach_of_other_users,
                an_id_that_nobody_has_is_not_found,
                reading_twice_changes_once,
                a_read_notification_can_be_made_unread_once,
                deleting_counts_only_the_unread,
                read_all_is_one_change_at_one_instant,
                read_all_stops_at_the_position_given,
                read_all_of_a_category_leaves_the_others,
            }
            listing {
                the_unread_come_first_and_each_section_newest_first,
                the_last_page_is_known_as_such,
                a_list_narrows_by_state_type_and_category,
                a_page_says_the_inbox_of_its_snapshot,
                what_is_created_later_is_not_walked,
                what_is_read_meanwhile_keeps_its_place,
                what_is_made_unread_ahead_of_the_walk_is_shown_once,
                a_walk_at_the_border_stays_in_the_unread_section,
                a_list_of_one_state_goes_by_the_state_now,
            }
            notify {
                every_recipient_gets_one_in_order,
                ids_sort_by_creation,
                a_muted_notification_leaves_no_trace,
                an_unknown_category_is_refused_and_leaves_no_trace,
                a_repetition_answers_the_same_and_does_nothing,
                another_request_under_the_same_key_is_refused,
                an_answer_is_kept_for_a_day,
                the_first_reason_against_an_email_is_told,
                a_preview_says_why_and_writes_nothing,
                a_category_that_changes_counts_from_the_next_request_on,
            }
            preferences {
                an_unknown_user_has_the_default_preferences,
                an_update_is_one_change_and_an_equal_one_is_none,
                choosing_the_defaults_stores_nothing,
                a_refused_update_changes_nothing,
                choices_outlive_their_category,
                preferences_of_users_are_apart,
                a_category_is_new_once_and_replaced_as_a_whole,
                a_category_is_deleted_once,
                deleting_a_category_keeps_its_notifications,
            }
            users {
                a_contact_is_replaced_as_a_whole,
                an_erased_user_has_nothing_left,
                an_inbox_after_an_erase_goes_on_above_it,
                erasing_an_unknown_user_takes_a_position_too,
                an_erase_leaves_other_users_alone,
                an_export_has_everything,
                an_export_lists_every_delivery_of_the_user_alone,
                an_export_of_an_unknown_user_is_empty,
                sessions_are_revoked_up_to_now_and_stay_revoked,
                revoking_sessions_moves_no_inbox,
                the_host_finds_a_notification_of_any_user,
            }
            keys {
                a_key_comes_back_as_it_was_created,
                keys_are_listed_oldest_first,
                an_id_is_given_once,
                a_key_is_revoked_once,
                the_secret_is_random_and_stays,
            }
            replay {
                a_replay_gives_every_change_in_order,
                a_replayed_creation_shows_the_notification_as_it_is,
                who_is_caught_up_gets_every_count_as_it_was,
                a_replay_begins_after_its_cursor,
                a_cursor_in_the_future_is_reset,
                polls_page_through_every_change,
                the_cursor_of_the_last_poll_is_past_what_was_deleted,
                a_stream_replays_a_thousand_changes_and_a_poll_more,
                history_is_kept_as_far_back_as_its_bound,
            }
            deliveries {
                nothing_is_due_in_an_empty_outbox,
                a_mail_waits_until_its_notification_was_not_read_for_a_while,
                what_is_no_longer_wanted_is_skipped_for_its_reason,
                who_wants_mail_alone_gets_it_whatever_the_inbox_says,
                a_failure_is_tried_again_by_the_schedule_and_then_given_up,
                a_refusal_is_a_dead_letter_at_once,
                a_lease_that_ran_out_goes_to_the_next_who_asks,
                a_delivery_that_loses_three_workers_is_a_dead_letter,
                the_deliveries_of_one_user_go_one_by_one_in_their_order,
                a_limit_is_kept_and_the_oldest_go_first,
                email_waits_for_the_end_of_the_quiet_hours,
                a_digest_has_what_is_still_unread_when_it_goes_out,
                a_digest_of_which_nothing_is_left_is_not_sent,
                a_digest_shows_the_newest_and_counts_the_rest,
                a_notification_tells_its_whole_story,
                an_erased_user_has_no_deliveries,
                ended_deliveries_are_pruned_in_batches,
                a_list_of_deliveries_goes_on_where_it_ended,
            }
            matrix {
                a_mail_ends_as_the_table_says,
            }
            maintenance {
                an_open_store_is_healthy_and_counts,
                old_changes_are_pruned_and_their_cursors_reset,
                pruning_goes_in_batches_from_the_beginning,
                history_is_cut_at_its_beginning_whatever_the_clock_did,
                old_answers_are_pruned_in_batches,
            }
            retention {
                what_was_read_long_ago_goes_and_nobody_is_told,
                an_inbox_that_is_too_full_loses_what_was_read_and_then_the_oldest,
                inboxes_are_trimmed_one_by_one_in_batches,
            }
            concurrency {
                positions_have_no_gap_whoever_sends,
                one_of_many_equal_requests_is_worked_on,
                a_caller_that_goes_away_does_not_stop_the_work,
                every_read_is_of_one_state,
            }
            model {
                random_histories_agree_with_the_model,
            }
            walk {
                a_walk_shows_each_once_whatever_happens_meanwhile,
            }
        }
        $crate::conformance_suite! { @cases Some($crate::conformance::crowded::MAX_ROWS), $backend;
            crowded {
                a_read_all_of_very_many_is_a_change_a_part_the_oldest_first,
                a_read_all_of_a_category_passes_what_is_of_another,
                an_erase_of_very_much_ends_sessions_at_once_and_leaves_nothing,
            }
        }
    };
    (@cases $max_rows:expr, $backend:expr; $($port:ident { $($case:ident),+ $(,)? })+) => {
        $(
            mod $port {
                use super::*;
                $(
                    #[tokio::test]
                    async fn $case() {
                        let backend = $backend;
                        let world = $crate::conformance::World::open($max_rows, &backend).await;
                        $crate::conformance::$port::$case(&world).await;
                    }
                )+
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    /// A case that is not in the list above would never run.
    #[test]
    fn every_case_is_in_the_list() {
        let list = include_str!("mod.rs");
        for source in [
            include_str!("concurrency.rs"),
            include_str!("crowded.rs"),
            include_str!("deliveries.rs"),
            include_str!("inboxes.rs"),
            include_str!("keys.rs"),
            include_str!("listing.rs"),
            include_str!("maintenance.rs"),
            include_str!("matrix.rs"),
            include_str!("model.rs"),
            include_str!("notify.rs"),
            include_str!("preferences.rs"),
            include_str!("replay.rs"),
            include_str!("retention.rs"),
            include_str!("users.rs"),
            include_str!("walk.rs"),
        ] {
            let cases = source.split("\npub async fn ").skip(1);
            let names: Vec<&str> = cases.filter_map(|case| case.split('(').next()).collect();
            assert!(!names.is_empty());
            for name in names {
                assert!(list.contains(&format!(" {name},\n")), "{name} is in no list");
            }
        }
    }
}
