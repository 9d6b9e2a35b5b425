//! What the answers of a relay mean: sent, later, never; and whose fault it is.

use std::sync::Arc;
use std::time::Duration;

use grelot_channels::{Email, Fault, Letter, Outcome, SmtpSettings};

use crate::support::{NOW, email, plain_letter, room};
use grelot_testkit::relay::{Act, Script, Server, say};

async fn deliver(script: Script) -> (Outcome, Server) {
    let server = Server::start(script).await.unwrap();
    let outcome = email(&server.url()).deliver(&plain_letter(), NOW).await;
    (outcome, server)
}

#[tokio::test]
async fn a_letter_that_is_taken_is_sent_with_the_relays_words() {
    let (outcome, server) = deliver(Script::new()).await;
    assert_eq!(outcome, Outcome::Sent { answer: "250 2.0.0 queued as 4711".to_owned() });
    assert_eq!(server.taken().len(), 1);
    let expected = ["MAIL FROM:<no-reply@acme.example>", "RCPT TO:<ada@example.com>", "DATA"];
    assert_eq!(server.commands()[1..], expected);
}

#[rstest::rstest]
#[case("MAIL", "550 5.7.1 not you")]
#[case("RCPT", "550 5.1.1 no such user here")]
#[case("DATA", "554 no")]
#[case(".", "554 5.7.1 looks like spam")]
#[tokio::test]
async fn a_refusal_for_good_at_each_stage_is_never(
    #[case] stage: &'static str,
    #[case] reply: &str,
) {
    let (outcome, server) = deliver(Script::new().at(stage, say(reply))).await;
    assert_eq!(outcome, Outcome::Never { answer: reply.to_owned() });
    assert_eq!(server.taken(), []);
}

#[rstest::rstest]
#[case("MAIL", "451 4.3.0 busy")]
#[case("RCPT", "450 4.2.0 greylisted, try again")]
#[case("DATA", "452 no space")]
#[case(".", "451 4.7.1 try again later")]
#[tokio::test]
async fn a_refusal_for_now_at_each_stage_is_later(
    #[case] stage: &'static str,
    #[case] reply: &str,
) {
    let (outcome, _server) = deliver(Script::new().at(stage, say(reply))).await;
    assert_eq!(outcome, Outcome::Later { answer: reply.to_owned(), fault: Fault::Letter });
}

#[rstest::rstest]
#[case("CONNECT", "554 5.3.2 no service")]
#[case("CONNECT", "421 too busy")]
#[case("EHLO", "550 who are you?")]
#[case("MAIL", "421 closing down")]
#[case("MAIL", "530 5.7.0 authentication required")]
#[case(".", "421 4.3.2 shutting down")]
#[tokio::test]
async fn what_every_letter_would_meet_is_later_and_the_relays_fault(
    #[case] stage: &'static str,
    #[case] reply: &str,
) {
    let (outcome, _server) = deliver(Script::new().at(stage, say(reply))).await;
    assert_eq!(outcome, Outcome::Later { answer: reply.to_owned(), fault: Fault::Relay });
}

#[rstest::rstest]
#[case("CONNECT", Fault::Relay)]
#[case("EHLO", Fault::Relay)]
#[case("MAIL", Fault::Letter)]
#[case("RCPT", Fault::Letter)]
#[case("DATA", Fault::Letter)]
#[case(".", Fault::Letter)]
#[tokio::test]
async fn a_connection_that_is_cut_is_later(#[case] stage: &'static str, #[case] expected: Fault) {
    let (outcome, _server) = deliver(Script::new().at(stage, Act::Cut)).await;
    let Outcome::Later { answer, fault } = outcome else { panic!("{outcome:?}") };
    assert_eq!(fault, expected, "{answer}");
    assert!(answer.contains("ing"), "it says at what: {answer}");
}

