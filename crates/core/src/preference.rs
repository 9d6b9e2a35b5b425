//! What a user chose: overlays that are never destroyed. Not here: what follows from them (`resolve`).

use std::collections::BTreeMap;

use crate::calendar::{DigestChoice, DigestRhythm, QuietHours};
use crate::category::Categories;
use crate::id::CategoryKey;
use crate::resolve::{Channel, ChannelSet};

/// A user's choice for one category; `None` leaves the channel to the category's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The choice for the inbox.
    pub in_app: Option<bool>,
    /// The choice for email.
    pub email: Option<bool>,
}

impl Choice {
    /// The choice for `channel`.
    pub const fn on(self, channel: Channel) -> Option<bool> {
        match channel {
            Channel::InApp => self.in_app,
            Channel::Email => self.email,
        }
    }

    /// The choice with `channel` chosen.
    #[must_use]
    pub const fn with(mut self, channel: Channel, on: bool) -> Self {
        match channel {
            Channel::InApp => self.in_app = Some(on),
            Channel::Email => self.email = Some(on),
        }
        self
    }

    /// Whether nothing was chosen.
    pub const fn is_empty(self) -> bool {
        self.in_app.is_none() && self.email.is_none()
    }
}

/// What a user chose: a switch per channel, and choices per category.
///
/// Switching a channel off does not touch the choices, and choices outlive their category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// The switch of each channel; both are on until the user says otherwise.
    pub switches: ChannelSet,
    /// The choices, by category.
    pub choices: BTreeMap<CategoryKey, Choice>,
    /// When email waits.
    pub quiet: Option<QuietHours>,
    /// Whether emails come together, and when.
    pub digest: DigestChoice,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            switches: ChannelSet::ALL,
            choices: BTreeMap::new(),
            quiet: None,
            digest: DigestChoice::default(),
        }
    }
}

/// A change of preferences: what is absent keeps its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesUpdate {
    /// The switch of the inbox.
    pub in_app: Option<bool>,
    /// The switch of email.
    pub email: Option<bool>,
    /// Replaces the choices of all categories that exist.
    pub choices: Option<BTreeMap<CategoryKey, Choice>>,
    /// One choice beside the others: what a link in a mail changes. It is applied after `choices`, and is about any
    /// category, whether it exists or not.
    pub choice: Option<(CategoryKey, Channel, bool)>,
    /// The quiet hours; `Some(None)` ends them.
    pub quiet: Option<Option<QuietHours>>,
    /// How often emails come together.
    pub digest: Option<DigestRhythm>,
    /// The hour of a daily digest, 0 to 23.
    pub digest_hour: Option<u8>,
}

/// Why an update was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreferencesRefusal {
    /// The category does not exist.
    UnknownCategory(CategoryKey),
    /// The category makes the channel mandatory, and the update switches it off.
    Locked(CategoryKey, Channel),
}

impl Preferences {
    /// The choices that a user is shown: those of categories that exist.
    pub fn visible<'a>(
        &'a self,
        categories: &'a Categories,
    ) -> impl Iterator<Item = (&'a CategoryKey, Choice)> {
        self.choices
            .iter()
            .filter(|(key, choice)| categories.contains_key(*key) && !choice.is_empty())
            .map(|(key, choice)| (key, *choice))
    }

    /// These preferences after `update`. Choices of categories that no longer exist are kept.
    ///
    /// # Errors
    /// Every refusal, when a category is unknown or a locked channel is switched off; nothing is applied then.
    pub fn updated(
        &self,
        update: &PreferencesUpdate,
        categories: &Categories,
    ) -> Result<Self, Vec<PreferencesRefusal>> {
        let mut next = self.clone();
        if let Some(on) = update.in_app {
            next.switches = next.switches.with(Channel::InApp, on);
        }
        if let Some(on) = update.email {
            next.switches = next.switches.with(Channel::Email, on);
        }
        next.quiet = update.quiet.unwrap_or(next.quiet);
        next.digest.rhythm = update.digest.unwrap_or(next.digest.rhythm);
        next.digest.hour = update.digest_hour.unwrap_or(next.digest.hour);
        if let Some(choices) = &update.choices {
            let refusals = refusals(choices, categories);
            if !refusals.is_empty() {
                return Err(refusals);
            }
            next.choices.retain(|key, _| !categories.contains_key(key));
            let chosen = choices.iter().filter(|(_, choice)| !choice.is_empty());
            next.choices.extend(chosen.map(|(key, choice)| (key.clone(), *choice)));
        }
        if let Some((key, channel, on)) = &update.choice {
            let locked =
                categories.get(key).is_some_and(|category| category.mandatory.has(*channel));
            if locked && !on {
                return Err(vec![PreferencesRefusal::Locked(key.clone(), *channel)]);
            }
            let choice = next.choices.entry(key.clone()).or_default();
            *choice = choice.with(*channel, *on);
        }
        Ok(next)
    }
}

