//! Checks templates and shows what mails look like, for the API. Not here: rendering (`channels`).

use std::sync::Arc;

use grelot_channels::{Item, Letter, Mailroom, Matter, Rendered};
use grelot_core::{Category, Clock, Content, TemplatePart, UserId};
use grelot_http::mail::{MailDesk, PreviewMail, TemplateProblem};

pub(crate) struct Desk {
    room: Arc<Mailroom>,
    clock: Arc<dyn Clock>,
}

impl Desk {
    pub(crate) fn new(room: Arc<Mailroom>, clock: Arc<dyn Clock>) -> Self {
        Self { room, clock }
    }

    /// The mail about `content`, to a reader of whom only the language is known.
    fn render(&self, category: &Category, locale: &str, content: &Content) -> Option<Rendered> {
        let item = Item { content: Arc::new(content.clone()), created_at: self.clock.now() };
        let letter = Letter {
            id: "cpreview".to_owned(),
            user: UserId::parse("u_1").ok()?,
            to: "reader@example.com".to_owned(),
            name: None,
            locale: Some(locale.to_owned()),
            timezone: None,
            matter: Matter::One { item, category: Some(Arc::new(category.clone())) },
            unsubscribe: Some("https://example.com/unsubscribe".to_owned()),
        };
        Some(self.room.render(&letter))
    }
}

impl MailDesk for Desk {
    fn check(&self, category: &Category) -> Vec<TemplateProblem> {
        let found = self.room.check(category).err().unwrap_or_default();
        let told = found.into_iter().map(|problem| TemplateProblem {
            locale: problem.locale,
            part: problem.part.unwrap_or(TemplatePart::Html),
            detail: match problem.line {
                None => problem.detail,
                Some(line) => format!("{} (line {line})", problem.detail),
            },
        });
        told.collect()
    }

    fn preview(
        &self,
        category: &Category,
        locale: &str,
        item: Option<&Content>,
    ) -> Result<PreviewMail, Vec<TemplateProblem>> {
        let problems = self.check(category);
        if !problems.is_empty() {
            return Err(problems);
        }
        let rendered = item.and_then(|content| self.render(category, locale, content));
        let rendered = rendered
            .unwrap_or_else(|| self.room.preview(Some(locale), Some(category), self.clock.now()));
        let Rendered { subject, html, text, fallback } = rendered;
        match fallback {
            None => Ok(PreviewMail { subject, html, text }),
            Some(detail) => Err(vec![TemplateProblem {
                locale: locale.to_owned(),
                part: TemplatePart::Html,
                detail,
            }]),
        }
    }
}
