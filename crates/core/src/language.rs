//! Languages, by BCP 47 tag: what is one, those that our own texts are in, and which of several texts is nearest to a reader. Not
//! here: the texts.

use crate::text::Violation;

/// A language that texts of ours are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// The first of the tags `wanted` (most wanted first) whose language is one of ours, whatever the region; else English.
    pub fn of<'t>(wanted: impl IntoIterator<Item = &'t str>) -> Self {
        let known = |tag: &str| {
            let primary = tag.split('-').next()?;
            Self::ALL.into_iter().find(|ours| ours.tag().eq_ignore_ascii_case(primary))
        };
        wanted.into_iter().find_map(known).unwrap_or(Self::English)
    }

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

/// A BCP 47 tag, as it was given.
///
/// # Errors
/// A [`Violation`] when it is none.
pub fn parse_tag(text: &str) -> Result<String, Violation> {
    if is_tag(text) {
        return Ok(text.to_owned());
    }
    Err(Violation::new("must be a language tag such as en or pt-BR"))
}

/// Whether it has 1 to 8 groups of 1 to 8 letters and digits; the first has letters only.
pub(crate) fn is_tag(tag: &str) -> bool {
    let mut groups = tag.split('-');
    let alphabetic = groups.next().is_some_and(|first| {
        (1..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic())
    });
    alphabetic
        && tag.len() <= 71
        && groups.all(|group| {
            (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// Of what there is `by_tag`, what is for a reader of `locale`: of exactly this tag, ignoring case; else of its language alone
/// (`fr` for `fr-CA`); else `en`; else the first; with its tag.
pub fn nearest<'t, T>(
    by_tag: &(impl Iterator<Item = (&'t str, T)> + Clone),
    locale: Option<&str>,
) -> Option<(&'t str, T)> {
    let find = |wanted: &str| by_tag.clone().find(|(tag, _)| tag.eq_ignore_ascii_case(wanted));
    locale
        .and_then(|locale| find(locale).or_else(|| find(locale.split('-').next()?)))
        .or_else(|| find("en"))
        .or_else(|| by_tag.clone().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&[], "en")]
    #[case(&["fr"], "fr")]
    #[case(&["FR-ca"], "fr")]
    #[case(&["fro"], "en")]
    #[case(&["de", "fr", "en"], "fr")]
    #[case(&["en-GB", "fr"], "en")]
    #[case(&["fra"], "en")]
    fn the_first_language_that_is_spoken_is_taken(#[case] wanted: &[&str], #[case] tag: &str) {
        assert_eq!(Language::of(wanted.iter().copied()).tag(), tag);
    }

    #[rstest::rstest]
    #[case("", false)]
    #[case("e n", false)]
    #[case("1e", false)]
    #[case("en_GB", false)]
    #[case("en-", false)]
    #[case("englishes", false)]
    #[case("en", true)]
    #[case("pt-BR", true)]
    #[case("de-1996", true)]
    fn a_tag_has_groups_of_letters_and_digits(#[case] text: &str, #[case] is_one: bool) {
        assert_eq!(parse_tag(text).ok().as_deref(), is_one.then_some(text));
    }

    #[rstest::rstest]
    #[case(&["en", "fr", "fr-CA"], Some("fr-ca"), Some("fr-CA"))]
    #[case(&["en", "fr"], Some("fr-CA"), Some("fr"))]
    #[case(&["de", "fr", "pt-BR", "en"], Some("pt"), Some("en"))]
    #[case(&["fr", "en"], Some("de"), Some("en"))]
    #[case(&["fr", "de"], Some("it"), Some("fr"))]
    #[case(&["fr", "en"], Some(""), Some("en"))]
    #[case(&["fr", "en"], None, Some("en"))]
    #[case(&[], Some("fr"), None)]
    fn a_reader_gets_the_nearest_language(
        #[case] tags: &[&str],
        #[case] locale: Option<&str>,
        #[case] picked: Option<&str>,
    ) {
        let by_tag = tags.iter().map(|tag| (*tag, ()));
        assert_eq!(nearest(&by_tag, locale).map(|(tag, ())| tag), picked);
    }
}
