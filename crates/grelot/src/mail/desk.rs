//! Checks templates and shows what mails look like, for the API. Not here: rendering (`channels`).

use std::sync::Arc;

use grelot_channels::{Item, Letter, Mailroom, Matter, Rendered};
use grelot_core::{Category, Clock, Content, TemplatePart, UserId};
use grelot_http::mail::{MailDesk, PreviewMail, TemplateProblem};

use super::letter::templates;

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
            matter: Matter::One {
                item,
                category: Some(Arc::new(category.clone())),
                template: templates(&category.mail.templates).map(Arc::new),
            },
            unsubscribe: Some("https://example.com/unsubscribe".to_owned()),
        };
        Some(self.room.render(&letter))
    }
}

impl MailDesk for Desk {
    fn check(&self, category: &Category) -> Vec<TemplateProblem> {
        let bare = category.mail.templates.iter().filter(|(_, template)| template.html.is_none());
        let mut problems: Vec<TemplateProblem> = bare
            .map(|(locale, _)| TemplateProblem {
                locale: locale.to_owned(),
                part: TemplatePart::Html,
                detail: "must be given: the built-in one does not fit another's subject".to_owned(),
            })
            .collect();
        if let Some(templates) = templates(&category.mail.templates)
            && let Err(found) = self.room.check(&templates, category)
        {
            problems.extend(found.into_iter().map(|problem| TemplateProblem {
                locale: problem.locale,
                part: problem.part.unwrap_or(TemplatePart::Html),
                detail: match problem.line {
                    None => problem.detail,
                    Some(line) => format!("{} (line {line})", problem.detail),
                },
            }));
        }
        problems
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
        let own = templates(&category.mail.templates);
        let rendered = item.and_then(|content| self.render(category, locale, content));
        let rendered = rendered.unwrap_or_else(|| {
            self.room.preview(Some(locale), Some(category), own.as_ref(), self.clock.now())
        });
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
