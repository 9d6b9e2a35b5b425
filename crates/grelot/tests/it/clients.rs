//! `notify`, `tail` and `doctor` against a running service.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use grelot_testkit::relay::{Script, Server as Relay, say};
use rustix::process::Signal;

use crate::support::{Server, Workplace, said};

/// A running `tail`.
struct Tail {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Tail {
    fn start(place: &Workplace, url: &str, flags: &[&str]) -> Self {
        let arguments = [&["tail", "--user", "u_1", "--url", url], flags].concat();
        let mut command = place.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("tail goes on").unwrap()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn notify(place: &Workplace, server: &Server, key: &str, more: &[&str]) -> crate::support::Said {
    let arguments = [&["notify", "--user", "u_1", "--url", &server.url], more].concat();
    said(place.command(&arguments).env("GRELOT_API_KEY", key).output().unwrap())
}

#[test]
fn what_notify_sends_tail_shows() {
    let place = Workplace::new();
    let server = place.serve();
    let key = place.ok(&["keys", "create", "--name", "test"]);
    let mut tail = Tail::start(&place, &server.url, &["--json"]);
    let ready: serde_json::Value = serde_json::from_str(&tail.line()).unwrap();
    assert_eq!((&ready["event"], &ready["id"]), (&"ready".into(), &"0".into()));

    let sent =
        notify(&place, &server, &key, &["--title", "Hello", "--type", "ERROR", "--link", "/x"]);
    assert_eq!(sent.status, 0, "{}", sent.stderr);
    let event: serde_json::Value = serde_json::from_str(&tail.line()).unwrap();
    assert_eq!(event["event"], "notification.created");
    let notification = &event["data"]["notification"];
    assert_eq!(notification["id"], sent.stdout.trim_end());
    assert_eq!((&notification["title"], &notification["link"]), (&"Hello".into(), &"/x".into()));
}

#[test]
fn tail_shows_one_plain_line_an_event_from_where_it_is_told() {
    let place = Workplace::new();
    let server = place.serve();
    let key = place.ok(&["keys", "create", "--name", "test"]);
    for title in ["One", "Two"] {
        assert_eq!(notify(&place, &server, &key, &["--title", title]).status, 0);
    }
    let mut tail = Tail::start(&place, &server.url, &["--since", "1"]);
    let line = tail.line();
    assert!(line.contains("#2") && line.contains("INFO Two"), "{line}");
    assert!(tail.line().contains("ready"));
}

#[test]
fn tail_takes_up_where_a_restart_cut_it_off() {
    let place = Workplace::new();
    let mut server = place.serve();
    let key = place.ok(&["keys", "create", "--name", "test"]);
    let mut tail = Tail::start(&place, &server.url, &[]);
    assert!(tail.line().contains("ready"));
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));

    let address = server.url.strip_prefix("http://").unwrap();
    let server = place.serve_with(&["--bind", address, "--metrics-bind", "off"]);
    assert_eq!(notify(&place, &server, &key, &["--title", "Missed"]).status, 0);
    let line = tail.line();
    assert!(line.contains("Missed"), "{line}");
}

#[test]
fn a_refusal_is_told_in_words() {
    let place = Workplace::new();
    let server = place.serve();
    let wrong = notify(&place, &server, "grelot_nobody_nothing", &["--title", "x"]);
    assert_eq!(wrong.status, 1);
    assert!(
        wrong.stderr.contains("401") && wrong.stderr.contains("right one?"),
        "{}",
        wrong.stderr
    );
    let key = place.ok(&["keys", "create", "--name", "test"]);
    let invalid = notify(&place, &server, &key, &["--title", "x", "--category", "none"]);
    assert_eq!(invalid.status, 1);
    assert!(invalid.stderr.contains("/category: "), "{}", invalid.stderr);
    let tail = place.run(&["tail", "--token", "nonsense", "--url", &server.url]);
    assert_eq!(tail.status, 1);
    assert!(tail.stderr.contains("401"), "{}", tail.stderr);
}

#[test]
fn without_a_key_nothing_is_sent() {
    let said = Workplace::new().run(&["notify", "--user", "u", "--title", "x"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("GRELOT_API_KEY"), "{}", said.stderr);
}

#[test]
fn the_doctor_finds_a_healthy_service_healthy() {
    let place = Workplace::new();
    let server = place.serve();
    let key = place.ok(&["keys", "create", "--name", "test"]);
    let token = place.ok(&["token", "--user", "u_1"]);
    let mut command = place.command(&["doctor", &server.url, "--token", &token]);
    let said = said(command.env("GRELOT_API_KEY", key).output().unwrap());
    assert_eq!(said.status, 0, "{}{}", said.stdout, said.stderr);
    for line in said.stdout.lines() {
        assert!(line.starts_with("ok "), "{line}");
    }
    for what in
        ["time zones", "health", "clock", "readiness", "version", "metrics", "api key", "stream"]
    {
        assert!(said.stdout.contains(&format!("ok    {what}")), "{what} in {}", said.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tries_the_relay_that_the_environment_names() {
    let (place, script) = (Workplace::new(), Script::new().at("CONNECT", say("554 5.7.1 not you")));
    let relay = Relay::start(script.at("CONNECT", say("220 hello"))).await.unwrap();
    let doctor = || {
        let mut command = place.command(&["doctor", "http://127.0.0.1:1"]);
        said(command.env("GRELOT_SMTP_URL", relay.url()).output().unwrap())
    };
    let refused = doctor();
    assert_eq!(refused.status, 1);
    assert!(refused.stdout.contains("fail  relay"), "{}", refused.stdout);
    assert!(refused.stdout.contains("554"), "{}", refused.stdout);
    let taken = doctor();
    assert!(taken.stdout.contains("ok    relay      takes us: 250"), "{}", taken.stdout);
    assert!(relay.taken().is_empty());
}

#[test]
fn the_doctor_says_what_is_wrong() {
    let place = Workplace::new();
    let said = place.run(&["doctor", "http://127.0.0.1:1"]);
    assert_eq!(said.status, 1);
    assert!(said.stdout.contains("fail  health"), "{}", said.stdout);
    let server = place.serve();
    let said = place.run(&["doctor", &server.url, "--token", "nonsense"]);
    assert_eq!(said.status, 1);
    assert!(said.stdout.contains("fail  stream     the token is refused"), "{}", said.stdout);
    assert!(said.stdout.contains("warn  api key"), "{}", said.stdout);
}
