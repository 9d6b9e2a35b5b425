//! A node that adopts by itself what other programs write: nobody tells it, and nothing stops it. Not here: what becomes of
//! the rows (`outside`).

use std::time::{Duration, Instant};

use grelot_store::MailPolicy;
use grelot_store_postgres::PostgresStore;
use tokio_util::sync::CancellationToken;

use crate::outside::insert;
use crate::support::{Session, TempBackend, check, node};

/// Does `work` while the node adopts by itself; returns how long that took.
async fn while_adopting(store: &PostgresStore, work: impl Future<Output = ()>) -> Duration {
    let (shutdown, began) = (CancellationToken::new(), Instant::now());
    let work = async {
        work.await;
        shutdown.cancel();
    };
    tokio::join!(store.run_outside(MailPolicy::Off, shutdown.clone()), work);
    began.elapsed()
}

#[tokio::test]
async fn what_is_committed_is_adopted_at_once() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let took = while_adopting(&store, async {
        for number in 1..=20 {
            backend.database.run(&insert(&format!("n{number}"), "ann"));
            heard.wait_for(number).await;
        }
    });
    // By looking every two seconds it would have taken forty: nobody tells the node, and it asks often enough.
    assert!(took.await < Duration::from_secs(20));
}

#[tokio::test]
async fn the_connection_that_asks_is_made_again() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let took = while_adopting(&store, async {
        backend.database.run(&insert("before", "ann"));
        heard.wait_for(1).await;
        backend.database.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        for number in 2..=16 {
            backend.database.run(&insert(&format!("n{number}"), "ann"));
            heard.wait_for(number).await;
        }
    });
    assert!(took.await < Duration::from_secs(20));
    check(&backend.database);
}

#[tokio::test]
async fn what_another_program_holds_costs_no_writing_and_comes_in_when_it_lets_go() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    let host = Session::open(&backend.database).await;
    backend.database.run(&insert("held", "ann"));
    host.run("BEGIN; UPDATE notifications SET title = 'new'").await;
    let positions = || backend.database.run("SELECT position FROM grelot.outside");
    while_adopting(&store, async {
        for number in 1..=5 {
            backend.database.run(&insert(&format!("n{number}"), "ann"));
            heard.wait_for(number).await;
        }
        assert_eq!(positions(), "1");
        host.run("COMMIT").await;
        heard.wait_for(6).await;
        assert_eq!(positions(), "");
    })
    .await;
    check(&backend.database);
}

#[tokio::test]
async fn a_row_that_cannot_be_adopted_stops_no_other_and_comes_in_when_it_can() {
    let backend = TempBackend::new();
    let (store, heard) = node(&backend).await;
    // The host's own trigger, which lets nobody change the row.
    backend.database.run(
        r"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON notifications FOR EACH ROW WHEN (NEW.id = 'cursed')
        EXECUTE FUNCTION refuse()",
    );
    let three = ["before", "cursed", "after"].map(|id| insert(id, "ann"));
    backend.database.run(&three.join(";"));
    while_adopting(&store, async {
        heard.wait_for(2).await;
        for number in 3..=6 {
            backend.database.run(&insert(&format!("n{number}"), "ann"));
            heard.wait_for(number).await;
        }
        backend.database.run("DROP TRIGGER refuse ON notifications");
        heard.wait_for(7).await;
    })
    .await;
    assert_eq!(backend.database.run("SELECT count(*) FROM grelot.outside"), "0");
    check(&backend.database);
}

#[tokio::test]
async fn no_trigger_notifies_since_whoever_does_commits_alone() {
    let backend = TempBackend::new();
    let (_store, _heard) = node(&backend).await;
    let notifying = "SELECT proname FROM pg_proc WHERE pronamespace = 'grelot'::regnamespace AND prosrc ~* 'notify'";
    assert_eq!(backend.database.run(notifying), "");
}