#[rstest::rstest]
#[case("CONNECT")]
#[case("EHLO")]
#[case("MAIL")]
#[case("RCPT")]
#[case("DATA")]
#[case(".")]
#[tokio::test]
async fn a_relay_that_does_not_answer_is_given_up(#[case] stage: &'static str) {
    let server = Server::start(Script::new().at(stage, Act::Silence)).await.unwrap();
    let mut settings = SmtpSettings::parse(&server.url()).unwrap();
    settings.timeout = Duration::from_millis(50);
    settings.patience = settings.timeout;
    let email = Email::new(settings, Arc::new(room())).unwrap();
    let outcome = email.deliver(&plain_letter(), NOW).await;
    let Outcome::Later { answer, .. } = outcome else { panic!("{outcome:?}") };
    assert!(answer.contains("no answer within 0.05 s"), "{answer}");
}

#[tokio::test]
async fn a_delivery_has_a_deadline_besides() {
    let server = Server::start(Script::new().at("RCPT", Act::Silence)).await.unwrap();
    let mut settings = SmtpSettings::parse(&server.url()).unwrap();
    settings.deadline = Duration::from_millis(50);
    let email = Email::new(settings, Arc::new(room())).unwrap();
    let outcome = email.deliver(&plain_letter(), NOW).await;
    assert!(outcome.answer().contains("took more than 0.05 s"), "{outcome:?}");
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_the_relays_fault() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = email(&format!("smtp://127.0.0.1:{port}")).deliver(&plain_letter(), NOW).await;
    let Outcome::Later { answer, fault: Fault::Relay } = outcome else { panic!("{outcome:?}") };
    assert!(answer.starts_with("connecting: ") && answer.contains("refused"), "{answer}");
}

#[rstest::rstest]
#[case("gibberish")]
#[case("250")]
#[case("999 what")]
#[tokio::test]
async fn an_answer_that_is_none_is_later(#[case] reply: &str) {
    let (outcome, _server) = deliver(Script::new().at("RCPT", say(reply))).await;
    assert!(matches!(outcome, Outcome::Later { .. } | Outcome::Sent { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_data_that_is_answered_with_anything_but_354_sends_no_message() {
    let (outcome, server) = deliver(Script::new().at("DATA", say("250 sure"))).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    assert!(!server.commands().iter().any(|command| command.starts_with("From:")));
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let endless = format!("250-{}", "x".repeat(200 * 1024));
    let (outcome, _server) = deliver(Script::new().at("EHLO", say(&endless))).await;
    assert!(matches!(outcome, Outcome::Later { fault: Fault::Relay, .. }), "{outcome:?}");
    assert!(outcome.answer().chars().count() <= Outcome::MAX_ANSWER);
}

#[tokio::test]
async fn an_answer_is_one_line_of_500_characters_at_most() {
    let line = "é\u{1b}[31m".repeat(100);
    let reply = format!("550-{line}\r\n550-{line}\r\n550 {line}");
    let (outcome, _server) = deliver(Script::new().at("RCPT", say(&reply))).await;
    let answer = outcome.answer();
    assert!(answer.chars().count() <= 500 && !answer.chars().any(char::is_control), "{answer}");
    assert!(matches!(outcome, Outcome::Never { .. }));
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_relay_that_knows_them() {
    let letter = Letter { to: "zoé@exämple.fr".to_owned(), ..plain_letter() };
    let server = Server::start(Script::new()).await.unwrap();
    let outcome = email(&server.url()).deliver(&letter, NOW).await;
    let Outcome::Never { answer } = outcome else { panic!("{outcome:?}") };
    assert!(answer.contains("SMTPUTF8"), "{answer}");

    let server = Server::start(Script::new().with("SMTPUTF8").with("8BITMIME")).await.unwrap();
    let outcome = email(&server.url()).deliver(&letter, NOW).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    let taken = &server.taken()[0];
    assert_eq!(taken.to, ["RCPT TO:<zoé@xn--exmple-cua.fr>"]);
    assert!(taken.from.contains("SMTPUTF8"), "{}", taken.from);
}

#[tokio::test]
async fn a_domain_beyond_ascii_is_delivered_by_any_relay() {
    let letter = Letter { to: "zoe@exämple.fr".to_owned(), ..plain_letter() };
    let server = Server::start(Script::new()).await.unwrap();
    let outcome = email(&server.url()).deliver(&letter, NOW).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    assert_eq!(server.taken()[0].to, ["RCPT TO:<zoe@xn--exmple-cua.fr>"]);
}
