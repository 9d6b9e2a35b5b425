//! Categories, as a request and as an answer. Not here: what they say about emails (`mail`).

use grelot_core::{Category, CategoryKey, CategoryMail, Channel, ChannelSet, Localized};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::mail::{self, CategoryMailOut, CategoryMailSchema};
use super::preferences::ChannelSetOut;
use crate::json::{Errors, Field, FromJson, Object, entries};

/// A category without its key, which comes from the path.
#[derive(Debug, ToSchema)]
#[schema(as = CategoryUpdate, rename_all = "camelCase", examples(json!({
    "label": {"en": "Billing", "fr": "Facturation"}, "description": {"en": "Invoices and payments"},
    "defaults": {"inApp": true, "email": true}, "mandatory": ["inApp"], "email": {"mode": "now"}
})))]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct CategorySchema {
    /// What users see, by language tag: at least one language, at most 32; texts of 1 to 200 characters.
    #[schema(value_type = BTreeMap<String, String>)]
    label: (),
    /// A sentence for the preferences page, by language tag.
    #[schema(value_type = Option<BTreeMap<String, String>>, nullable = false)]
    description: Option<()>,
    /// What a user gets who chose nothing: every channel, where it does not say otherwise.
    #[schema(value_type = Option<DefaultsSchema>, nullable = false)]
    defaults: Option<()>,
    /// The channels that no user can switch off.
    #[schema(value_type = Option<Vec<ChannelNameOut>>, nullable = false)]
    mandatory: Option<()>,
    /// When emails go out, and how they are written.
    #[schema(value_type = Option<CategoryMailSchema>, nullable = false)]
    email: Option<()>,
}

/// What a user gets who chose nothing.
#[derive(Debug, ToSchema)]
#[schema(as = CategoryDefaults, rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct DefaultsSchema {
    /// The inbox.
    #[schema(default = true, nullable = false)]
    in_app: Option<bool>,
    /// Email.
    #[schema(default = true, nullable = false)]
    email: Option<bool>,
}

/// The same as domain types.
#[derive(Debug)]
pub(crate) struct CategoryIn {
    label: Localized,
    description: Localized,
    defaults: ChannelSet,
    mandatory: ChannelSet,
    mail: CategoryMail,
}

impl CategoryIn {
    pub(crate) fn with_key(self, key: CategoryKey) -> Category {
        let Self { label, description, defaults, mandatory, mail } = self;
        Category { key, label, description, defaults, mandatory, mail }
    }
}

impl FromJson for CategoryIn {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
        let members = ["label", "description", "defaults", "mandatory", "email"];
        let object = Object::read(field, &members, errors)?;
        let label = object.required("label", errors).and_then(|f| {
            let label = localized(&f, errors)?;
            if label.is_empty() {
                f.refuse("must have at least one language", errors)
            } else {
                Some(label)
            }
        });
        let description = match object.optional("description") {
            Some(field) => localized(&field, errors),
            None => Some(Localized::default()),
        };
        let defaults = match object.optional("defaults") {
            Some(field) => defaults(&field, errors),
            None => Some(ChannelSet::ALL),
        };
        let mandatory = match object.optional("mandatory") {
            Some(field) => channels(&field, errors),
            None => Some(ChannelSet::NONE),
        };
        let mail = match object.optional("email") {
            Some(field) => mail::read(&field, errors),
            None => Some(CategoryMail::default()),
        };
        Some(Self {
            label: label?,
            description: description?,
            defaults: defaults?,
            mandatory: mandatory?,
            mail: mail?,
        })
    }
}

fn localized(field: &Field<'_>, errors: &mut Errors) -> Option<Localized> {
    let mut texts = Vec::new();
    let mut complete = true;
    for (tag, member) in entries(field, errors)? {
        match member.string(errors) {
            Some(text) => {
                let one = vec![(tag.clone().into_owned(), text.clone().into_owned())];
                // Each alone first, so that the pointer names the one that is wrong.
                if let Err(violation) = Localized::new(one) {
                    complete = false;
                    errors.push(member.pointer, violation.detail());
                }
                texts.push((tag.into_owned(), text.into_owned()));
            }
            None => complete = false,
        }
    }
    if !complete {
        return None;
    }
    match Localized::new(texts) {
        Ok(localized) => Some(localized),
        Err(violation) => field.refuse(violation.detail(), errors),
    }
}

fn defaults(field: &Field<'_>, errors: &mut Errors) -> Option<ChannelSet> {
    let object = Object::read(field, &Channel::ALL.map(Channel::name), errors)?;
    let mut set = ChannelSet::ALL;
    for channel in Channel::ALL {
        if let Some(field) = object.optional(channel.name()) {
            set = set.with(channel, field.boolean(errors)?);
        }
    }
    Some(set)
}

