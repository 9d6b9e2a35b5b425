//! Who gets what on which channel, and by which rule. Pure: the caller brings category and preferences.

use crate::category::Category;
use crate::preference::Preferences;

/// A way to reach a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// The inbox and its streams.
    InApp,
    /// Email.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::InApp, Self::Email];

    /// The name as the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InApp => "inApp",
            Self::Email => "email",
        }
    }
}

/// One yes or no per channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelSet {
    in_app: bool,
    email: bool,
}

impl ChannelSet {
    /// Every channel.
    pub const ALL: Self = Self { in_app: true, email: true };
    /// No channel.
    pub const NONE: Self = Self { in_app: false, email: false };

    /// Whether `channel` is in the set.
    pub const fn has(self, channel: Channel) -> bool {
        match channel {
            Channel::InApp => self.in_app,
            Channel::Email => self.email,
        }
    }

    /// The set with `channel` put in or taken out.
    #[must_use]
    pub const fn with(mut self, channel: Channel, on: bool) -> Self {
        match channel {
            Channel::InApp => self.in_app = on,
            Channel::Email => self.email = on,
        }
        self
    }
}

/// The rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The category makes the channel mandatory.
    Mandatory,
    /// The user's switch of the channel; or there is no category.
    Channel,
    /// The user's choice for the category.
    Choice,
    /// The category's default.
    Default,
}

impl Rule {
    /// The name as the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Channel => "channel",
            Self::Choice => "choice",
            Self::Default => "default",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Mandatory, Self::Channel, Self::Choice, Self::Default];
        all.into_iter().find(|rule| rule.name() == text)
    }
}

/// Whether a channel delivers, and the rule that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the channel delivers.
    pub enabled: bool,
    /// Which rule decided.
    pub rule: Rule,
}

/// Decides one channel by the first rule that applies: mandatory; the switch is off; the user's choice; the
/// category's default when it says no, or yes. Without a category the switch alone decides.
pub fn resolve(
    channel: Channel,
    category: Option<&Category>,
    preferences: &Preferences,
) -> Decision {
    let switch = preferences.switches.has(channel);
    let Some(category) = category else {
        return Decision { enabled: switch, rule: Rule::Channel };
    };
    if category.mandatory.has(channel) {
        return Decision { enabled: true, rule: Rule::Mandatory };
    }
    if !switch {
        return Decision { enabled: false, rule: Rule::Channel };
    }
    let choice = preferences.choices.get(&category.key).and_then(|choice| choice.on(channel));
    match choice {
        Some(enabled) => Decision { enabled, rule: Rule::Choice },
        None => Decision { enabled: category.defaults.has(channel), rule: Rule::Default },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::category::Localized;
    use crate::id::CategoryKey;
    use crate::mail::CategoryMail;
    use crate::preference::Choice;

    #[derive(Clone, Copy)]
    struct Case {
        mandatory: bool,
        switch: bool,
        choice: Option<bool>,
        default: bool,
    }

    fn decide(case: Case, channel: Channel) -> Decision {
        let key = CategoryKey::parse("billing").unwrap();
        let category = Category {
            key: key.clone(),
            label: Localized::default(),
            description: Localized::default(),
            defaults: ChannelSet::NONE.with(channel, case.default),
            mandatory: ChannelSet::NONE.with(channel, case.mandatory),
            mail: CategoryMail::default(),
        };
        let mut preferences = Preferences {
            switches: ChannelSet::ALL.with(channel, case.switch),
            ..Preferences::default()
        };
        let choice = match channel {
            Channel::InApp => Choice { in_app: case.choice, email: None },
            Channel::Email => Choice { in_app: None, email: case.choice },
        };
        preferences.choices.insert(key, choice);
        resolve(channel, Some(&category), &preferences)
    }

    #[test]
    fn the_first_rule_that_applies_decides() {
        for channel in Channel::ALL {
            for bits in 0..24 {
                let case = Case {
                    mandatory: bits & 1 != 0,
                    switch: bits & 2 != 0,
                    default: bits & 4 != 0,
                    choice: [None, Some(false), Some(true)][bits >> 3],
                };
                let expected = match case {
                    Case { mandatory: true, .. } => (true, Rule::Mandatory),
                    Case { switch: false, .. } => (false, Rule::Channel),
                    Case { choice: Some(choice), .. } => (choice, Rule::Choice),
                    Case { default, .. } => (default, Rule::Default),
                };
                let decision = decide(case, channel);
                assert_eq!((decision.enabled, decision.rule), expected, "{channel:?} {bits:#b}");
            }
        }
    }

    #[test]
    fn without_a_category_the_switch_decides() {
        for on in [true, false] {
            let preferences = Preferences {
                switches: ChannelSet::ALL.with(Channel::Email, on),
                ..Preferences::default()
            };
            let decision = resolve(Channel::Email, None, &preferences);
            assert_eq!(decision, Decision { enabled: on, rule: Rule::Channel });
        }
    }
}
