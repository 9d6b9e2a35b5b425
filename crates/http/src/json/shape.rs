//! Whether a value is what is asked for: every error of a body is collected, with its pointer. Not here: syntax.

use std::borrow::Cow;
use std::collections::HashSet;

use grelot_core::Violation;

use super::value::{Kind, Value};
use crate::problem::{FieldError, Problem};

/// What is wrong with a body, so far. Bounded: a caller who sends a million wrong members is told of the first hundred.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<FieldError>);

impl Errors {
    const MAX: usize = 100;

    pub(crate) fn push(
        &mut self,
        pointer: impl Into<String>,
        detail: impl Into<Cow<'static, str>>,
    ) {
        if !self.is_full() {
            self.0.push(FieldError::new(pointer, detail));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing more is recorded: what is left of the body need not be looked at.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= Self::MAX
    }

    pub(crate) fn into_problem(self) -> Problem {
        Problem::validation(self.0)
    }

    #[cfg(test)]
    pub(crate) fn pointers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|error| error.pointer.as_str())
    }
}

/// Something a body can be read as. `None` means that at least one error was recorded.
pub(crate) trait FromJson: Sized {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self>;
}

/// A value and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) pointer: String,
    pub(crate) value: Value<'a>,
}

impl<'a> Field<'a> {
    /// The whole document.
    pub(crate) const fn root(value: Value<'a>) -> Self {
        Self { pointer: String::new(), value }
    }

    /// The field, unless it is null: where null and absent mean the same.
    pub(crate) fn non_null(self) -> Option<Self> {
        (self.value.kind() != Kind::Null).then_some(self)
    }

    pub(crate) fn refuse<T>(&self, detail: &'static str, errors: &mut Errors) -> Option<T> {
        errors.push(self.pointer.as_str(), detail);
        None
    }

    pub(crate) fn string(&self, errors: &mut Errors) -> Option<Cow<'a, str>> {
        self.value.string().or_else(|| self.refuse("must be a string", errors))
    }

    /// A string that the domain parses.
    pub(crate) fn parse<T>(
        &self,
        errors: &mut Errors,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        let text = self.string(errors)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(violation) => self.refuse(violation.detail(), errors),
        }
    }

    pub(crate) fn boolean(&self, errors: &mut Errors) -> Option<bool> {
        match self.value.kind() {
            Kind::Bool(value) => Some(value),
            _ => self.refuse("must be true or false", errors),
        }
    }

    /// A whole number, not negative; one that is too large for this program is its largest.
    pub(crate) fn whole_number(&self, errors: &mut Errors) -> Option<u64> {
        let number = match self.value.kind() {
            Kind::Number => whole_number(self.value.text()),
            _ => None,
        };
        number.or_else(|| self.refuse("must be a whole number, not negative", errors))
    }

    /// The items of an array.
    pub(crate) fn items(
        &self,
        errors: &mut Errors,
    ) -> Option<impl Iterator<Item = Self> + use<'a>> {
        let place = self.clone();
        Some(self.values(errors)?.map(move |(index, value)| place.item(index, value)))
    }

    /// The values of an array's items, for those who look at many and name few.
    pub(crate) fn values(
        &self,
        errors: &mut Errors,
    ) -> Option<impl Iterator<Item = (usize, Value<'a>)> + use<'a>> {
        match self.value.kind() {
            Kind::Array => Some(self.value.items().enumerate()),
            _ => self.refuse("must be an array", errors),
        }
    }

    pub(crate) fn item(&self, index: usize, value: Value<'a>) -> Self {
        Self { pointer: format!("{}/{index}", self.pointer), value }
    }

    fn member(&self, name: &str, value: Value<'a>) -> Self {
        let mut pointer = self.pointer.clone();
        push_segment(&mut pointer, name);
        Self { pointer, value }
    }

    fn check_object(&self, errors: &mut Errors) -> Option<()> {
        match self.value.kind() {
            Kind::Object => Some(()),
            _ => self.refuse("must be an object", errors),
        }
    }
}

/// JSON has one kind of number: `1.0` and `1e2` are whole.
fn whole_number(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let number: f64 = text.parse().ok()?;
    let whole = number >= 0.0 && (number.is_infinite() || number.fract() == 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative and whole; the cast saturates, which is what is wanted"
    )]
    whole.then_some(number as u64)
}

