//! What other programs see in the host's tables: Prisma's names and types, instants in UTC whatever the server's zone.

use grelot_core::PreferencesUpdate;
use grelot_store::conformance::user;
use grelot_store::{Inboxes as _, PreferenceBook as _};

use crate::support::{TempBackend, send};

#[tokio::test]
async fn a_notification_is_stored_as_prisma_stores_it() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let id = send(&*store, &user("ann"), "hello").await.unwrap();
    store.set_read(&user("ann"), id, true).await.unwrap();
    let row = backend.database.run(
        r#"SET timezone = 'Asia/Tokyo'; SELECT id, "userId", type, title, body IS NULL, "readAt" = "createdAt",
        "createdAt", pg_typeof("createdAt"), seq, "stateSeq" FROM notifications"#,
    );
    let expected = "|ann|INFO|hello|t|t|2026-11-18 11:06:40|timestamp without time zone|1|2";
    assert_eq!(row, format!("{}{expected}", id.as_str()));
}

#[tokio::test]
async fn preferences_are_stored_as_prisma_stores_them() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let update = PreferencesUpdate { email: Some(false), ..PreferencesUpdate::default() };
    store.update_preferences(&user("ann"), &update).await.unwrap();
    let row = backend.database.run(
        r#"SELECT length(id), "userId", "inApp", email, categories, pg_typeof(categories)
        FROM notification_preferences"#,
    );
    assert_eq!(row, "25|ann|t|f|{}|jsonb");
}

#[tokio::test]
async fn nothing_but_the_tables_of_the_module_is_where_a_host_looks() {
    let backend = TempBackend::new();
    backend.open_store().await;
    let tables = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(backend.database.run(tables), "notification_preferences notifications");
}
