//! Makes mails of letters: subject, HTML and text, by the templates of the host or ours. Not here: headers and bytes
//! (`compose`), and the way to the relay (`smtp`).

use grelot_core::{Category, Timestamp};
use minijinja::value::{Serde, Value};
use url::Url;

use crate::address::Mailbox;
use crate::compose::{ComposeError, Mail, compose};
use crate::message::{Item, Letter, Matter};
use crate::template::{
    self, Engine, Frame, MAX_SUBJECT, Part, TemplateError, TemplateProblem, sample,
};
use crate::text::{lines, one_line};

const ONE_HTML: &str = include_str!("template/builtin/one.html");
const ONE_TEXT: &str = include_str!("template/builtin/one.txt");
const DIGEST_HTML: &str = include_str!("template/builtin/digest.html");
const DIGEST_TEXT: &str = include_str!("template/builtin/digest.txt");

/// What all mails of an installation have in common.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Whom mails come from. The `Message-ID` carries its domain.
    pub from: Mailbox,
    /// What relative links lead to; it may have a path.
    pub app_url: Url,
    /// What the application is called in mails; when `None`, the name of `from`, or else the host of `app_url`.
    pub app_name: Option<String>,
    /// The page with the preferences of the user, if the application has one: our own mails link to it.
    pub preferences_url: Option<Url>,
}

/// A letter, made readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part.
    pub text: String,
    /// Why our own template stands in for that of the host, when it does.
    pub fallback: Option<String>,
}

/// Makes mails of letters.
#[derive(Debug)]
pub struct Mailroom {
    settings: MailSettings,
    app_name: String,
    engine: Engine,
}

impl Mailroom {
    /// The mailroom of an installation.
    pub fn new(settings: MailSettings) -> Self {
        let given = settings.app_name.as_deref().map(|name| one_line(name, 100));
        let app_name = given
            .filter(|name| !name.is_empty())
            .or_else(|| settings.from.name.clone())
            .unwrap_or_else(|| settings.app_url.host_str().unwrap_or("Grelot").to_owned());
        Self { settings, app_name, engine: Engine::new() }
    }

    /// What the letter says. A template of the host that fails is replaced by ours: a mail that looks plain is better than none.
    pub fn render(&self, letter: &Letter) -> Rendered {
        match &letter.matter {
            Matter::One { item, category } => {
                let data = item.content.data.as_ref().and_then(|data| {
                    serde_json::from_str::<serde_json::Value>(data.as_json()).ok()
                });
                let data = data.map_or(Value::from(()), |data| Value::from(Serde(data)));
                self.one(letter, item, category.as_deref(), data)
            }
            Matter::Digest { groups, more } => {
                let frame = self.frame(letter);
                let with = template::digest(&frame, groups, *more);
                let subject = with.get_attr("headline").map(|value| value.to_string());
                self.own(subject.unwrap_or_default(), (DIGEST_HTML, DIGEST_TEXT), &with)
            }
        }
    }

    /// The mail as bytes for the relay, dated `date`.
    ///
    /// # Errors
    /// A [`ComposeError`] when the letter cannot become a mail, however often it is tried.
    pub fn compose(&self, letter: &Letter, date: Timestamp) -> Result<Mail, ComposeError> {
        compose(&self.settings.from, letter, self.render(letter), date)
    }

    /// Tries the templates of `category` with a sample, before they are used.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn check(&self, category: &Category) -> Result<(), Vec<TemplateProblem>> {
        let app = (self.app_name.as_str(), &self.settings.app_url);
        template::check(&self.engine, app, category)
    }

    /// What a mail of `category` looks like to a reader of `locale`: a sample, by its templates or by ours.
    pub fn preview(
        &self,
        locale: Option<&str>,
        category: Option<&Category>,
        now: Timestamp,
    ) -> Rendered {
        let data = Value::from_object(template::Anything);
        let letter = sample(locale, category, now);
        if let Some(letter) = &letter
            && let Matter::One { item, .. } = &letter.matter
        {
            return self.one(letter, item, category, data);
        }
        // The sample is a constant that parses: never reached.
        Rendered::default()
    }

    fn frame<'a>(&'a self, letter: &'a Letter) -> Frame<'a> {
        Frame {
            app_name: &self.app_name,
            app_url: &self.settings.app_url,
            preferences: self.settings.preferences_url.as_ref(),
            letter,
        }
    }

    fn one(
        &self,
        letter: &Letter,
        item: &Item,
        category: Option<&Category>,
        data: Value,
    ) -> Rendered {
        let with = template::one(&self.frame(letter), item, category, data);
        let title = one_line(item.content.title.as_str(), MAX_SUBJECT);
        let templates = category.map(|category| &category.mail.templates);
        let picked = templates.and_then(|templates| templates.pick(letter.locale.as_deref()));
        // Without an HTML part it was never accepted (`check`).
        let Some((tag, theirs, html)) =
            picked.and_then(|(tag, theirs)| Some((tag, theirs, theirs.html.as_deref()?)))
        else {
            return self.own(title, (ONE_HTML, ONE_TEXT), &with);
        };
        let fill = |part: Part, source: &str| {
            self.engine.custom(part, source, &with).map_err(|error| failed(tag, part, &error))
        };
        let filled = || -> Result<Rendered, String> {
            let subject = one_line(&fill(Part::Subject, &theirs.subject)?, MAX_SUBJECT);
            Ok(Rendered {
                subject: if subject.is_empty() { title.clone() } else { subject },
                html: fill(Part::Html, html)?,
                text: match &theirs.text {
                    Some(source) => lines(&fill(Part::Text, source)?),
                    None => self.own_text(ONE_TEXT, &with),
                },
                fallback: None,
            })
        };
        filled().unwrap_or_else(|why| Rendered {
            fallback: Some(why),
            ..self.own(title, (ONE_HTML, ONE_TEXT), &with)
        })
    }

    /// By our own template.
    fn own(&self, subject: String, (html, text): (&str, &str), with: &Value) -> Rendered {
        let text = self.own_text(text, with);
        match self.engine.own(Part::Html, html, with) {
            Ok(html) => Rendered { subject, html, text, fallback: None },
            // A defect of ours, which tests exclude. The text says it all, too.
            Err(error) => Rendered {
                subject,
                html: format!("<pre>{}</pre>", minijinja::HtmlEscape(&text)),
                text,
                fallback: Some(failed("built-in", Part::Html, &error)),
            },
        }
    }

    fn own_text(&self, source: &str, with: &Value) -> String {
        let text = self.engine.own(Part::Text, source, with).unwrap_or_else(|error| error.detail);
        lines(&text)
    }
}

/// Why a template was not used, in one line.
fn failed(tag: &str, part: Part, error: &TemplateError) -> String {
    TemplateProblem {
        locale: tag.to_owned(),
        part: Some(part),
        line: error.line,
        detail: one_line(&error.detail, 300),
    }
    .to_string()
}
