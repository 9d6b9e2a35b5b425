//! What pages say, in English and French. Not here: how it looks.

pub(crate) use grelot_core::Language;

/// What a page is to say. Mails are those of the category with this label, or all of them.
#[derive(Clone, Debug)]
pub(crate) enum Saying {
    /// Shall mails stop?
    Ask(Option<String>),
    /// They are stopped.
    Stopped(Option<String>),
    /// They go on; or would, if not all mails were stopped.
    Resumed(Option<String>, Stillness),
    /// They cannot be stopped, and nothing was changed.
    Mandatory(String),
    /// The link means nothing.
    Unknown,
}

/// Whether something else keeps mails from going out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stillness {
    /// They go out.
    Over,
    /// All mails are stopped.
    GoesOn,
}

/// The words of one page; plain text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) text: String,
    /// What its button does, if it has one.
    pub(super) button: &'static str,
}

impl Saying {
    pub(super) fn words(&self, language: Language) -> Words {
        match language {
            Language::English => self.english(),
            Language::French => self.french(),
        }
    }

    fn english(&self) -> Words {
        const KEEP: &str = "What you see in the application stays as it is.";
        const BUT: &str = "except those that nobody can switch off";
        let (title, text, button) = match self {
            Self::Ask(Some(label)) => (
                "Stop these emails?",
                format!("You will get no more emails about “{label}”. {KEEP}"),
                "Unsubscribe",
            ),
            Self::Ask(None) => (
                "Stop all notification emails?",
                format!("You will get no more notification emails, {BUT}. {KEEP}"),
                "Unsubscribe",
            ),
            Self::Stopped(Some(label)) => (
                "You are unsubscribed",
                format!("You will get no more emails about “{label}”."),
                "Subscribe again",
            ),
            Self::Stopped(None) => (
                "You are unsubscribed",
                format!("You will get no more notification emails, {BUT}."),
                "Subscribe again",
            ),
            Self::Resumed(Some(label), Stillness::Over) => (
                "You are subscribed again",
                format!("You will get emails about “{label}” as before."),
                "",
            ),
            Self::Resumed(Some(label), Stillness::GoesOn) => (
                "Emails are still off",
                format!(
                    "“{label}” is on again, but you have switched off all notification emails. You can change that in the \
                     application."
                ),
                "",
            ),
            Self::Resumed(None, _) => (
                "You are subscribed again",
                "You will get notification emails as before.".to_owned(),
                "",
            ),
            Self::Mandatory(label) => (
                "These emails cannot be stopped",
                format!(
                    "Emails about “{label}” go to everybody concerned, and nobody can switch them off. Nothing was changed."
                ),
                "",
            ),
            Self::Unknown => (
                "This link does not work",
                "It may be incomplete: open it from the email itself. You can also change your preferences in the \
                 application."
                    .to_owned(),
                "",
            ),
        };
        Words { title, text, button }
    }

    fn french(&self) -> Words {
        const KEEP: &str = "Ce que vous voyez dans l’application ne change pas.";
        const BUT: &str = "sauf ceux que personne ne peut désactiver";
        let (title, text, button) = match self {
            Self::Ask(Some(label)) => (
                "Ne plus recevoir ces e-mails\u{202f}?",
                format!("Vous ne recevrez plus d’e-mails «\u{a0}{label}\u{a0}». {KEEP}"),
                "Me désabonner",
            ),
            Self::Ask(None) => (
                "Ne plus recevoir d’e-mails\u{202f}?",
                format!("Vous ne recevrez plus d’e-mails de notification, {BUT}. {KEEP}"),
                "Me désabonner",
            ),
            Self::Stopped(Some(label)) => (
                "Désabonnement enregistré",
                format!("Vous ne recevrez plus d’e-mails «\u{a0}{label}\u{a0}»."),
                "Me réabonner",
            ),
            Self::Stopped(None) => (
                "Désabonnement enregistré",
                format!("Vous ne recevrez plus d’e-mails de notification, {BUT}."),
                "Me réabonner",
            ),
            Self::Resumed(Some(label), Stillness::Over) => (
                "Abonnement rétabli",
                format!("Vous recevrez les e-mails «\u{a0}{label}\u{a0}» comme avant."),
                "",
            ),
            Self::Resumed(Some(label), Stillness::GoesOn) => (
                "Les e-mails restent désactivés",
                format!(
                    "«\u{a0}{label}\u{a0}» est rétabli, mais vous avez désactivé tous les e-mails de notification. Vous pouvez \
                     changer cela dans l’application."
                ),
                "",
            ),
            Self::Resumed(None, _) => (
                "Abonnement rétabli",
                "Vous recevrez les e-mails de notification comme avant.".to_owned(),
                "",
            ),
            Self::Mandatory(label) => (
                "Ces e-mails sont obligatoires",
                format!(
                    "Les e-mails «\u{a0}{label}\u{a0}» sont envoyés à toutes les personnes concernées, et personne ne peut les \
                     désactiver. Rien n’a été changé."
                ),
                "",
            ),
            Self::Unknown => (
                "Ce lien ne fonctionne pas",
                "Il est peut-être incomplet\u{202f}: ouvrez\u{2011}le depuis l’e-mail lui-même. Vous pouvez aussi modifier vos \
                 préférences dans l’application."
                    .to_owned(),
                "",
            ),
        };
        Words { title, text, button }
    }
}
