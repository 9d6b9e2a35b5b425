//! A mail desk that writes the plainest mails: a part is a template's own, with the title for `{title}`; a part with `{{` does
//! not render. The real one needs what this crate must not know.

use grelot_core::{Category, Content, Template, TemplatePart};
use grelot_http::mail::{MailDesk, PreviewMail, TemplateProblem};

pub(crate) struct PlainDesk;

fn problems(locale: &str, template: &Template) -> Vec<TemplateProblem> {
    let parts = [
        (TemplatePart::Subject, Some(&template.subject)),
        (TemplatePart::Html, template.html.as_ref()),
        (TemplatePart::Text, template.text.as_ref()),
    ];
    let broken = parts.into_iter().filter(|(_, source)| source.is_some_and(|s| s.contains("{{")));
    let problem = |part| TemplateProblem {
        locale: locale.to_owned(),
        part,
        detail: "does not render: line 1".to_owned(),
    };
    broken.map(|(part, _)| problem(part)).collect()
}

impl MailDesk for PlainDesk {
    fn check(&self, category: &Category) -> Vec<TemplateProblem> {
        category.mail.templates.iter().flat_map(|(tag, template)| problems(tag, template)).collect()
    }

    fn preview(
        &self,
        category: &Category,
        locale: &str,
        item: Option<&Content>,
    ) -> Result<PreviewMail, Vec<TemplateProblem>> {
        let title = item.map_or("a sample", |content| content.title.as_str());
        let Some((tag, template)) = category.mail.templates.pick(Some(locale)) else {
            let subject = format!("{}: {title}", category.key.as_str());
            return Ok(PreviewMail {
                subject,
                html: "<p>built in</p>".into(),
                text: "built in".into(),
            });
        };
        let problems = problems(tag, template);
        if !problems.is_empty() {
            return Err(problems);
        }
        let fill =
            |source: &Option<String>| source.clone().unwrap_or_default().replace("{title}", title);
        Ok(PreviewMail {
            subject: template.subject.replace("{title}", title),
            html: fill(&template.html),
            text: fill(&template.text),
        })
    }
}
