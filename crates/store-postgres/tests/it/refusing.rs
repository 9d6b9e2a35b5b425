//! What the rules of the host's own tables do not let in: a final answer that names the rule, and nobody else's trouble.

use std::sync::Arc;

use grelot_core::PreferencesUpdate;
use grelot_store::conformance::user;
use grelot_store::{
    Inboxes as _, NotifyError, PreferenceBook as _, PreferencesError, Refusal, StoreError,
};
use rstest::rstest;
use tokio::task::JoinSet;

use crate::support::{TempBackend, send};

/// Makes the table of notifications refuse a text of this, or a user `ann`.
#[rstest]
#[case::narrow(
    "ALTER TABLE notifications ALTER title TYPE varchar(12)",
    Some("title"),
    "must be at most 12 characters: the column title of the application's table notifications takes no more"
)]
#[case::check(
    "ALTER TABLE notifications ADD CONSTRAINT short_titles CHECK (length(title) < 13)",
    None,
    "is refused by the check constraint short_titles of the table notifications"
)]
#[case::foreign_key(
    r#"CREATE TABLE people (id text PRIMARY KEY); INSERT INTO people VALUES ('bob');
    ALTER TABLE notifications ADD CONSTRAINT known FOREIGN KEY ("userId") REFERENCES people"#,
    None,
    "is refused by the foreign key constraint known of the table notifications"
)]
#[case::deferred(
    r#"CREATE TABLE people (id text PRIMARY KEY); INSERT INTO people VALUES ('bob');
    ALTER TABLE notifications ADD CONSTRAINT known FOREIGN KEY ("userId") REFERENCES people
        DEFERRABLE INITIALLY DEFERRED"#,
    None,
    "is refused by the foreign key constraint known of the table notifications"
)]
#[case::not_null(
    "ALTER TABLE notifications ALTER link SET NOT NULL;
    ALTER TABLE notifications ALTER link SET DEFAULT '/'",
    Some("link"),
    "must be there: the column link of the table notifications may not be null"
)]
#[case::raised(
    r#"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
    CREATE TRIGGER refuse BEFORE INSERT ON notifications FOR EACH ROW
        WHEN (NEW."userId" = 'ann') EXECUTE FUNCTION refuse()"#,
    None,
    "is refused by a trigger of the application"
)]
#[case::kept_out(
    r#"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER refuse BEFORE INSERT ON notifications FOR EACH ROW
        WHEN (NEW."userId" = 'ann') EXECUTE FUNCTION refuse()"#,
    None,
    "a trigger on the table notifications, which is not Grelot's, keeps a row out of it"
)]
#[tokio::test]
async fn what_a_rule_of_the_host_refuses_is_final_and_names_the_rule(
    #[case] rule: &str,
    #[case] column: Option<&str>,
    #[case] said: &str,
) {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    backend.database.run(rule);
    let refused = send(&*store, &user("ann"), "thirteen long").await;
    let Err(NotifyError::Store(StoreError::Refused(refusal))) = refused else {
        panic!("{refused:?}")
    };
    let expected = Refusal { column: column.map(str::to_owned), rule: said.to_owned() };
    assert_eq!(refusal, expected);
    assert_eq!(backend.database.run("SELECT count(*) FROM notifications"), "0");
    assert_eq!(store.inbox(&user("ann")).await.unwrap().seq.get(), 0);
}

#[tokio::test]
async fn what_is_refused_fails_alone_and_doubles_nothing() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    backend.database.run("ALTER TABLE notifications ALTER title TYPE varchar(12)");
    let mut sending = JoinSet::new();
    for number in 0..60 {
        let store = Arc::clone(&store);
        let long = number % 20 == 7;
        let title = if long { "thirteen long".to_owned() } else { number.to_string() };
        sending.spawn(async move { (long, send(&*store, &user("bob"), &title).await) });
    }
    for (long, sent) in sending.join_all().await {
        match sent {
            Ok(_) => assert!(!long),
            Err(NotifyError::Store(StoreError::Refused(_))) => assert!(long),
            Err(other) => panic!("{other}"),
        }
    }
    let stored =
        backend.database.run("SELECT count(*), count(DISTINCT title), max(seq) FROM notifications");
    assert_eq!(stored, "57|57|57");
}

#[tokio::test]
async fn preferences_and_deletions_that_a_rule_of_the_host_refuses_are_final_too() {
    let backend = TempBackend::new();
    let store = backend.open_store().await;
    let ann = user("ann");
    let id = send(&*store, &ann, "one").await.unwrap();
    backend.database.run(&format!(
        r#"CREATE TABLE people (id text PRIMARY KEY);
        ALTER TABLE notification_preferences ADD CONSTRAINT known FOREIGN KEY ("userId") REFERENCES people;
        CREATE TABLE audit (id text REFERENCES notifications ON DELETE RESTRICT); INSERT INTO audit VALUES ('{}')"#,
        id.as_str()
    ));
    let update = PreferencesUpdate { email: Some(false), ..Default::default() };
    let refused = store.update_preferences(&ann, &update).await;
    let Err(PreferencesError::Store(StoreError::Refused(refusal))) = refused else {
        panic!("{refused:?}")
    };
    let said =
        "is refused by the foreign key constraint known of the table notification_preferences";
    assert_eq!(refusal.rule, said);
    let refused = store.delete(&ann, id).await;
    let Err(StoreError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(
        refusal.rule,
        "is refused by the foreign key constraint audit_id_fkey of the table audit"
    );
    assert!(store.set_read(&ann, id, true).await.unwrap().is_some());
}
