//! What becomes of a mail, for every combination of what speaks for and against it, from the notification to its story. Not here:
//! the rules one by one (`deliveries`, `notify`), and their daylight-saving changes (`core::calendar`).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use grelot_core::{
    ChannelSet, Clock as _, DeliveryId, DigestRhythm, MailMode, NotificationId, PreferencesUpdate,
    QuietHours, TimeOfDay, Timestamp, UserId,
};

use super::mailing::{put_mail_category, reachable};
use super::world::{World, choose, content_of, request, user};
use crate::{EmailOutcome, Errand, MailMatter, MailPolicy, Settlement};

/// The first row that matches says what becomes of the mail; `*` matches all.
///
/// Before the bar: the user's switch for email; their choice for the category; whether the category is mandatory; whether they have
/// an address; whether it is in their quiet hours, until 13:00; whether they want a digest each hour; whether they read it at once.
/// After it: what the answer says; the rule that decided; the state in the end, its reason, and when that was: at once, when the
/// digest goes out at 12:00, or when the quiet hours end.
const TABLE: &str = "
    switch choice mandatory address quiet digest read | answer     rule      state   reason     when
    off    *      no        *       *     *      *    | muted      channel   skipped muted      now
    on     off    no        *       *     *      *    | muted      choice    skipped muted      now
    *      *      yes       no      *     *      *    | no_address mandatory skipped no_address now
    on     on     no        no      *     *      *    | no_address choice    skipped no_address now
    on     none   no        no      *     *      *    | no_address default   skipped no_address now
    *      *      yes       yes     *     *      yes  | queued     mandatory skipped read       now
    *      *      yes       yes     *     *      no   | queued     mandatory sent    -          now
    on     on     no        yes     *     yes    yes  | queued     choice    skipped read       12:00
    on     none   no        yes     *     yes    yes  | queued     default   skipped read       12:00
    on     on     no        yes     no    yes    no   | queued     choice    sent    -          12:00
    on     none   no        yes     no    yes    no   | queued     default   sent    -          12:00
    on     on     no        yes     yes   yes    no   | queued     choice    sent    -          13:00
    on     none   no        yes     yes   yes    no   | queued     default   sent    -          13:00
    on     on     no        yes     *     no     yes  | queued     choice    skipped read       now
    on     none   no        yes     *     no     yes  | queued     default   skipped read       now
    on     on     no        yes     no    no     no   | queued     choice    sent    -          now
    on     none   no        yes     no    no     no   | queued     default   sent    -          now
    on     on     no        yes     yes   no     no   | queued     choice    sent    -          13:00
    on     none   no        yes     yes   no     no   | queued     default   sent    -          13:00
";

const FACTORS: [&[&str]; 7] = [
    &["on", "off"],
    &["none", "on", "off"],
    &["no", "yes"],
    &["yes", "no"],
    &["no", "yes"],
    &["no", "yes"],
    &["no", "yes"],
];

/// The times of day that matter; the clock of a world stands at 11:06:40 UTC.
const NOON: TimeOfDay = TimeOfDay::hour(12);
const QUIET_END: TimeOfDay = TimeOfDay::hour(13);

/// One combination, and the user whom it is about.
struct Case {
    values: Vec<&'static str>,
    user: UserId,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut combinations: Vec<Vec<&'static str>> = vec![Vec::new()];
        for factor in FACTORS {
            let longer = combinations.iter().flat_map(|values| {
                factor.iter().map(move |value| [values.as_slice(), &[*value]].concat())
            });
            combinations = longer.collect();
        }
        let named = combinations.into_iter().enumerate();
        named.map(|(n, values)| Self { values, user: user(&format!("u{n}")) }).collect()
    }

    fn category(&self) -> &'static str {
        if self.values[2] == "yes" { "mandatory" } else { "free" }
    }

    /// The row of the table that is about it.
    fn row(&self) -> &'static str {
        let matches = |(given, value): (&str, &&str)| given == "*" || given == *value;
        let found = rows().find(|row| row.split_whitespace().zip(&self.values).all(matches));
        found.unwrap_or_else(|| panic!("{:?} is in no row", self.values))
    }

    /// What the user said beforehand.
    async fn set_up(&self, world: &World) {
        let [switch, choice, _, address, quiet, digest, _] = self.values[..] else { panic!() };
        if address == "yes" {
            reachable(&*world.store, self.user.as_str()).await;
        }
        let mut update = match choice {
            "none" => PreferencesUpdate::default(),
            choice => choose(&[(self.category(), None, Some(choice == "on"))]),
        };
        update.email = Some(switch == "on");
        let hours = QuietHours::new(TimeOfDay::hour(11), QUIET_END).unwrap();
        update.quiet = Some((quiet == "yes").then_some(hours));
        update.digest = (digest == "yes").then_some(DigestRhythm::Hourly);
        world.store.update_preferences(&self.user, &update).await.unwrap();
    }

    async fn notify(&self, world: &World) -> (NotificationId, EmailOutcome) {
        let mut request = request(&self.user, content_of("hello", self.category()));
        request.mail = MailPolicy::ON;
        let entry = world.store.notify(request).await.unwrap().entries[0];
        let id = entry.id.unwrap();
        if self.values[6] == "yes" {
            world.store.set_read(&self.user, id, true).await.unwrap();
        }
        (id, entry.email)
    }
}

