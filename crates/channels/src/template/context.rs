//! What templates are filled in with. Not here: the engine, and what authors may use of it (`docs/mail.md`).

use grelot_core::{Category, NotificationType};
use minijinja::context;
use minijinja::value::{Serde, Value};
use url::Url;

use crate::language::{self, About, Language, Words};
use crate::message::{Group, Item, Letter, Matter};
use crate::text::{lines, one_line};
use crate::{link, when};

/// The most characters of a body that a digest shows.
const EXCERPT: usize = 160;
/// The most characters of a label, a name or a headline in a sentence.
const LABEL: usize = 200;

/// What every mail of an installation has in common, and whom this one is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) app_name: &'a str,
    pub(crate) app_url: &'a Url,
    pub(crate) preferences: Option<&'a Url>,
    pub(crate) letter: &'a Letter,
}

impl Frame<'_> {
    pub(crate) fn language(&self) -> Language {
        Language::of(self.letter.locale.as_deref())
    }

    fn words(&self, category: Option<&str>) -> Words {
        let name = self.letter.name.as_deref().map(|name| one_line(name, LABEL));
        let name = name.filter(|name| !name.is_empty());
        Words::new(
            self.language(),
            About {
                app: self.app_name,
                category,
                name: name.as_deref(),
                optional: self.letter.unsubscribe.is_some(),
            },
        )
    }

    fn frame(&self, words: &Words) -> Value {
        let letter = self.letter;
        context! {
            user => context! {
                id => letter.user.as_str(),
                name => letter.name.as_deref().map(|name| one_line(name, LABEL)),
                email => letter.to.as_str(),
            },
            locale => letter.locale.as_deref().unwrap_or(words.lang),
            app => context! { name => self.app_name, url => self.app_url.as_str() },
            unsubscribeUrl => letter.unsubscribe.as_deref(),
            preferencesUrl => self.preferences.map(Url::as_str),
            words => Value::from(Serde(words)),
        }
    }
}

/// The label of a category in the language of the reader.
pub(crate) fn category_label(category: &Category, locale: Option<&str>) -> String {
    one_line(category.label.nearest(locale).unwrap_or(category.key.as_str()), LABEL)
}

/// What a mail about one notification is filled in with; `data` stands for the notification's.
pub(crate) fn one(
    frame: &Frame<'_>,
    item: &Item,
    category: Option<&Category>,
    data: Value,
) -> Value {
    let label = category.map(|category| category_label(category, frame.letter.locale.as_deref()));
    let words = frame.words(label.as_deref());
    let kind = language::kind(frame.language(), item.content.kind);
    let labels: Vec<&str> = label.as_deref().into_iter().chain(kind).collect();
    let body = item.content.body.as_ref().map(|body| lines(body.as_str()));
    context! {
        notification => notification(frame, item, body.as_deref(), data),
        category => category.map(|category| context! { key => category.key.as_str(), label => label.as_deref() }),
        labels => labels.join(" · "),
        preheader => body.as_deref().map(|body| one_line(body, EXCERPT)),
        ..frame.frame(&words)
    }
}

/// What a digest is filled in with.
pub(crate) fn digest(frame: &Frame<'_>, groups: &[Group], more: u64) -> Value {
    let total: usize = groups.iter().map(|group| group.items.len()).sum();
    let mut left = Matter::MAX_SHOWN;
    let mut shown = Vec::new();
    for group in groups {
        let items: Vec<Value> =
            group.items.iter().take(left).map(|item| excerpt(frame, item)).collect();
        left -= items.len();
        if !items.is_empty() {
            let label = group.label.as_deref().map(|label| one_line(label, LABEL));
            shown.push(context! { label => label, items => items });
        }
    }
    let hidden = u64::try_from(total.saturating_sub(Matter::MAX_SHOWN)).unwrap_or(u64::MAX);
    let more = more.saturating_add(hidden);
    let titles = groups.iter().flat_map(|group| &group.items).take(3);
    let titles: Vec<&str> = titles.map(|item| item.content.title.as_str()).collect();
    let language = frame.language();
    context! {
        headline => headline(frame, groups, more),
        groups => shown,
        more => language::more(language, more),
        preheader => one_line(&titles.join(" · "), EXCERPT),
        ..frame.frame(&frame.words(None))
    }
}

/// The subject of a digest, and its headline; `more` are not shown.
pub(crate) fn headline(frame: &Frame<'_>, groups: &[Group], more: u64) -> String {
    let shown: usize = groups.iter().map(|group| group.items.len()).sum();
    let shown = u64::try_from(shown.min(Matter::MAX_SHOWN)).unwrap_or(u64::MAX);
    language::digest(frame.language(), shown.saturating_add(more))
}

fn excerpt(frame: &Frame<'_>, item: &Item) -> Value {
    let body = item.content.body.as_ref().map(|body| one_line(body.as_str(), EXCERPT));
    let body = body.filter(|body| !body.is_empty());
    notification(frame, item, body.as_deref(), Value::from(()))
}

fn notification(frame: &Frame<'_>, item: &Item, body: Option<&str>, data: Value) -> Value {
    let content = &item.content;
    let zone = frame.letter.timezone.as_deref();
    let (color, dark) = colors(content.kind);
    context! {
        title => one_line(content.title.as_str(), LABEL),
        body => body,
        link => content.link.as_ref().map(|link| link::absolute(link, frame.app_url)),
        type => content.kind.name(),
        label => language::kind(frame.language(), content.kind),
        data => data,
        createdAt => when::rfc3339(item.created_at),
        date => when::written(item.created_at, zone, frame.language()),
        shortDate => when::short(item.created_at, zone, frame.language()),
        color => color,
        dark => dark,
    }
}

/// The colour of a type on a light and on a dark ground: those of the inbox.
const fn colors(kind: NotificationType) -> (&'static str, &'static str) {
    match kind {
        NotificationType::Info => ("#1666aa", "#73b0ee"),
        NotificationType::Success => ("#197037", "#68ca80"),
        NotificationType::Warning => ("#875800", "#e9b452"),
        NotificationType::Error => ("#b71824", "#f97676"),
    }
}
