//! The configurable types of notification: labels, defaults and what cannot be switched off.

use std::collections::BTreeMap;

use crate::id::CategoryKey;
use crate::language::{is_tag, nearest};
use crate::mail::CategoryMail;
use crate::resolve::ChannelSet;
use crate::text::Violation;

/// A text in several languages, by BCP 47 tag (`en`, `fr`, `pt-BR`), in the order in which it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Localized(Vec<(String, String)>);

impl Localized {
    /// The most languages of one text.
    pub const MAX_LANGUAGES: usize = 32;
    /// The most Unicode scalars of one text.
    pub const MAX_CHARS: usize = 200;

    /// Takes texts by language.
    ///
    /// # Errors
    /// A [`Violation`] when there are too many, one is too long or empty, or a tag is no language tag.
    pub fn new(texts: Vec<(String, String)>) -> Result<Self, Violation> {
        if texts.len() > Self::MAX_LANGUAGES {
            return Err(Violation::new("must have at most 32 languages"));
        }
        for (tag, text) in &texts {
            if !is_tag(tag) {
                return Err(Violation::new("must be keyed by language tags such as en or pt-BR"));
            }
            let length = text.chars().count();
            if length == 0 || length > Self::MAX_CHARS || text.contains('\0') {
                return Err(Violation::new(
                    "must have texts of 1 to 200 characters, without U+0000",
                ));
            }
        }
        Ok(Self(texts))
    }

    /// Every text with its tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(tag, text)| (tag.as_str(), text.as_str()))
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text that is [`nearest`] to a reader of `locale`.
    pub fn nearest(&self, locale: Option<&str>) -> Option<&str> {
        nearest(&self.iter(), locale).map(|(_, text)| text)
    }

    /// The text for the first of `preferred` (most wanted first) that is there: the exact tag, ignoring case; else
    /// `en`; else the first text; `None` when there is none.
    pub fn pick(&self, preferred: &[&str]) -> Option<&str> {
        let find = |wanted: &str| {
            self.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(wanted)).map(|(_, text)| text)
        };
        preferred
            .iter()
            .find_map(|tag| find(tag))
            .or_else(|| find("en"))
            .or_else(|| self.iter().next().map(|(_, text)| text))
    }
}

/// A configurable type of notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// What requests name it by.
    pub key: CategoryKey,
    /// What users see; has at least one language.
    pub label: Localized,
    /// A sentence for the preferences page.
    pub description: Localized,
    /// What a user gets who chose nothing.
    pub defaults: ChannelSet,
    /// The channels that no user can switch off.
    pub mandatory: ChannelSet,
    /// When its emails go out, and how they are written.
    pub mail: CategoryMail,
}

/// The categories there are, by key.
pub type Categories = BTreeMap<CategoryKey, Category>;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> Localized {
        Localized::new(pairs.iter().map(|(t, s)| ((*t).to_owned(), (*s).to_owned())).collect())
            .unwrap()
    }

    #[rstest::rstest]
    #[case(&["fr"], "Facturation")]
    #[case(&["FR"], "Facturation")]
    #[case(&["de", "fr"], "Facturation")]
    #[case(&["de"], "Billing")]
    #[case(&["fr-CA"], "Billing")]
    #[case(&[], "Billing")]
    fn a_label_is_the_exact_language_else_english(#[case] wanted: &[&str], #[case] label: &str) {
        let text = texts(&[("fr", "Facturation"), ("en", "Billing")]);
        assert_eq!(text.pick(wanted), Some(label));
    }

    #[test]
    fn a_reader_gets_the_label_of_the_nearest_language() {
        let text = texts(&[("en", "Billing"), ("fr", "Facturation")]);
        assert_eq!(text.nearest(Some("FR-ca")), Some("Facturation"));
        assert_eq!(text.nearest(None), Some("Billing"));
    }

    #[test]
    fn without_english_the_first_language_stands_in() {
        assert_eq!(texts(&[("fr", "Oui"), ("de", "Ja")]).pick(&["it"]), Some("Oui"));
        assert_eq!(Localized::default().pick(&["en"]), None);
    }

    #[test]
    fn a_text_is_keyed_by_a_language_tag() {
        assert!(Localized::new(vec![("e n".to_owned(), "x".to_owned())]).is_err());
    }
}