fn rows() -> impl Iterator<Item = &'static str> {
    TABLE.lines().map(str::trim).filter(|line| !line.is_empty()).skip(1)
}

/// Works off what is due, as a worker does; what was sent in a digest goes into `digests`.
async fn work(world: &World, digests: &mut Vec<DeliveryId>) {
    loop {
        let leases = world.store.lease(500).await.unwrap().leases;
        if leases.is_empty() {
            return;
        }
        for lease in leases {
            let settlement = match world.store.errand(&lease).await.unwrap().unwrap() {
                Errand::Send(mail) => {
                    if matches!(mail.matter, MailMatter::Digest { .. }) {
                        digests.push(lease.id);
                    }
                    let (answer, collected) = ("250 ok".to_owned(), mail.collected);
                    Settlement::Sent { answer, collected }
                }
                Errand::Skip(reason) => Settlement::Skipped(reason),
                Errand::Wait(until) => Settlement::Postponed(until),
            };
            assert!(world.store.settle(&lease, settlement).await.unwrap());
        }
    }
}

/// The instant of the day, and the clock there.
fn move_to(world: &World, time: TimeOfDay) -> Timestamp {
    let now = world.clock.now();
    let at = grelot_core::Zone::named(None);
    let hours = QuietHours::new(TimeOfDay::hour(11), time).unwrap();
    let then = hours.end_of(now, &at).unwrap();
    world.clock.advance(then.since(now));
    then
}

const fn name(outcome: EmailOutcome) -> &'static str {
    match outcome {
        EmailOutcome::Off => "off",
        EmailOutcome::Muted => "muted",
        EmailOutcome::NoAddress => "no_address",
        EmailOutcome::Queued => "queued",
    }
}

pub async fn a_mail_ends_as_the_table_says(world: &World) {
    let cases = Case::all();
    put_mail_category(&*world.store, "free", MailMode::Now, ChannelSet::NONE).await;
    put_mail_category(&*world.store, "mandatory", MailMode::Now, ChannelSet::NONE).await;
    for case in &cases {
        case.set_up(world).await;
    }
    // Nobody can choose against it from here on; some had.
    put_mail_category(&*world.store, "mandatory", MailMode::Now, ChannelSet::ALL).await;
    let now = world.clock.now();
    let mut told = HashMap::new();
    for case in &cases {
        told.insert(case.user.clone(), case.notify(world).await);
    }
    let mut digests = Vec::new();
    work(world, &mut digests).await;
    let noon = move_to(world, NOON);
    work(world, &mut digests).await;
    let quiet_end = move_to(world, QUIET_END);
    work(world, &mut digests).await;

    let mut used = HashSet::new();
    for case in &cases {
        used.insert(case.row());
        let (id, outcome) = told[&case.user];
        let story = world.store.story(id).await.unwrap().unwrap();
        let [delivery] = story.deliveries.as_slice() else { panic!("{story:?}") };
        let when = match delivery.ended_at.unwrap() {
            at if at == now => "now",
            at if at == noon => "12:00",
            at if at == quiet_end => "13:00",
            other => panic!("{other:?}"),
        };
        let (state, reason) = (delivery.state.name(), delivery.reason.as_deref().unwrap_or("-"));
        let found = [name(outcome), delivery.rule.name(), state, reason, when];
        let (_, expected) = case.row().split_once('|').unwrap();
        let expected: Vec<_> = expected.split_whitespace().collect();
        assert_eq!(found.as_slice(), expected, "{:?}", case.values);
        let in_digest = delivery.digest.is_some_and(|digest| digests.contains(&digest));
        let alone = case.values[2] == "yes" || case.values[5] == "no";
        assert_eq!(in_digest, state == "sent" && !alone, "{:?}", case.values);
        // What was not tried has no attempt; what was sent has one.
        assert_eq!(delivery.attempts.len(), usize::from(in_digest || state == "sent"));
    }
    assert_eq!((cases.len(), used.len()), (192, rows().count()), "a row is about nothing");
    let stats = world.store.outbox_stats().await.unwrap();
    assert_eq!((stats.pending, stats.sending, stats.dead), (0, 0, 0));
    world.clock.advance(Duration::from_hours(48));
    assert!(world.store.lease(10).await.unwrap().leases.is_empty());
}
