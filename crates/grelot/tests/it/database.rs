//! `migrate` and `backup`, alone and beside a running service.

use crate::support::Workplace;

#[test]
fn a_dry_run_prints_the_sql_and_makes_nothing() {
    let place = Workplace::bare();
    let sql = place.ok(&["migrate", "--dry-run"]);
    assert!(sql.contains("CREATE TABLE notifications"), "{sql}");
    assert!(!place.path().join("grelot.db").exists());
}

#[test]
fn a_migration_is_applied_once() {
    let place = Workplace::bare();
    assert!(place.ok(&["migrate"]).starts_with("applied 0001_"));
    let again = place.run(&["migrate"]);
    assert_eq!((again.status, again.stdout.as_str()), (0, ""));
    assert!(again.stderr.contains("up to date"), "{}", again.stderr);
    assert_eq!(place.ok(&["migrate", "--dry-run"]), "");
}

#[test]
fn a_backup_of_a_database_in_use_can_be_served() {
    let place = Workplace::new();
    let server = place.serve();
    place.ok(&["keys", "create", "--name", "before"]);
    let said = place.ok(&["backup", "copy.db"]);
    assert!(said.starts_with("copy.db: "), "{said}");
    place.ok(&["migrate"]);
    drop(server);

    let restored = place.serve_with(&[
        "--database",
        "sqlite:copy.db",
        "--bind",
        "127.0.0.1:0",
        "--metrics-bind",
        "off",
    ]);
    assert!(place.ok(&["keys", "list", "--database", "sqlite:copy.db"]).contains("before"));
    drop(restored);
}

#[test]
fn a_backup_overwrites_nothing_and_needs_a_database() {
    let place = Workplace::new();
    let said = place.run(&["backup", "copy.db"]);
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("there is no database at grelot.db"), "{}", said.stderr);
    assert!(!place.path().join("grelot.db").exists());

    place.ok(&["migrate"]);
    place.file("copy.db", "precious");
    let said = place.run(&["backup", "copy.db"]);
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("exists already"), "{}", said.stderr);
    assert_eq!(std::fs::read_to_string(place.path().join("copy.db")).unwrap(), "precious");
}
