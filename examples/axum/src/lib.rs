//! An axum application with a notification centre inside: its own routes beside Grelot's, in one process.
//!
//! Not here: how it signs its users in. Grelot accepts any JWT that is signed with the secret it was given and whose `sub`
//! is the user.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use grelot::{Grelot, NewNotification, NotificationType};

/// The application: its own routes, and those of the notification centre.
pub fn app(grelot: Grelot) -> Router {
    let notifications = grelot.router();
    Router::new()
        .route("/", get(async || "An application with a notification centre inside."))
        .route("/invoices/{id}/pay", post(pay))
        .with_state(grelot)
        .merge(notifications)
}

/// Pays an invoice, and tells its owner. When this answers, the notification is on disk and on its way to every open
/// tab; repeated, it is still one.
async fn pay(State(grelot): State<Grelot>, Path(id): Path<u32>) -> Result<StatusCode, StatusCode> {
    let notification = NewNotification::to("u_1")
        .kind(NotificationType::Success)
        .title(format!("Invoice {id} was paid"))
        .link(format!("/invoices/{id}"))
        .idempotency_key(format!("invoice-{id}-paid"));
    match grelot.notify(notification).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        // Nobody knows whether it was sent: the caller repeats, and the key makes that harmless.
        Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}
