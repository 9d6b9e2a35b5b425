//! TLS: verified, not to be stripped, not to be talked into; and what is authenticated over it.

use std::sync::Arc;

use grelot_channels::{Email, Fault, Outcome, SmtpSettings, Stage, TlsError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::support::{NOW, plain_letter, room};
use grelot_testkit::relay::{Script, Server, say};

/// A CA, and a server that has a certificate of it for `name`.
fn authority(name: &str) -> (Vec<u8>, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (ca.pem().into_bytes(), TlsAcceptor::from(Arc::new(config)))
}

fn email(url: &str, ca: Option<Vec<u8>>) -> Email {
    let mut settings = SmtpSettings::parse(url).unwrap();
    settings.ca_pem = ca;
    Email::new(settings, Arc::new(room())).unwrap()
}

async fn relay(script: Script, name: &str, implicit: bool) -> (Server, Vec<u8>) {
    let (ca, acceptor) = authority(name);
    (Server::start(script.tls(acceptor, implicit)).await.unwrap(), ca)
}

fn relay_fault(outcome: &Outcome) -> &str {
    let Outcome::Later { answer, fault: Fault::Relay } = outcome else { panic!("{outcome:?}") };
    answer
}

#[tokio::test]
async fn a_letter_goes_over_starttls_with_a_login() {
    let script = Script::new().with("STARTTLS").with("AUTH PLAIN LOGIN");
    let (server, ca) = relay(script, "localhost", false).await;
    let url = format!("smtp://ada:hunter2@localhost:{}?tls=required&helo=app.test", server.port());
    let outcome = email(&url, Some(ca)).deliver(&plain_letter(), NOW).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    let commands = server.commands();
    let verbs: Vec<&str> = commands.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(verbs, ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]);
    assert_eq!(commands[0], "EHLO app.test");
}

#[tokio::test]
async fn a_letter_goes_over_tls_from_the_first_byte() {
    let (server, ca) = relay(Script::new(), "localhost", true).await;
    let url = format!("smtps://localhost:{}", server.port());
    let outcome = email(&url, Some(ca)).deliver(&plain_letter(), NOW).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_relay_whose_starttls_was_stripped_is_sent_nothing() {
    let (server, ca) = relay(Script::new().with("AUTH PLAIN"), "localhost", false).await;
    let url = format!("smtp://ada:hunter2@localhost:{}?tls=required", server.port());
    let outcome = email(&url, Some(ca)).deliver(&plain_letter(), NOW).await;
    assert!(relay_fault(&outcome).contains("does not offer STARTTLS"), "{outcome:?}");
    assert_eq!(server.commands().len(), 1, "{:?}", server.commands());
}

#[tokio::test]
async fn a_relay_that_refuses_starttls_is_sent_nothing() {
    let script = Script::new().with("STARTTLS").at("STARTTLS", say("454 not now"));
    let (server, ca) = relay(script, "localhost", false).await;
    let url = format!("smtp://localhost:{}?tls=opportunistic", server.port());
    let outcome = email(&url, Some(ca)).deliver(&plain_letter(), NOW).await;
    assert_eq!(relay_fault(&outcome), "454 not now");
    assert_eq!(server.taken(), []);
}

#[tokio::test]
async fn what_somebody_puts_behind_the_answer_to_starttls_does_not_count() {
    let script = Script::new().with("STARTTLS").injecting(b"250-relay.test\r\n250 AUTH PLAIN\r\n");
    let (server, ca) = relay(script, "localhost", false).await;
    let url = format!("smtp://localhost:{}?tls=required", server.port());
    let outcome = email(&url, Some(ca)).deliver(&plain_letter(), NOW).await;
    relay_fault(&outcome);
    assert_eq!(server.commands().len(), 2, "{:?}", server.commands());
}

#[rstest::rstest]
#[case("smtp", "tls=required", "localhost", false)]
#[case("smtps", "", "localhost", false)]
#[case("smtp", "tls=opportunistic", "localhost", false)]
#[case("smtp", "tls=required", "elsewhere.test", true)]
#[case("smtps", "", "elsewhere.test", true)]
#[tokio::test]
async fn a_certificate_that_is_unknown_or_for_another_name_is_refused(
    #[case] scheme: &str,
    #[case] query: &str,
    #[case] name: &str,
    #[case] trusted: bool,
) {
    let (server, ca) = relay(Script::new().with("STARTTLS"), name, scheme == "smtps").await;
    let url = format!("{scheme}://localhost:{}?{query}", server.port());
    let outcome = email(&url, trusted.then_some(ca)).deliver(&plain_letter(), NOW).await;
    assert!(relay_fault(&outcome).contains("certificate"), "{outcome:?}");
    assert_eq!(server.taken(), []);
}

#[tokio::test]
async fn a_login_that_fails_is_the_operators_and_tells_no_secret() {
    let script = Script::new()
        .with("AUTH PLAIN LOGIN")
        .at("AUTH", say("535 5.7.8 bad credentials for ada: hunter2"));
    let server = Server::start(script).await.unwrap();
    let url = format!("smtp://ada:hunter2@127.0.0.1:{}", server.port());
    let email = email(&url, None);
    let error = email.check().await.unwrap_err();
    assert_eq!((error.stage, error.code), (Stage::Authenticate, Some(535)));
    let told = format!("{error} {error:?} {email:?}");
    assert!(!told.contains("hunter2") && told.contains("535 5.7.8"), "{told}");
}

#[tokio::test]
async fn a_relay_without_a_login_that_is_known_is_told_apart() {
    let server = Server::start(Script::new().with("AUTH CRAM-MD5")).await.unwrap();
    let url = format!("smtp://ada:hunter2@127.0.0.1:{}", server.port());
    let outcome = email(&url, None).deliver(&plain_letter(), NOW).await;
    assert!(relay_fault(&outcome).starts_with("authenticating: "), "{outcome:?}");
}

#[test]
fn a_ca_that_was_not_read_or_is_none_is_refused_at_the_start() {
    let mut settings = SmtpSettings::parse("smtps://mail.example.com?ca=/ca.pem").unwrap();
    assert_eq!(Email::new(settings.clone(), Arc::new(room())).unwrap_err(), TlsError::NoCa);
    settings.ca_pem = Some(b"-----BEGIN CERTIFICATE-----\nnone".to_vec());
    assert!(matches!(Email::new(settings, Arc::new(room())), Err(TlsError::Ca(_))));
}