fn refusals(
    choices: &BTreeMap<CategoryKey, Choice>,
    categories: &Categories,
) -> Vec<PreferencesRefusal> {
    let mut refusals = Vec::new();
    for (key, choice) in choices {
        let Some(category) = categories.get(key) else {
            refusals.push(PreferencesRefusal::UnknownCategory(key.clone()));
            continue;
        };
        for channel in Channel::ALL {
            if category.mandatory.has(channel) && choice.on(channel) == Some(false) {
                refusals.push(PreferencesRefusal::Locked(key.clone(), channel));
            }
        }
    }
    refusals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::TimeOfDay;
    use crate::category::{Category, Localized};
    use crate::mail::CategoryMail;

    fn key(text: &str) -> CategoryKey {
        CategoryKey::parse(text).unwrap()
    }

    fn categories(keys: &[&str], mandatory: ChannelSet) -> Categories {
        keys.iter()
            .map(|k| {
                let label = Localized::new(vec![("en".to_owned(), (*k).to_owned())]).unwrap();
                let category = Category {
                    key: key(k),
                    label,
                    description: Localized::default(),
                    defaults: ChannelSet::ALL,
                    mandatory,
                    mail: CategoryMail::default(),
                };
                (key(k), category)
            })
            .collect()
    }

    fn choose(pairs: &[(&str, Option<bool>, Option<bool>)]) -> BTreeMap<CategoryKey, Choice> {
        pairs
            .iter()
            .map(|(k, in_app, email)| (key(k), Choice { in_app: *in_app, email: *email }))
            .collect()
    }

    #[test]
    fn an_absent_member_keeps_its_value() {
        let known = categories(&["billing"], ChannelSet::NONE);
        let first = PreferencesUpdate {
            email: Some(false),
            choices: Some(choose(&[("billing", Some(false), None)])),
            ..PreferencesUpdate::default()
        };
        let chosen = Preferences::default().updated(&first, &known).unwrap();
        let again = chosen.updated(
            &PreferencesUpdate { in_app: Some(true), ..PreferencesUpdate::default() },
            &known,
        );
        assert_eq!(again.unwrap(), chosen);
    }

    #[test]
    fn switching_a_channel_off_and_on_keeps_the_choices() {
        let known = categories(&["billing"], ChannelSet::NONE);
        let chosen = Preferences {
            choices: choose(&[("billing", None, Some(false))]),
            ..Preferences::default()
        };
        let switch = |on| PreferencesUpdate { email: Some(on), ..PreferencesUpdate::default() };
        let back = chosen.updated(&switch(false), &known).unwrap().updated(&switch(true), &known);
        assert_eq!(back.unwrap(), chosen);
    }

    #[test]
    fn choices_of_a_deleted_category_are_hidden_and_kept() {
        let chosen = Preferences {
            choices: choose(&[("gone", Some(false), None), ("billing", None, Some(false))]),
            ..Preferences::default()
        };
        let known = categories(&["billing"], ChannelSet::NONE);
        assert_eq!(
            chosen.visible(&known).map(|(k, _)| k.as_str()).collect::<Vec<_>>(),
            ["billing"]
        );
        let cleared =
            PreferencesUpdate { choices: Some(BTreeMap::new()), ..PreferencesUpdate::default() };
        let next = chosen.updated(&cleared, &known).unwrap();
        assert_eq!(next.choices, choose(&[("gone", Some(false), None)]));
    }

    #[test]
    fn unknown_categories_and_locked_channels_are_all_named() {
        let known = categories(&["security"], ChannelSet::NONE.with(Channel::InApp, true));
        let update = PreferencesUpdate {
            choices: Some(choose(&[("nope", None, None), ("security", Some(false), Some(false))])),
            ..PreferencesUpdate::default()
        };
        assert_eq!(
            Preferences::default().updated(&update, &known),
            Err(vec![
                PreferencesRefusal::UnknownCategory(key("nope")),
                PreferencesRefusal::Locked(key("security"), Channel::InApp),
            ])
        );
    }

    #[test]
    fn one_choice_leaves_the_others_and_respects_locks() {
        let known = categories(&["billing"], ChannelSet::NONE);
        let chosen = Preferences {
            choices: choose(&[("billing", Some(false), None), ("gone", None, Some(true))]),
            ..Preferences::default()
        };
        let one = |text: &str, on| PreferencesUpdate {
            choice: Some((key(text), Channel::Email, on)),
            ..PreferencesUpdate::default()
        };
        let next = chosen.updated(&one("billing", false), &known).unwrap();
        let expected = choose(&[("billing", Some(false), Some(false)), ("gone", None, Some(true))]);
        assert_eq!(next.choices, expected);
        let locked = categories(&["billing"], ChannelSet::ALL);
        assert!(chosen.updated(&one("billing", false), &locked).is_err());
        assert!(chosen.updated(&one("billing", true), &locked).is_ok());
        assert!(chosen.updated(&one("unheard-of", false), &known).is_ok());
    }

    #[test]
    fn quiet_hours_and_digests_change_one_by_one() {
        let quiet = QuietHours::new(TimeOfDay::hour(22), TimeOfDay::hour(7)).unwrap();
        let set = |update: PreferencesUpdate, from: &Preferences| {
            from.updated(&update, &Categories::new()).unwrap()
        };
        let begun = set(
            PreferencesUpdate { quiet: Some(Some(quiet)), ..Default::default() },
            &Preferences::default(),
        );
        let daily = PreferencesUpdate { digest: Some(DigestRhythm::Daily), ..Default::default() };
        let both = set(daily, &begun);
        let early = set(PreferencesUpdate { digest_hour: Some(6), ..Default::default() }, &both);
        assert_eq!(early.quiet, Some(quiet));
        assert_eq!(early.digest, DigestChoice { rhythm: DigestRhythm::Daily, hour: 6 });
        let ended = set(PreferencesUpdate { quiet: Some(None), ..Default::default() }, &early);
        assert_eq!((ended.quiet, ended.digest), (None, early.digest));
    }
}
