//! A service from its start to its end.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use reqwest::StatusCode;
use rustix::process::Signal;

use crate::support::Workplace;

const FREE: [&str; 4] = ["--bind", "127.0.0.1:0", "--metrics-bind", "off"];

async fn get(url: String) -> StatusCode {
    reqwest::get(url).await.unwrap().status()
}

#[tokio::test]
async fn it_says_where_it_listens_and_ends_well_on_a_signal() {
    let place = Workplace::new();
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = place.serve();
        assert_eq!(get(format!("{}/healthz", server.url)).await, StatusCode::OK);
        assert_eq!(get(format!("{}/readyz", server.url)).await, StatusCode::OK);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0));
    }
}

#[tokio::test]
async fn streams_are_told_to_come_back_before_they_are_closed() {
    let place = Workplace::new();
    let mut server = place.serve();
    let token = place.ok(&["token", "--user", "u_1"]);
    let url = format!("{}/api/notifications/stream", server.url);
    let mut stream = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    let mut text = String::new();
    while !text.contains("event: ready") {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    server.signal(Signal::TERM);
    let mut rest = String::new();
    while let Ok(Some(bytes)) = stream.chunk().await {
        rest.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    assert!(rest.contains("retry: "), "{rest:?}");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let place = Workplace::new();
    let mut server = place.serve();
    let key = place.ok(&["keys", "create", "--name", "slow"]);
    // A request whose body never comes keeps the service from ending.
    let mut slow = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    let head = [
        "POST /api/internal/notify HTTP/1.1",
        "host: grelot",
        &format!("authorization: Bearer {key}"),
        "content-type: application/json",
        "content-length: 100",
        "expect: 100-continue",
    ];
    write!(slow, "{}\r\n\r\n", head.join("\r\n")).unwrap();
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");

    server.signal(Signal::TERM);
    server.wait_for("ending");
    server.signal(Signal::TERM);
    server.wait_for("ended at once");
    assert_eq!(server.wait().code(), Some(1));
}

#[test]
fn a_second_service_on_the_same_database_is_refused() {
    let place = Workplace::new();
    let server = place.serve();
    let said = place.run(&[&["serve"], &FREE[..]].concat());
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("another grelot serves this database"), "{}", said.stderr);
    drop(server);
    drop(place.serve());
}

#[test]
fn a_taken_address_names_the_option_that_chooses_another() {
    let place = Workplace::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let said = place.run(&["serve", "--bind", &address, "--metrics-bind", "off"]);
    assert_eq!(said.status, 1);
    assert!(
        said.stderr.contains(&address) && said.stderr.contains("GRELOT_BIND"),
        "{}",
        said.stderr
    );
    let said = place.run(&["serve", "--bind", "127.0.0.1:0", "--metrics-bind", &address]);
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains("GRELOT_METRICS_BIND"), "{}", said.stderr);
}

#[test]
fn a_taken_address_of_the_metrics_that_nobody_chose_is_a_warning() {
    let place = Workplace::new();
    // It is taken from here on, by this test or by somebody else.
    let _held = TcpListener::bind("127.0.0.1:9464");
    let server = place.serve_with(&["--bind", "127.0.0.1:0"]);
    assert!(server.heard().contains("going on without metrics"), "{}", server.heard());
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let place = Workplace::new();
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = probe.local_addr().unwrap().to_string();
    drop(probe);
    let server = place.serve_with(&["--bind", "127.0.0.1:0", "--metrics-bind", &address]);
    assert_eq!(get(format!("http://{address}/metrics")).await, StatusCode::OK);
    assert_eq!(get(format!("{}/metrics", server.url)).await, StatusCode::NOT_FOUND);
}

#[test]
fn the_log_is_one_object_a_line_where_nobody_looks() {
    let mut server = Workplace::new().serve();
    server.signal(Signal::TERM);
    let ending = server.wait_for("ending");
    for line in server.heard().lines().chain([ending.as_str()]) {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}
