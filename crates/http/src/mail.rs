//! What the API asks about mails that are not sent: whether templates render, and what one would look like. Not here:
//! rendering, which the composition root brings, and which needs no mail server.

use std::sync::Arc;

use grelot_core::{Category, Content, TemplatePart};

use crate::json::Errors;
use crate::problem::Problem;

/// Why a template does not render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The language of the template.
    pub locale: String,
    /// The part.
    pub part: TemplatePart,
    /// What is wrong, for who wrote it.
    pub detail: String,
}

/// A mail that nobody is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewMail {
    /// The subject line.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part.
    pub text: String,
}

/// Whoever can write a mail. Its methods compute, for up to a second: handlers call them away from the runtime's threads.
pub trait MailDesk: Send + Sync + 'static {
    /// Everything that is wrong with the category's templates; nothing when they all render.
    fn check(&self, category: &Category) -> Vec<TemplateProblem>;

    /// The mail about `item`, or about a sample, to somebody who reads `locale`.
    ///
    /// # Errors
    /// What is wrong with the template of that language.
    fn preview(
        &self,
        category: &Category,
        locale: &str,
        item: Option<&Content>,
    ) -> Result<PreviewMail, Vec<TemplateProblem>>;
}

/// Asks the desk, on a thread that may take its time.
pub(crate) async fn ask<T: Send + 'static>(
    desk: &Arc<dyn MailDesk>,
    question: impl FnOnce(&dyn MailDesk) -> T + Send + 'static,
) -> Result<T, Problem> {
    let desk = Arc::clone(desk);
    let answer = tokio::task::spawn_blocking(move || question(&*desk)).await;
    answer.map_err(|error| Problem::internal().caused_by(error))
}

/// 422: every part that does not render. A language tag has no character that a pointer would have to escape.
pub(crate) fn refused(problems: Vec<TemplateProblem>) -> Problem {
    let mut errors = Errors::default();
    for TemplateProblem { locale, part, detail } in problems {
        errors.push(format!("/email/templates/{locale}/{}", part.name()), detail);
    }
    errors.into_problem()
}
