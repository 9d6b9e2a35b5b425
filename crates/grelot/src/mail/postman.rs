//! Hands mails to the relay for the delivery engine. Not here: when (`worker`), and how (`channels`).

use std::sync::Arc;

use async_trait::async_trait;
use grelot_channels::{Email, Outcome};
use grelot_core::{CategoryKey, DeliveryId, UserId};
use grelot_http::UnsubscribeTokens;
use grelot_store::Mail;
use grelot_worker::{Post, Receipt};
use url::Url;

use super::letter::letter;

pub(crate) struct Postman {
    email: Arc<Email>,
    public_url: Url,
    tokens: UnsubscribeTokens,
}

impl Postman {
    pub(super) fn new(email: Arc<Email>, public_url: Url, tokens: UnsubscribeTokens) -> Self {
        Self { email, public_url, tokens }
    }

    /// Where a reader unsubscribes. The public URL may have a path.
    fn unsubscribe(&self, user: &UserId, category: Option<&CategoryKey>) -> String {
        let token = self.tokens.seal(user, category);
        let base = self.public_url.as_str().trim_end_matches('/');
        format!("{base}/api/notifications/unsubscribe?token={token}")
    }
}

#[async_trait]
impl Post for Postman {
    async fn send(&self, id: DeliveryId, user: &UserId, mail: &Mail) -> Receipt {
        let letter = letter(id, user, mail, |category| self.unsubscribe(user, category));
        match self.email.deliver(&letter, mail.ready_at).await {
            Outcome::Sent { answer } => Receipt::Sent(answer),
            Outcome::Later { answer, .. } => Receipt::Failed(answer),
            Outcome::Never { answer } => Receipt::Refused(answer),
        }
    }
}