fn channels(field: &Field<'_>, errors: &mut Errors) -> Option<ChannelSet> {
    let mut set = ChannelSet::NONE;
    for item in field.items(errors)? {
        let name = item.string(errors)?;
        match Channel::ALL.into_iter().find(|channel| channel.name() == name) {
            Some(channel) => set = set.with(channel, true),
            None => return item.refuse("must be inApp or email", errors),
        }
    }
    Some(set)
}

/// A way to reach a user.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Channel)]
pub(crate) enum ChannelNameOut {
    /// The inbox and its streams.
    InApp,
    /// Email.
    Email,
}

/// A configurable type of notification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Category, examples(json!({
    "key": "billing", "label": {"en": "Billing", "fr": "Facturation"}, "description": {"en": "Invoices and payments"},
    "defaults": {"inApp": true, "email": true}, "mandatory": ["inApp"],
    "email": {"mode": "unread", "delayMinutes": 5, "templates": {}}
})))]
pub(crate) struct CategoryOut<'a> {
    /// What requests name it by.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    key: &'a str,
    /// What users see, by language tag.
    #[schema(value_type = BTreeMap<String, String>)]
    label: Texts<'a>,
    /// A sentence for the preferences page, by language tag.
    #[schema(value_type = BTreeMap<String, String>)]
    description: Texts<'a>,
    /// What a user gets who chose nothing.
    defaults: ChannelSetOut,
    /// The channels that no user can switch off.
    mandatory: Vec<ChannelNameOut>,
    /// When emails go out, and how they are written.
    email: CategoryMailOut<'a>,
}

impl<'a> From<&'a Category> for CategoryOut<'a> {
    fn from(category: &'a Category) -> Self {
        let names = Channel::ALL.into_iter().filter(|channel| category.mandatory.has(*channel));
        Self {
            key: category.key.as_str(),
            label: Texts(&category.label),
            description: Texts(&category.description),
            defaults: category.defaults.into(),
            mandatory: names
                .map(|channel| match channel {
                    Channel::InApp => ChannelNameOut::InApp,
                    Channel::Email => ChannelNameOut::Email,
                })
                .collect(),
            email: CategoryMailOut::from(&category.mail),
        }
    }
}

/// Texts by language, in the order in which they were given.
#[derive(Clone, Copy, Debug)]
struct Texts<'a>(&'a Localized);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (tag, text) in self.0.iter() {
            map.serialize_entry(tag, text)?;
        }
        map.end()
    }
}

/// Every category, by key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryList)]
pub(crate) struct CategoriesOut<'a> {
    /// The categories.
    pub(crate) categories: Vec<CategoryOut<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn pointers(body: &str) -> Vec<String> {
        parse::<CategoryIn>(body.as_bytes()).unwrap_err().pointers().map(str::to_owned).collect()
    }

    #[test]
    fn only_the_label_is_required_and_its_order_survives() {
        let body = r#"{"label":{"fr":"Facturation","en":"Billing"}}"#;
        let read = parse::<CategoryIn>(body.as_bytes()).unwrap();
        let category = read.with_key(CategoryKey::parse("billing").unwrap());
        assert_eq!(
            serde_json::to_string(&CategoryOut::from(&category)).unwrap(),
            concat!(
                r#"{"key":"billing","label":{"fr":"Facturation","en":"Billing"},"description":{},"#,
                r#""defaults":{"inApp":true,"email":true},"mandatory":[],"#,
                r#""email":{"mode":"unread","delayMinutes":5,"templates":{}}}"#
            )
        );
    }

    #[test]
    fn a_default_that_is_absent_is_on() {
        let body =
            r#"{"label":{"en":"B"},"defaults":{"email":false},"mandatory":["inApp","inApp"]}"#;
        let read = parse::<CategoryIn>(body.as_bytes()).unwrap();
        assert_eq!(read.defaults, ChannelSet::ALL.with(Channel::Email, false));
        assert_eq!(read.mandatory, ChannelSet::NONE.with(Channel::InApp, true));
    }

    #[rstest::rstest]
    #[case("{}", &["/label"])]
    #[case(r#"{"label":{}}"#, &["/label"])]
    #[case(r#"{"label":"B"}"#, &["/label"])]
    #[case(r#"{"label":{"en":1,"f r":"F","de":""}}"#, &["/label/en", "/label/f r", "/label/de"])]
    #[case(r#"{"label":{"en":"B","en":"C"}}"#, &["/label/en"])]
    #[case(r#"{"key":"b","label":{"en":"B"}}"#, &["/key"])]
    #[case(r#"{"label":{"en":"B"},"defaults":{"sms":true}}"#, &["/defaults/sms"])]
    #[case(r#"{"label":{"en":"B"},"mandatory":["email","sms"]}"#, &["/mandatory/1"])]
    fn what_is_wrong_is_named(#[case] body: &str, #[case] expected: &[&str]) {
        assert_eq!(pointers(body), expected);
    }
}
