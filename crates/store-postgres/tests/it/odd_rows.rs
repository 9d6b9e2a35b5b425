//! Rows that another program wrote as this one never would: each is its own trouble at most. Not here: what comes in from
//! outside with odd values (`outside`), and deliveries.

use grelot_core::{ListFilter, NotificationType, Seq, Timestamp};
use grelot_store::conformance::{a_spoilt_category_is_in_nobodys_way, user};
use grelot_store::{Inboxes as _, ReadAllScope, Replay as _, Replayed};

use crate::support::{TempBackend, adopt, check, node, send};

#[tokio::test]
async fn a_category_that_cannot_be_read_counts_as_missing_and_is_in_nobody_s_way() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let damages = [
        "UPDATE grelot.categories SET label = 'Label' WHERE key = 'bad'",
        r#"UPDATE grelot.categories SET "mailMode" = 'loud' WHERE key = 'bad'"#,
        r#"UPDATE grelot.categories SET "mailDelay" = -1 WHERE key = 'bad'"#,
        "INSERT INTO grelot.categories (SELECT (jsonb_populate_record(c, '{\"key\": \"No key\"}')).*
            FROM grelot.categories c WHERE key = 'good')",
    ];
    let spoil = |damage: &str| drop(backend.database.run(damage));
    a_spoilt_category_is_in_nobodys_way(&*store, &damages, spoil).await;
}

/// The host let go of its constraints.
#[tokio::test]
async fn a_notification_without_title_type_or_date_is_listed_counted_and_told_like_any_other() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let ann = user("ann");
    let id = send(&*store, &ann, "one").await.unwrap();
    heard.take();
    let columns = ["title", "type", r#""createdAt""#];
    for column in columns {
        backend.database.run(&format!("ALTER TABLE notifications ALTER {column} DROP NOT NULL"));
    }
    backend.database.run(
        r#"UPDATE notifications SET title = NULL, type = NULL, "createdAt" = NULL;
        INSERT INTO notifications (id, "userId", title, type, "createdAt") VALUES ('new', 'ann', NULL, NULL, NULL)"#,
    );
    adopt(&store).await;
    assert_eq!(heard.take().len(), 1);
    let page = store.list(&ann, &ListFilter::default(), None, 9).await.unwrap();
    assert_eq!((page.notifications.len(), page.inbox.unread), (2, 2));
    for shown in &page.notifications {
        assert_eq!(shown.content.title.as_str(), "\u{2026}");
        assert_eq!(shown.content.kind, NotificationType::Info);
        assert_eq!(shown.created_at, Timestamp::from_millis(0));
    }
    let replayed = store.replay(&ann, Seq::ZERO).await.unwrap();
    let Replayed::Changes { changes, .. } = replayed else { panic!("{replayed:?}") };
    assert_eq!(changes.len(), 2);
    assert!(store.set_read(&ann, id, true).await.unwrap().is_some());
    assert_eq!(store.read_all(&ann, &ReadAllScope::default()).await.unwrap().updated, 1);
    check(&backend.database);
    assert!(store.delete(&ann, id).await.unwrap());
    check(&backend.database);
}
