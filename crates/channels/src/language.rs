//! The words of our own mails, in English and French. Not here: dates (`when`), and what hosts write in templates.

pub(crate) use grelot_core::Language;
use grelot_core::NotificationType;
use serde::Serialize;

/// What the words are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    /// The name of the application.
    pub(crate) app: &'a str,
    /// The label of the category, if there is one.
    pub(crate) category: Option<&'a str>,
    /// The name of the user, if it is known.
    pub(crate) name: Option<&'a str>,
    /// Whether it can be switched off.
    pub(crate) optional: bool,
}

/// The words of one mail.
#[derive(Debug, Serialize)]
pub(crate) struct Words {
    pub(crate) lang: &'static str,
    pub(crate) greeting: Option<String>,
    pub(crate) open: &'static str,
    /// What stands between words and a URL.
    pub(crate) colon: &'static str,
    pub(crate) open_app: String,
    pub(crate) why: String,
    pub(crate) unsubscribe: String,
    pub(crate) preferences: &'static str,
}

impl Words {
    /// The words in `language` of a mail about one notification.
    pub(crate) fn new(language: Language, about: About<'_>) -> Self {
        let About { app, category, name, optional } = about;
        match language {
            Language::English => Self {
                lang: language.tag(),
                greeting: name.map(|name| format!("Hello {name},")),
                open: "Open",
                colon: ": ",
                open_app: format!("Open {app}"),
                why: match (optional, category) {
                    (false, _) => format!(
                        "This is a service message about your {app} account. It cannot be switched off."
                    ),
                    (true, Some(label)) => format!(
                        "You receive this because emails about “{label}” are on in your {app} account."
                    ),
                    (true, None) => format!(
                        "You receive this because email notifications are on in your {app} account."
                    ),
                },
                unsubscribe: match category {
                    Some(label) => format!("Unsubscribe from “{label}”"),
                    None => "Unsubscribe from these emails".to_owned(),
                },
                preferences: "Notification preferences",
            },
            Language::French => Self {
                lang: language.tag(),
                greeting: name.map(|name| format!("Bonjour {name},")),
                open: "Ouvrir",
                colon: "\u{a0}: ",
                open_app: format!("Ouvrir {app}"),
                why: match (optional, category) {
                    (false, _) => format!(
                        "Ce message de service concerne votre compte {app}. Il ne peut pas être désactivé."
                    ),
                    (true, Some(label)) => format!(
                        "Vous recevez ce message parce que les e-mails «\u{a0}{label}\u{a0}» sont activés dans votre compte {app}."
                    ),
                    (true, None) => format!(
                        "Vous recevez ce message parce que les notifications par e-mail sont activées dans votre compte {app}."
                    ),
                },
                unsubscribe: match category {
                    Some(label) => format!("Se désabonner de «\u{a0}{label}\u{a0}»"),
                    None => "Se désabonner de ces e-mails".to_owned(),
                },
                preferences: "Préférences de notification",
            },
        }
    }
}

/// What says the type beside its colour; nothing for the neutral one.
pub(crate) const fn kind(language: Language, kind: NotificationType) -> Option<&'static str> {
    match (language, kind) {
        (_, NotificationType::Info) => None,
        (Language::English, NotificationType::Success) => Some("Success"),
        (Language::English, NotificationType::Warning) => Some("Warning"),
        (Language::English, NotificationType::Error) => Some("Error"),
        (Language::French, NotificationType::Success) => Some("Succès"),
        (Language::French, NotificationType::Warning) => Some("Avertissement"),
        (Language::French, NotificationType::Error) => Some("Erreur"),
    }
}

/// The headline of a digest of `count` notifications.
pub(crate) fn digest(language: Language, count: u64) -> String {
    match (language, count) {
        (Language::English, 1) => "1 new notification".to_owned(),
        (Language::English, _) => format!("{count} new notifications"),
        (Language::French, 0 | 1) => format!("{count} nouvelle notification"),
        (Language::French, _) => format!("{count} nouvelles notifications"),
    }
}

/// What stands for the notifications that a digest does not show.
pub(crate) fn more(language: Language, count: u64) -> Option<String> {
    match (language, count) {
        (_, 0) => None,
        (Language::English, _) => Some(format!("and {count} more")),
        (Language::French, 1) => Some("et 1 autre".to_owned()),
        (Language::French, _) => Some(format!("et {count} autres")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(digest(Language::English, 1), "1 new notification");
        assert_eq!(digest(Language::English, 12), "12 new notifications");
        assert_eq!(digest(Language::French, 1), "1 nouvelle notification");
        assert_eq!(digest(Language::French, 2), "2 nouvelles notifications");
        assert_eq!(more(Language::French, 1).as_deref(), Some("et 1 autre"));
        assert_eq!(more(Language::English, 0), None);
    }

    #[test]
    fn what_is_mandatory_does_not_promise_to_be_switched_off() {
        let about =
            |optional| About { app: "Acme", category: Some("Billing"), name: None, optional };
        let words = |language, optional| Words::new(language, about(optional)).why;
        assert!(words(Language::English, false).contains("cannot be switched off"));
        assert!(words(Language::French, true).contains("«\u{a0}Billing\u{a0}»"));
    }
}
