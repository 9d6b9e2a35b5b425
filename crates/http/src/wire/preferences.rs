//! Preferences, as a request and as an answer. Not here: quiet hours and digests (`schedule`).

use std::collections::BTreeMap;

use grelot_core::{
    Category, CategoryKey, Channel, ChannelSet, Choice, Contact, PreferencesUpdate, Rule, resolve,
};
use grelot_store::PreferencesView;
use serde::Serialize;
use utoipa::ToSchema;

use super::schedule::{self, DigestOut, QuietHoursOut};
use crate::json::{Errors, Field, FromJson, Object, entries};

/// The rule that decided.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Rule)]
pub(crate) enum RuleOut {
    /// The category makes the channel mandatory.
    Mandatory,
    /// The user's switch of the channel.
    Channel,
    /// The user's choice for the category.
    Choice,
    /// The category's default.
    Default,
}

impl From<Rule> for RuleOut {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Mandatory => Self::Mandatory,
            Rule::Channel => Self::Channel,
            Rule::Choice => Self::Choice,
            Rule::Default => Self::Default,
        }
    }
}

/// A choice for one category; an absent channel is left to the category's default.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Choice)]
pub(crate) struct ChoiceOut {
    /// The inbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    in_app: Option<bool>,
    /// Email.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<bool>,
}

impl From<Choice> for ChoiceOut {
    fn from(choice: Choice) -> Self {
        Self { in_app: choice.in_app, email: choice.email }
    }
}

/// A change of preferences: an absent member keeps its value.
#[derive(Debug, ToSchema)]
#[schema(as = PreferencesUpdate, rename_all = "camelCase", examples(json!({
    "email": true, "categories": {"billing": {"email": false}},
    "quietHours": {"start": "22:00", "end": "07:00"}, "emailDigest": "daily", "emailDigestHour": 9
})))]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct PreferencesSchema {
    /// The switch of the inbox.
    #[schema(nullable = false)]
    in_app: Option<bool>,
    /// The switch of email.
    #[schema(nullable = false)]
    email: Option<bool>,
    /// Replaces the choices that GET shows. Keys are categories that exist.
    #[schema(value_type = Option<BTreeMap<String, ChoiceOut>>, nullable = false)]
    categories: Option<()>,
    /// When email waits; null ends it.
    quiet_hours: Option<QuietHoursOut>,
    /// How often emails come together.
    #[schema(nullable = false)]
    email_digest: Option<DigestOut>,
    /// The hour of a daily digest, where the user lives.
    #[schema(minimum = 0, maximum = 23, nullable = false)]
    email_digest_hour: Option<u8>,
}

/// The same, as a domain type.
#[derive(Debug)]
pub(crate) struct PreferencesIn(pub(crate) PreferencesUpdate);

impl FromJson for PreferencesIn {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
        let [quiet, digest, hour] = schedule::MEMBERS;
        let members = ["inApp", "email", "categories", quiet, digest, hour];
        let object = Object::read(field, &members, errors)?;
        let in_app = object.optional("inApp").and_then(|f| f.boolean(errors));
        let email = object.optional("email").and_then(|f| f.boolean(errors));
        let choices = object.optional("categories").and_then(|f| choices(&f, errors));
        let mut update =
            PreferencesUpdate { in_app, email, choices, ..PreferencesUpdate::default() };
        schedule::read(&object, &mut update, errors);
        Some(Self(update))
    }
}

fn choices(field: &Field<'_>, errors: &mut Errors) -> Option<BTreeMap<CategoryKey, Choice>> {
    let mut choices = BTreeMap::new();
    for (name, member) in entries(field, errors)? {
        let Ok(key) = CategoryKey::parse(&name) else {
            errors.push(member.pointer, "must be a category that exists");
            continue;
        };
        let Some(object) = Object::read(&member, &["inApp", "email"], errors) else {
            continue;
        };
        let in_app = object.optional("inApp").and_then(|f| f.boolean(errors));
        let email = object.optional("email").and_then(|f| f.boolean(errors));
        choices.insert(key, Choice { in_app, email });
    }
    Some(choices)
}

