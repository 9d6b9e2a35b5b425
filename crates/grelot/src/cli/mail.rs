//! `grelot mail`: mails that are only looked at. Not here: sending them.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use grelot_core::CategoryKey;
use grelot_http::MailDesk as _;

use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use crate::mail::{Desk, Mail};
use crate::settings::Settings;

/// Prints a sample mail of the category, to somebody who reads `locale`.
pub(crate) async fn preview(
    settings: &Settings,
    key: &CategoryKey,
    locale: &str,
    text: bool,
) -> Result<(), Failure> {
    let database = super::open_beside(settings).await?;
    let categories = database.ports().categories().await;
    database.close().await;
    let categories = categories.context("the categories cannot be read")?;
    let category = categories
        .get(key)
        .ok_or_else(|| anyhow!("there is no category {}; put it first, over HTTP", key.as_str()))?;
    let mail = Mail::set_up(&settings.mail).context("mail cannot be set up")?;
    let desk = Desk::new(mail.room, Arc::new(SystemClock));
    let mail = desk.preview(category, locale, None).map_err(|problems| {
        let told: Vec<String> = problems
            .iter()
            .map(|one| format!("{}.{}: {}", one.locale, one.part.name(), one.detail))
            .collect();
        anyhow!("the templates do not render: {}", told.join("; "))
    })?;
    output::note(format!("subject: {}", output::printable(&mail.subject)));
    output::line(if text { mail.text } else { mail.html })
}