/// Appends one reference token (RFC 6901).
pub(super) fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    for part in name.chars() {
        match part {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// An object with members known by name: unknown and duplicate ones are errors.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    field: Field<'a>,
    members: Vec<(&'static str, Value<'a>)>,
}

impl<'a> Object<'a> {
    pub(crate) fn read(
        field: &Field<'a>,
        known: &[&'static str],
        errors: &mut Errors,
    ) -> Option<Self> {
        field.check_object(errors)?;
        let mut members: Vec<(&'static str, Value<'a>)> = Vec::with_capacity(known.len());
        for (name, value) in field.value.members() {
            if errors.is_full() {
                break;
            }
            let Some(&known) = known.iter().find(|known| **known == name) else {
                errors.push(field.member(&name, value).pointer, "is not known here");
                continue;
            };
            if members.iter().any(|(there, _)| *there == known) {
                errors.push(field.member(known, value).pointer, "must not be there twice");
            } else {
                members.push((known, value));
            }
        }
        Some(Self { field: field.clone(), members })
    }

    /// The member, if it is there.
    pub(crate) fn optional(&self, name: &'static str) -> Option<Field<'a>> {
        let (_, value) = self.members.iter().find(|(there, _)| *there == name)?;
        Some(self.field.member(name, *value))
    }

    /// The member; that it is missing is an error.
    pub(crate) fn required(&self, name: &'static str, errors: &mut Errors) -> Option<Field<'a>> {
        self.optional(name).or_else(|| self.missing(name, "must be there", errors))
    }

    pub(crate) fn missing<T>(
        &self,
        name: &'static str,
        detail: &'static str,
        errors: &mut Errors,
    ) -> Option<T> {
        errors.push(self.field.member(name, self.field.value).pointer, detail);
        None
    }
}

/// The members of an object whose names the caller chooses; duplicates are errors.
pub(crate) fn entries<'a>(
    field: &Field<'a>,
    errors: &mut Errors,
) -> Option<Vec<(Cow<'a, str>, Field<'a>)>> {
    field.check_object(errors)?;
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for (name, value) in field.value.members() {
        let member = field.member(&name, value);
        if seen.insert(name.clone()) {
            entries.push((name, member));
        } else {
            errors.push(member.pointer, "must not be there twice");
        }
        if errors.is_full() {
            break;
        }
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_a_body_is_recorded_with_its_pointer() {
        let text = r#"{"a":1,"b":"x","b":"y","c~/d":0,"list":[true,1]}"#;
        let root = Field::root(Value::document(text));
        let mut errors = Errors::default();
        let object = Object::read(&root, &["a", "b", "list", "needed"], &mut errors).unwrap();
        assert!(object.required("needed", &mut errors).is_none());
        assert!(object.optional("a").unwrap().string(&mut errors).is_none());
        for item in object.optional("list").unwrap().items(&mut errors).unwrap() {
            item.boolean(&mut errors);
        }
        let pointers: Vec<_> = errors.pointers().collect();
        assert_eq!(pointers, ["/b", "/c~0~1d", "/needed", "/a", "/list/1"]);
    }

    #[test]
    fn errors_are_bounded() {
        let text = format!("{{{}\"z\":1}}", "\"a\":1,".repeat(1_000));
        let mut errors = Errors::default();
        Object::read(&Field::root(Value::document(&text)), &[], &mut errors).unwrap();
        assert_eq!(errors.pointers().count(), Errors::MAX);
    }

    #[rstest::rstest]
    #[case("0", Some(0))]
    #[case("42", Some(42))]
    #[case("42.0", Some(42))]
    #[case("1e3", Some(1_000))]
    #[case("-0", Some(0))]
    #[case("99999999999999999999999", Some(u64::MAX))]
    #[case("1e400", Some(u64::MAX))]
    #[case("-1", None)]
    #[case("1.5", None)]
    #[case("-1e400", None)]
    fn a_whole_number_is_recognised_however_it_is_written(
        #[case] text: &str,
        #[case] number: Option<u64>,
    ) {
        assert_eq!(whole_number(text), number);
    }
}
