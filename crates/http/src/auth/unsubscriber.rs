//! Whoever holds the link of a mail may stop such mails, and nothing else. Not here: what is in a link (`unsubscribe`).

use std::fmt;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use grelot_core::{CategoryKey, UserId};
use http::request::Parts;

use crate::language::wanted;
use crate::page::{Language, Page, Saying};
use crate::problem::Problem;
use crate::state::AppState;
use crate::unsubscribe::UnsubscribeTokens;

/// A reader of a mail who follows its link. No session, no cookie: the link is the credential, and a mail program that
/// unsubscribes by itself (RFC 8058) has no other. So no other site can misuse a session, and no origin is asked for.
#[derive(Clone)]
pub(crate) struct Unsubscriber {
    /// To whom the mail was.
    pub(crate) user: UserId,
    /// What it was about; all mails when there is none.
    pub(crate) category: Option<CategoryKey>,
    /// The token of the link, as it was sent.
    pub(crate) token: String,
    /// The languages that the reader is known to want, or whose browser says so; most wanted first.
    pub(crate) languages: Vec<String>,
}

impl fmt::Debug for Unsubscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, category, .. } = self;
        f.debug_struct("Unsubscriber")
            .field("user", user)
            .field("category", category)
            .finish_non_exhaustive()
    }
}

/// Why it is none.
#[derive(Clone, Debug)]
pub(crate) enum NotUnsubscriber {
    /// No installation's link, another installation's, or one of somebody who was erased: all look the same.
    Unknown(Language),
    /// Nobody knows.
    Problem(Problem),
}

impl FromRequestParts<AppState> for Unsubscriber {
    type Rejection = NotUnsubscriber;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let accepted = wanted(&parts.headers).into_iter().map(str::to_owned);
        let mut languages: Vec<String> = accepted.collect();
        let unknown = |languages: &[String]| {
            NotUnsubscriber::Unknown(Language::of(languages.iter().map(String::as_str)))
        };
        let token = token(parts.uri.query().unwrap_or_default());
        let opened = token.and_then(|token| {
            let (user, category) = UnsubscribeTokens::new(&state.secret).open(&token)?;
            Some((token, user, category))
        });
        let Some((token, user, category)) = opened else {
            return Err(unknown(&languages));
        };
        let contact = state.store.contact(&user).await;
        // Whoever was sent a mail has a contact, until they are erased: then nothing about them is written again.
        let contact = contact.map_err(|error| NotUnsubscriber::Problem(error.into()))?;
        let Some(contact) = contact else {
            return Err(unknown(&languages));
        };
        if let Some(locale) = contact.locale {
            languages.insert(0, locale);
        }
        Ok(Self { user, category, token, languages })
    }
}

/// The token of the query, if there is exactly one.
fn token(query: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut tokens = pairs.filter(|(name, _)| name == "token").map(|(_, value)| value);
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => Some(token.into_owned()),
        _ => None,
    }
}

impl IntoResponse for NotUnsubscriber {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown(language) => Page::new(language, &Saying::Unknown).into_response(),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}
