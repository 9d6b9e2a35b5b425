//! `grelot demo`: what it prints, and the page.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::Duration;

use reqwest::{Client, StatusCode, header};
use rustix::process::Signal;

use crate::support::{Workplace, signal_child};

/// A running demo and the lines that it printed first.
struct Demo {
    child: Child,
    lines: Vec<String>,
}

impl Demo {
    fn start(place: &Workplace, flags: &[&str]) -> Self {
        let mut command = place.command(&[&["demo"], flags].concat());
        // Its database goes where temporary files go.
        command.env("TMPDIR", place.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines = stdout.lines().take(5).map(Result::unwrap).collect();
        Self { child, lines }
    }

    fn value(&self, name: &str) -> &str {
        self.lines.iter().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

const FLAGS: [&str; 4] = ["--bind", "127.0.0.1:0", "--metrics-bind", "off"];

#[tokio::test]
async fn it_prints_what_is_needed_to_ring_the_bell() {
    let place = Workplace::bare();
    let demo = Demo::start(&place, &FLAGS);
    assert_eq!(demo.value("user"), "demo");
    assert!(demo.lines[4].starts_with("curl http://"));
    let page = demo.value("page");
    let list = format!("{page}api/notifications");
    let get = Client::new().get(&list).bearer_auth(demo.value("token"));
    let inbox: serde_json::Value = get.send().await.unwrap().json().await.unwrap();
    let types: Vec<&str> = inbox["notifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["type"].as_str().unwrap())
        .collect();
    for kind in ["INFO", "SUCCESS", "WARNING", "ERROR"] {
        assert!(types.contains(&kind), "{types:?}");
    }
    let notify = Client::new()
        .post(format!("{page}api/internal/notify"))
        .bearer_auth(demo.value("api key"))
        .json(&serde_json::json!({"userId": "demo", "title": "Hello", "category": "billing"}));
    assert_eq!(notify.send().await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn what_stays_unread_comes_by_mail_and_what_was_read_does_not() {
    let place = Workplace::bare();
    let demo = Demo::start(&place, &FLAGS);
    let page = demo.value("page");
    let notify = async |title: &str| {
        let request = Client::new().post(format!("{page}api/internal/notify"));
        let body = serde_json::json!({"userId": "demo", "title": title, "category": "billing"});
        let answer = request.bearer_auth(demo.value("api key")).json(&body).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        answer["notifications"][0]["id"].as_str().unwrap().to_owned()
    };
    let get = |path: &str| {
        Client::new().get(format!("{page}demo/{path}")).bearer_auth(demo.value("token")).send()
    };
    // The one that was read would be due first.
    let read = notify("Seen in time").await;
    let reading = Client::new().post(format!("{page}api/notifications/{read}/read"));
    let reading = reading.bearer_auth(demo.value("token")).send().await.unwrap();
    assert!(reading.status().is_success(), "{}", reading.status());
    notify("Left unread").await;

    let arrived = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            let mails: serde_json::Value = get("mails").await.unwrap().json().await.unwrap();
            let mails = mails.as_array().unwrap().clone();
            if mails.iter().any(|mail| mail["source"].to_string().contains("Left unread")) {
                break mails;
            }
        }
    };
    let mails = tokio::time::timeout(Duration::from_secs(30), arrived).await.unwrap();
    let about = |title: &str| {
        mails.iter().find(|mail| mail["text"].as_str().unwrap().contains(title)).cloned()
    };
    assert!(about("Seen in time").is_none());
    let mail = about("Left unread").unwrap();
    assert_eq!(mail["to"], serde_json::json!(["ada@demo.example"]));
    assert!(mail["subject"].as_str().unwrap().contains("Left unread"), "{}", mail["subject"]);

    let shown = get(&format!("mails/{}.html", mail["id"].as_str().unwrap())).await.unwrap();
    let policy = shown.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none';") && policy.contains("; sandbox;"), "{policy}");
    assert_eq!(shown.text().await.unwrap(), mail["html"].as_str().unwrap());
    assert_eq!(get("mails/0.html").await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mails_are_for_whoever_is_signed_in_and_sent_once() {
    let place = Workplace::bare();
    let demo = Demo::start(&place, &FLAGS);
    let list = format!("{}demo/mails", demo.value("page"));
    for url in [list.clone(), format!("{list}/1.html")] {
        assert_eq!(reqwest::get(url).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let get = || Client::new().get(&list).bearer_auth(demo.value("token"));
    let tag = get().send().await.unwrap().headers()[header::ETAG].clone();
    let again = get().header(header::IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_page_signs_in_with_a_cookie_that_no_script_can_read() {
    let place = Workplace::bare();
    let demo = Demo::start(&place, &FLAGS);
    let page = reqwest::get(demo.value("page")).await.unwrap();
    let header = |name| page.headers()[name].to_str().unwrap().to_owned();
    let cookie = header(header::SET_COOKIE);
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let policy = header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");

    let url = format!("{}demo/notify", demo.value("page"));
    let pair = cookie.split(';').next().unwrap();
    let send = |site: &'static str| {
        let request = Client::new().post(&url).header(header::COOKIE, pair);
        let body = serde_json::json!({"example": "invoice"});
        request.header("sec-fetch-site", site).json(&body).send()
    };
    assert_eq!(send("same-origin").await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(send("cross-site").await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_other_user_has_an_inbox_of_their_own_and_a_storm_arrives_whole() {
    let place = Workplace::bare();
    let demo = Demo::start(&place, &FLAGS);
    let page = demo.value("page");
    let count = async |cookie: String| {
        let count = Client::new().get(format!("{page}api/notifications/unread-count"));
        let answer = count.header(header::COOKIE, cookie).send().await.unwrap();
        answer.json::<serde_json::Value>().await.unwrap()["unreadCount"].as_u64().unwrap()
    };
    let visit = async |query: &str| {
        let answer = reqwest::get(format!("{page}{query}")).await.unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        cookie.split(';').next().unwrap().to_owned()
    };
    let (own, other) = (visit("").await, visit("?user=camille").await);
    let before = count(own.clone()).await;
    assert_eq!(count(other.clone()).await, 0);
    assert_eq!(count(visit("?user=root").await).await, before);
    let send = async |body: serde_json::Value| {
        let request = Client::new().post(format!("{page}demo/notify")).json(&body);
        let request = request.header(header::COOKIE, own.clone());
        request.header("sec-fetch-site", "same-origin").send().await.unwrap().status()
    };
    let storm = serde_json::json!({"example": "welcome", "to": "camille", "count": 50});
    assert_eq!(send(storm).await, StatusCode::NO_CONTENT);
    assert_eq!(count(other).await, 50);
    assert_eq!(count(own.clone()).await, before);
    let unknown = serde_json::json!({"example": "nothing"});
    assert_eq!(send(unknown).await, StatusCode::NOT_FOUND);
}

#[test]
fn its_database_is_gone_when_it_ends() {
    let place = Workplace::bare();
    let mut demo = Demo::start(&place, &FLAGS);
    let entries = || std::fs::read_dir(place.path()).unwrap().count();
    assert_eq!(entries(), 1);
    signal_child(&demo.child, Signal::TERM);
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
    assert_eq!(entries(), 0);
}

#[test]
fn it_takes_the_next_port_when_nobody_chose_one() {
    // It is taken from here on, by this test or by somebody else.
    let _held = TcpListener::bind("127.0.0.1:4000");
    let place = Workplace::bare();
    let demo = Demo::start(&place, &["--metrics-bind", "off"]);
    assert!(!demo.value("page").ends_with(":4000/"), "{:?}", demo.lines);
}

#[test]
fn a_port_that_was_chosen_is_not_replaced() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let place = Workplace::bare();
    let said = place.run(&["demo", "--bind", &address, "--metrics-bind", "off"]);
    assert_eq!(said.status, 1);
    assert!(said.stderr.contains(&address), "{}", said.stderr);
}

#[test]
fn what_a_real_service_is_told_does_not_concern_it() {
    let place = Workplace::bare()
        .with("GRELOT_DATABASE", "postgres://h/db")
        .with("GRELOT_JWT_SECRET", "short");
    let demo = Demo::start(&place, &FLAGS);
    assert_eq!(demo.value("user"), "demo");
    assert!(!place.path().join("grelot.db").exists());
}