/// A user's preferences.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Preferences, examples(json!({
    "inApp": true, "email": true, "categories": {"billing": {"email": false}},
    "effective": [{"category": "billing", "label": "Billing", "channels": {
        "inApp": {"enabled": true, "locked": false, "source": "default"},
        "email": {"enabled": false, "locked": false, "source": "choice"}}}],
    "quietHours": {"start": "22:00", "end": "07:00"}, "emailDigest": "off", "emailDigestHour": 9,
    "timezone": "Europe/Paris"
})))]
pub(crate) struct PreferencesOut<'a> {
    /// The switch of the inbox.
    in_app: bool,
    /// The switch of email.
    email: bool,
    /// The choices, by category; those of categories that no longer exist are kept and not shown.
    categories: BTreeMap<&'a str, ChoiceOut>,
    /// What follows from all this for each category.
    effective: Vec<EffectiveOut<'a>>,
    /// When email waits; null when it never does.
    #[schema(required = true)]
    quiet_hours: Option<QuietHoursOut>,
    /// How often emails come together.
    email_digest: DigestOut,
    /// The hour of a daily digest, where the user lives.
    #[schema(minimum = 0, maximum = 23)]
    email_digest_hour: u8,
    /// Where the user lives, by whose clocks these hours are: the contact's, else UTC.
    timezone: &'a str,
}

/// What a user gets of one category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EffectivePreference)]
pub(crate) struct EffectiveOut<'a> {
    /// The category.
    category: &'a str,
    /// Its label, in the language of `Accept-Language` if there is one.
    label: &'a str,
    /// Each channel.
    channels: ChannelsOut,
}

/// What a user gets on each channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EffectiveChannels)]
pub(crate) struct ChannelsOut {
    /// The inbox.
    in_app: ChannelOut,
    /// Email.
    email: ChannelOut,
}

/// What a user gets on one channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EffectiveChannel)]
pub(crate) struct ChannelOut {
    /// Whether it delivers.
    enabled: bool,
    /// Whether the user cannot switch it off.
    locked: bool,
    /// The rule that decided.
    source: RuleOut,
}

impl<'a> PreferencesOut<'a> {
    /// `languages` are the wanted ones, most wanted first.
    pub(crate) fn new(
        view: &'a PreferencesView,
        contact: Option<&'a Contact>,
        languages: &[&str],
    ) -> Self {
        let PreferencesView { preferences, categories, .. } = view;
        let channel = |channel, category: &Category| {
            let decision = resolve(channel, Some(category), preferences);
            ChannelOut {
                enabled: decision.enabled,
                locked: category.mandatory.has(channel),
                source: decision.rule.into(),
            }
        };
        let effective = categories.values().map(|category| EffectiveOut {
            category: category.key.as_str(),
            label: category.label.pick(languages).unwrap_or(category.key.as_str()),
            channels: ChannelsOut {
                in_app: channel(Channel::InApp, category),
                email: channel(Channel::Email, category),
            },
        });
        let choices = preferences.visible(categories);
        Self {
            in_app: preferences.switches.has(Channel::InApp),
            email: preferences.switches.has(Channel::Email),
            categories: choices.map(|(key, choice)| (key.as_str(), choice.into())).collect(),
            effective: effective.collect(),
            quiet_hours: preferences.quiet.map(QuietHoursOut::from),
            email_digest: preferences.digest.rhythm.into(),
            email_digest_hour: preferences.digest.hour,
            timezone: contact.and_then(|contact| contact.timezone.as_deref()).unwrap_or("UTC"),
        }
    }
}

/// One yes or no per channel.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Channels)]
pub(crate) struct ChannelSetOut {
    /// The inbox.
    #[schema(default = true)]
    in_app: bool,
    /// Email.
    #[schema(default = true)]
    email: bool,
}

impl From<ChannelSet> for ChannelSetOut {
    fn from(set: ChannelSet) -> Self {
        Self { in_app: set.has(Channel::InApp), email: set.has(Channel::Email) }
    }
}
