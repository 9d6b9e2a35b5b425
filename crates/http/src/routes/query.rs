//! The query of a request: known parameters at most once, each parsed or refused (400); unknown ones are ignored.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::problem::Problem;

/// The parameters, decoded, in order.
#[derive(Clone, Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The parameter, if it is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(there, _)| there == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(bad(name, "must not be there twice")),
            (value, None) => Ok(value.map(|(_, value)| value.as_str())),
        }
    }

    /// The parameter as `parse` reads it; `None` from `parse` is refused with `detail` ("must be ...").
    pub(crate) fn get<T>(
        &self,
        name: &str,
        detail: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => parse(text).map(Some).ok_or_else(|| bad(name, detail)),
        }
    }

    /// A whole number; one that is too large for this program is its largest.
    pub(crate) fn whole_number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.get(name, "must be a whole number", |text| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse().unwrap_or(u64::MAX))
        })
    }
}

/// 400 for the parameter.
pub(crate) fn bad(name: &str, detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::bad_request(format!("The query parameter {name} {}.", detail.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_parameter_is_there_at_most_once() {
        let query = Query::parse("a=1&b=x%20y&c=1&c=1&unknown&unknown");
        assert_eq!(query.text("a").unwrap(), Some("1"));
        assert_eq!(query.text("b").unwrap(), Some("x y"));
        assert_eq!(query.text("d").unwrap(), None);
        assert!(query.text("c").is_err());
    }

    #[rstest::rstest]
    #[case("n=0", 0)]
    #[case("n=25", 25)]
    #[case("n=007", 7)]
    #[case("n=99999999999999999999", u64::MAX)]
    fn a_whole_number_is_read(#[case] text: &str, #[case] expected: u64) {
        assert_eq!(Query::parse(text).whole_number("n").unwrap(), Some(expected));
    }

    #[rstest::rstest]
    #[case("n=")]
    #[case("n=-1")]
    #[case("n=%2B1")]
    #[case("n=1.0")]
    #[case("n=%201")]
    #[case("n=%ff")]
    fn a_whole_number_has_digits_alone(#[case] text: &str) {
        assert!(Query::parse(text).whole_number("n").is_err());
    }

    #[test]
    fn an_absent_number_is_no_error() {
        assert_eq!(Query::parse("").whole_number("n").unwrap(), None);
    }
}
