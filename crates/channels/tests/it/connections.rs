//! The connections to a relay: kept, bounded, and never given on in a state that is unknown.

use std::sync::Arc;
use std::time::Duration;

use grelot_channels::{Email, Outcome, SmtpSettings};

use crate::support::{NOW, email, plain_letter, room};
use grelot_testkit::relay::{Act, Script, Server, say};

fn sent(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Sent { .. })
}

#[tokio::test]
async fn letters_one_after_the_other_use_one_connection() {
    let server = Server::start(Script::new()).await.unwrap();
    let email = email(&server.url());
    for _ in 0..5 {
        assert!(sent(&email.deliver(&plain_letter(), NOW).await));
    }
    assert_eq!((server.taken().len(), server.connections()), (5, 1));
    email.close().await;
    assert_eq!(server.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn letters_at_the_same_time_use_no_more_connections_than_allowed() {
    let server = Server::start(Script::new()).await.unwrap();
    let mut settings = SmtpSettings::parse(&server.url()).unwrap();
    settings.connections = 3;
    let email = Email::new(settings, Arc::new(room())).unwrap();
    let letter = plain_letter();
    let outcomes = futures_util::future::join_all((0..20).map(|_| email.deliver(&letter, NOW)));
    assert!(outcomes.await.iter().all(sent));
    assert_eq!(server.taken().len(), 20);
    assert!(server.connections() <= 3, "{}", server.connections());
}

#[tokio::test]
async fn a_refused_letter_leaves_nothing_to_the_next() {
    let server = Server::start(Script::new().at("RCPT", say("550 no such user"))).await.unwrap();
    let email = email(&server.url());
    assert!(matches!(email.deliver(&plain_letter(), NOW).await, Outcome::Never { .. }));
    assert!(sent(&email.deliver(&plain_letter(), NOW).await));
    assert_eq!((server.taken().len(), server.connections()), (1, 1));
    assert!(server.commands().contains(&"RSET".to_owned()));
}

#[rstest::rstest]
#[case(Act::Cut)]
#[case(Act::SayAndCut("421 idle for too long".to_owned()))]
#[tokio::test]
async fn a_connection_that_the_relay_has_closed_costs_no_letter(#[case] at_reset: Act) {
    let server = Server::start(Script::new().at("RSET", at_reset)).await.unwrap();
    let email = email(&server.url());
    assert!(sent(&email.deliver(&plain_letter(), NOW).await));
    assert!(sent(&email.deliver(&plain_letter(), NOW).await));
    assert_eq!((server.taken().len(), server.connections()), (2, 2));
}

#[tokio::test]
async fn a_delivery_that_is_dropped_midway_leaves_no_half_mail_to_the_next() {
    let server = Server::start(Script::new().at(".", Act::Silence)).await.unwrap();
    let email = email(&server.url());
    let letter = plain_letter();
    // Until the message is on its way, and its answer does not come.
    let began = async {
        while !server.commands().contains(&"DATA".to_owned()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        outcome = email.deliver(&letter, NOW) => panic!("{outcome:?}"),
        () = began => {}
    }
    assert!(sent(&email.deliver(&letter, NOW).await));
    assert_eq!((server.taken().len(), server.connections()), (1, 2));
}

#[tokio::test]
async fn a_check_goes_all_the_way_and_sends_nothing() {
    let server = Server::start(Script::new()).await.unwrap();
    assert_eq!(email(&server.url()).check().await.unwrap(), "250 ok");
    assert_eq!(server.commands()[1..], ["NOOP", "QUIT"]);
    assert_eq!(server.taken(), []);
}

#[tokio::test]
async fn a_check_says_what_is_wrong() {
    let server = Server::start(Script::new().at("CONNECT", say("554 go away"))).await.unwrap();
    assert_eq!(email(&server.url()).check().await.unwrap_err().to_string(), "554 go away");
}

#[tokio::test]
async fn a_lost_answer_makes_the_same_mail_again() {
    let server =
        Server::start(Script::new().at(".", say("250 taken")).at(".", Act::Cut)).await.unwrap();
    let mut settings = SmtpSettings::parse(&server.url()).unwrap();
    settings.timeout = Duration::from_secs(5);
    let email = Email::new(settings, Arc::new(room())).unwrap();
    let letter = plain_letter();
    assert!(sent(&email.deliver(&letter, NOW).await));
    assert!(matches!(email.deliver(&letter, NOW).await, Outcome::Later { .. }));
    assert!(sent(&email.deliver(&letter, NOW).await));
    let taken = server.taken();
    let id = "Message-ID: <cm3xk2l9a0000qzrmn831i7rn@acme.example>";
    assert!(taken.iter().all(|mail| String::from_utf8_lossy(&mail.message).contains(id)));
}
