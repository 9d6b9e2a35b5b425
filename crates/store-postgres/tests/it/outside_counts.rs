//! Rows that another program changes while they are changed here as well: the count that was told last is the one that is
//! shown, at one and the same position. Not here: what becomes of rows that only others change (`outside`).

use grelot_core::{Change, NotificationId, UserId};
use grelot_store::Inboxes as _;
use grelot_store::conformance::user;
use grelot_store_postgres::PostgresStore;

use crate::outside::told;
use crate::support::{Session, TempBackend, adopt, check, node, send};

/// The count that was told last is the one that is shown, and it was told with the position that is shown.
async fn check_told(store: &PostgresStore, user: &UserId, last: &Change) {
    let inbox = store.inbox(user).await.unwrap();
    assert_eq!((last.seq, last.unread), (inbox.seq, inbox.unread), "{last:?}");
}

#[tokio::test]
async fn a_row_that_is_deleted_here_before_its_reading_outside_is_adopted_leaves_the_count_right() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    let id = send(&*store, &ann, "one").await.unwrap();
    for title in ["two", "three"] {
        send(&*store, &ann, title).await.unwrap();
    }
    backend
        .database
        .run(&format!(r#"UPDATE notifications SET "readAt" = now() WHERE id = '{}'"#, id.as_str()));
    store.delete(&ann, id).await.unwrap();
    let before = heard.take().pop().unwrap();
    check_told(&store, &ann, &before).await;
    adopt(&store).await;
    let changes = heard.take();
    assert_eq!(told(&changes), [format!("ann 5: deleted {}, 2 unread", id.as_str())]);
    check_told(&store, &ann, &changes[0]).await;
    check(&backend.database);
}

#[tokio::test]
async fn a_row_that_is_back_where_it_was_is_told_since_a_change_here_may_have_counted_it() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    let id = send(&*store, &ann, "one").await.unwrap();
    let set =
        |to: &str| backend.database.run(&format!(r#"UPDATE notifications SET "readAt" = {to}"#));
    set("now()");
    store.set_read(&ann, id, false).await.unwrap();
    let before = heard.take().pop().unwrap();
    adopt(&store).await;
    let changes = heard.take();
    check_told(&store, &ann, changes.last().unwrap_or(&before)).await;
    assert_eq!(store.inbox(&ann).await.unwrap().unread, 1);
    check(&backend.database);
}

#[tokio::test]
async fn whatever_happens_on_both_sides_the_count_told_last_is_the_one_that_is_shown() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    // Always the same numbers, of a generator that is good enough for this.
    let mut state = 7_u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % below
    };
    let mut ids = Vec::new();
    let mut last = None;
    let host = Session::open(&backend.database).await;
    for round in 0..200 {
        if ids.len() < 4 {
            ids.push(send(&*store, &ann, "one").await.unwrap());
        }
        let at = random(ids.len());
        let id: NotificationId = ids[at];
        let outside =
            async |sql: &str| host.run(&format!("{sql} WHERE id = '{}'", id.as_str())).await;
        match random(7) {
            0 | 1 => outside(r#"UPDATE notifications SET "readAt" = now()"#).await,
            2 => outside(r#"UPDATE notifications SET "readAt" = NULL"#).await,
            3 => outside("DELETE FROM notifications").await,
            4 => drop(store.set_read(&ann, id, round % 2 == 0).await.unwrap()),
            5 => drop(store.delete(&ann, ids.swap_remove(at)).await.unwrap()),
            _ => {
                adopt(&store).await;
                check(&backend.database);
            }
        }
        last = heard.take().pop().or(last);
        check_told(&store, &ann, last.as_ref().unwrap()).await;
    }
}
