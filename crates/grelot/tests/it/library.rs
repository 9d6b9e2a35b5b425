//! Grelot inside another program.

use std::time::Duration;

use grelot::{BuildError, Grelot, NewNotification, NotificationType, NotifyError, UserId};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{SECRET, Workplace};

fn builder(place: &Workplace) -> grelot::Builder {
    Grelot::builder().database(place.database()).jwt_secret(SECRET)
}

async fn inbox(grelot: &Grelot, url: &str, user: &str) -> Value {
    let token = grelot.mint_token(&UserId::parse(user).unwrap(), Duration::from_mins(1)).unwrap();
    let get = reqwest::Client::new().get(format!("{url}/api/notifications")).bearer_auth(token);
    get.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn what_a_host_sends_is_in_the_inbox() {
    let place = Workplace::new();
    let grelot = builder(&place).build().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let serving = {
        let (grelot, shutdown) = (grelot.clone(), shutdown.clone());
        async move { grelot.run(listener, shutdown.cancelled()).await }
    };
    let using = async {
        let notification = NewNotification::to_many(["u_1", "u_2"])
            .kind(NotificationType::Success)
            .title("Invoice ready")
            .body("March is ready.")
            .link("/invoices/42")
            .data(json!({"invoice": 42}));
        let sent = grelot.notify(notification).await.unwrap();
        assert_eq!(sent.iter().map(|sent| sent.user.as_str()).collect::<Vec<_>>(), ["u_1", "u_2"]);
        let inbox = inbox(&grelot, &url, "u_2").await;
        let notification = &inbox["notifications"][0];
        assert_eq!(notification["id"].as_str(), sent[1].id.as_deref());
        assert_eq!(notification["data"], json!({"invoice": 42}));
        assert_eq!(notification["type"], "SUCCESS");
        shutdown.cancel();
    };
    let (served, ()) = tokio::join!(serving, using);
    served.unwrap();
}

#[tokio::test]
async fn a_repetition_is_harmless_and_another_request_refused() {
    let place = Workplace::new();
    let grelot = builder(&place).build().await.unwrap();
    let send = |title: &str| {
        grelot.notify(NewNotification::to("u_1").title(title).idempotency_key("once"))
    };
    let first = send("One").await.unwrap();
    assert_eq!(send("One").await.unwrap(), first);
    assert!(matches!(send("Two").await, Err(NotifyError::IdempotencyMismatch)));
    let unknown = grelot.notify(NewNotification::to("u_1").title("x").category("none")).await;
    assert!(matches!(unknown, Err(NotifyError::UnknownCategory)));
    grelot.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_lets_another_one_in() {
    let place = Workplace::new();
    let first = builder(&place).build().await.unwrap();
    let refused = builder(&place).build().await.unwrap_err();
    assert!(refused.to_string().contains("another grelot serves this database"), "{refused}");
    first.shutdown().await.unwrap();
    assert!(first.notify(NewNotification::to("u_1").title("x")).await.is_err());
    builder(&place).build().await.unwrap().shutdown().await.unwrap();
}

#[tokio::test]
async fn a_bad_description_is_refused_before_anything_is_made() {
    // A file: a bus for it is a mistake as well, and it would be made here.
    let place = Workplace::bare();
    let builders = [
        Grelot::builder(),
        builder(&place).jwt_secret("short"),
        builder(&place).ping(Duration::ZERO),
        builder(&place).streams_per_user(0),
        builder(&place).database("mysql://h/db"),
        builder(&place).bus("nats://127.0.0.1:4222"),
    ];
    for builder in builders {
        let error = builder.build().await.unwrap_err();
        let expected =
            matches!(error, BuildError::NoKeys | BuildError::Setting(_) | BuildError::Database(_));
        assert!(expected, "{error}");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_host_answers_what_is_not_found() {
    let place = Workplace::new();
    let grelot = builder(&place).build().await.unwrap();
    let own = axum::Router::new().fallback(async || "the host's");
    // Merging two routers that both have a fallback would panic.
    let _app = own.merge(grelot.router());
    grelot.shutdown().await.unwrap();
}
