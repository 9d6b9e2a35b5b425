//! Who may talk, and whom the bus believes.

use std::fs;
use std::path::Path;

use grelot_bus_nats::{NatsBus, NatsError, NatsOptions};
use grelot_testkit::nats::Server;
use tempfile::TempDir;

use crate::support::Node;

async fn check(url: &str) -> Result<(), NatsError> {
    NatsBus::check(NatsOptions::parse(url).unwrap()).await
}

#[tokio::test]
async fn the_user_and_password_of_the_url_are_used() {
    let server = Server::start_with(["--user", "ann", "--pass", "p@ss/wörd"]).unwrap();
    let url = |who: &str| format!("nats://{who}@127.0.0.1:{}", server.port());
    let node = Node::connected(&url("ann:p%40ss%2Fw%C3%B6rd")).await;
    node.reaches(&mut Node::connected(&url("ann:p%40ss%2Fw%C3%B6rd")).await, 1).await;
    let refused = check(&url("ann:wrong")).await.unwrap_err();
    let why =
        "NATS cannot be reached: it does not accept the user, the password or the token of the URL";
    assert_eq!(refused.to_string(), why);
    assert_eq!(check(&server.url()).await.unwrap_err().to_string(), why);
}

#[tokio::test]
async fn a_name_without_a_password_is_a_token() {
    let server = Server::start_with(["--auth", "s3cret"]).unwrap();
    check(&format!("nats://s3cret@127.0.0.1:{}", server.port())).await.unwrap();
    check(&format!("nats://other@127.0.0.1:{}", server.port())).await.unwrap_err();
}

#[tokio::test]
async fn who_may_not_use_the_subject_is_told_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nats.conf");
    let user =
        |name, may| format!("{{ user: {name}, password: pw, permissions: {{ {may}: other }} }}");
    let users = format!("{}, {}", user("deaf", "subscribe"), user("mute", "publish"));
    fs::write(&file, format!("authorization {{ users: [{users}] }}")).unwrap();
    let server = Server::start_with(["-c".as_ref(), file.as_os_str()]).unwrap();
    for (name, what) in [("deaf", "Subscription"), ("mute", "Publish")] {
        let url = format!("nats://{name}:pw@127.0.0.1:{}", server.port());
        let why = check(&url).await.unwrap_err().to_string();
        let expected = format!("Permissions Violation for {what} to \"grelot.hints.v1\"");
        assert!(why.ends_with(&expected), "{why}");
    }
}

/// A server that speaks TLS alone, and the certificate to trust.
fn over_tls(names: &[&str]) -> (Server, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let arguments = [
        "--tls".as_ref(),
        "--tlscert".as_ref(),
        certificate.as_os_str(),
        "--tlskey".as_ref(),
        key.as_os_str(),
    ];
    (Server::start_with(arguments).unwrap(), folder)
}

fn tls_url(host: &str, server: &Server, folder: &Path) -> String {
    format!("tls://{host}:{}?ca={}/cert.pem", server.port(), folder.display())
}

#[tokio::test]
async fn tls_is_spoken_with_whom_the_certificate_names() {
    let (server, folder) = over_tls(&["127.0.0.1"]);
    let url = tls_url("127.0.0.1", &server, folder.path());
    let (ann, mut bob) = (Node::connected(&url).await, Node::connected(&url).await);
    ann.reaches(&mut bob, 1).await;
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let (server, folder) = over_tls(&["bus.example"]);
    let other_name = check(&tls_url("127.0.0.1", &server, folder.path())).await.unwrap_err();
    assert!(other_name.to_string().contains("certificate"), "{other_name}");
    for scheme in ["tls", "nats"] {
        let url = format!("{scheme}://127.0.0.1:{}", server.port());
        let unknown = check(&url).await.unwrap_err();
        assert!(unknown.to_string().contains("certificate"), "{unknown}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_in_plain_and_what_to_do_is_said() {
    let (_, folder) = over_tls(&["127.0.0.1"]);
    let plain = Server::start().unwrap();
    for url in [
        tls_url("127.0.0.1", &plain, folder.path()),
        tls_url("127.0.0.1", &plain, folder.path()).replace("tls://", "nats://"),
        format!("tls://127.0.0.1:{}", plain.port()),
    ] {
        let why = check(&url).await.unwrap_err().to_string();
        let said = "NATS cannot be reached: it does not speak TLS, which tls:// and ca demand: turn TLS on there, or, \
                    where the network is trusted, write nats:// and leave ca out";
        assert!(why.starts_with(said), "{why}");
    }
    check(&plain.url()).await.unwrap();
}
