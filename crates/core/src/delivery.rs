//! What happens to an intent to reach somebody outside the inbox: when it is due, whether it is still wanted, when it
//! is tried again. Pure decisions; the rows are each store's, and the work is the worker's.

use std::fmt;
use std::time::Duration;

use crate::calendar::{DigestRhythm, QuietHours, Zone};
use crate::category::Category;
use crate::id::NotificationId;
use crate::mail::{CategoryMail, MailMode};
use crate::preference::Preferences;
use crate::resolve::{Channel, resolve};
use crate::time::Timestamp;

/// The id of a delivery: a cuid, as that of a notification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(NotificationId);

impl DeliveryId {
    /// Takes a fresh cuid.
    pub const fn new(cuid: NotificationId) -> Self {
        Self(cuid)
    }

    /// Parses an id; `None` when `text` cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        NotificationId::parse(text).filter(NotificationId::is_cuid).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a delivery is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It waits for its time.
    Pending,
    /// A worker has it.
    Sending,
    /// It waits in a digest.
    Collected,
    /// It was handed over.
    Sent,
    /// It was no longer wanted.
    Skipped,
    /// It was given up: a dead letter, which somebody has to look at.
    Dead,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Sending, Self::Collected, Self::Sent, Self::Skipped, Self::Dead];

    /// The name as the API and the database write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Collected => "collected",
            Self::Sent => "sent",
            Self::Skipped => "skipped",
            Self::Dead => "dead",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

/// Why a delivery was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The notification was deleted meanwhile.
    Deleted,
    /// The notification was read meanwhile.
    Read,
    /// The user does not want it.
    Muted,
    /// The user has no address.
    NoAddress,
    /// Nothing in the digest is still wanted.
    Empty,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::Deleted, Self::Read, Self::Muted, Self::NoAddress, Self::Empty];

    /// The name as the API and the database write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Read => "read",
            Self::Muted => "muted",
            Self::NoAddress => "no_address",
            Self::Empty => "empty",
        }
    }
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// The other side took it.
    Sent,
    /// It did not work, and may later.
    Failed,
    /// The other side refused it for good.
    Refused,
    /// Its worker went away: nobody knows.
    Lost,
}

impl AttemptOutcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Failed, Self::Refused, Self::Lost];

    /// The name as the API and the database write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Lost => "lost",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == text)
    }
}

/// How long a worker has a delivery to itself, if it does not ask for longer.
pub const LEASE: Duration = Duration::from_secs(30);
/// How many workers a delivery may lose before it is a dead letter.
pub const LOST_MAX: u32 = 3;
/// How long a delivery is kept after its end.
pub const KEPT: Duration = Duration::from_hours(30 * 24);
/// The waits after the first failure, the second, and so on; after the last comes the dead letter.
pub const RETRIES: [Duration; 7] = [
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(12),
];

/// When a delivery that failed `failures` times, the last time at `now`, is tried again; `None` when it is a dead letter.
/// `random`, from 0 to 1, adds up to a tenth, so that what failed together does not come back together.
pub fn retry_at(failures: u32, now: Timestamp, random: f64) -> Option<Timestamp> {
    let index = usize::try_from(failures.checked_sub(1)?).ok()?;
    let wait = RETRIES.get(index)?;
    Some(now.after(wait.mul_f64(1.0 + random.clamp(0.0, 1.0) / 10.0)))
}

/// When an email goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPlan {
    /// On its own, then.
    Alone(Timestamp),
    /// In the user's digest, then at the latest: one that already collects goes out earlier.
    Digest(Timestamp),
}

/// When the email about a notification of `category` that is created `now` goes out. A user's digest takes everything but
/// what is mandatory. `minute` is how long a minute of delay lasts.
pub fn plan_mail(
    category: Option<&Category>,
    preferences: &Preferences,
    zone: &Zone,
    now: Timestamp,
    minute: Duration,
) -> MailPlan {
    let built_in = CategoryMail::default();
    let mail = category.map_or(&built_in, |category| &category.mail);
    let own_digest =
        preferences.digest.rhythm != DigestRhythm::Off && !is_mandatory(Channel::Email, category);
    match mail.mode {
        MailMode::Now | MailMode::Unread if own_digest => {
            MailPlan::Digest(preferences.digest.next(now, zone))
        }
        MailMode::Digest => MailPlan::Digest(preferences.digest.next(now, zone)),
        MailMode::Now => MailPlan::Alone(now),
        MailMode::Unread => MailPlan::Alone(now.after(mail.delay.lasting(minute))),
    }
}

/// Whether no user can switch the channel off for the category.
pub fn is_mandatory(channel: Channel, category: Option<&Category>) -> bool {
    category.is_some_and(|category| category.mandatory.has(channel))
}

/// What is in the inbox of what a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InInbox {
    /// There never was a row: the user has the inbox switched off.
    Never,
    /// It is unread.
    Unread,
    /// It was read.
    Read,
    /// It was deleted.
    Deleted,
}

/// Whether a mail is still wanted at the moment before it goes out; else why not. What the inbox says is asked first: it is
/// about this one notification.
pub fn still_wanted(
    in_inbox: InInbox,
    category: Option<&Category>,
    preferences: &Preferences,
    has_address: bool,
) -> Result<(), SkipReason> {
    match in_inbox {
        InInbox::Deleted => return Err(SkipReason::Deleted),
        InInbox::Read => return Err(SkipReason::Read),
        InInbox::Never | InInbox::Unread => {}
    }
    if !resolve(Channel::Email, category, preferences).enabled {
        return Err(SkipReason::Muted);
    }
    if has_address { Ok(()) } else { Err(SkipReason::NoAddress) }
}

/// Until when a mail has to wait for the end of the user's quiet hours; `None` when it may go out now.
pub fn quiet_until(
    quiet: Option<QuietHours>,
    mandatory: bool,
    zone: &Zone,
    now: Timestamp,
) -> Option<Timestamp> {
    quiet.filter(|_| !mandatory)?.end_of(now, zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{DigestChoice, TimeOfDay};
    use crate::category::Localized;
    use crate::id::CategoryKey;
    use crate::mail::DelayMinutes;
    use crate::preference::Choice;
    use crate::resolve::ChannelSet;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn category(mode: MailMode, mandatory: bool) -> Category {
        Category {
            key: CategoryKey::parse("billing").unwrap(),
            label: Localized::default(),
            description: Localized::default(),
            defaults: ChannelSet::ALL,
            mandatory: ChannelSet::NONE.with(Channel::Email, mandatory),
            mail: CategoryMail {
                mode,
                delay: DelayMinutes::new(7).unwrap(),
                ..CategoryMail::default()
            },
        }
    }

    #[test]
    fn the_schedule_is_the_documented_one() {
        let seconds: Vec<u64> = (1..=7)
            .map(|failures| retry_at(failures, NOW, 0.0).unwrap().since(NOW).as_secs())
            .collect();
        assert_eq!(seconds, [10, 60, 300, 1_800, 7_200, 21_600, 43_200]);
        assert_eq!(retry_at(8, NOW, 0.0), None);
        assert_eq!(retry_at(0, NOW, 0.0), None);
    }

    #[test]
    fn jitter_adds_a_tenth_at_most() {
        assert_eq!(retry_at(1, NOW, 1.0), Some(NOW.after(Duration::from_secs(11))));
        assert_eq!(retry_at(1, NOW, 7.0), Some(NOW.after(Duration::from_secs(11))));
    }

    #[test]
    fn when_a_mail_goes_out_by_mode_digest_and_mandatory() {
        let zone = Zone::named(None);
        let digest = |rhythm| Preferences {
            digest: DigestChoice { rhythm, hour: 9 },
            ..Preferences::default()
        };
        let daily = DigestChoice::default().next(NOW, &zone);
        let hourly = DigestChoice { rhythm: DigestRhythm::Hourly, hour: 9 }.next(NOW, &zone);
        let soon = MailPlan::Alone(NOW.after(Duration::from_mins(7)));
        for (mode, mandatory, rhythm, expected) in [
            (MailMode::Now, false, DigestRhythm::Off, MailPlan::Alone(NOW)),
            (MailMode::Unread, false, DigestRhythm::Off, soon),
            (MailMode::Digest, false, DigestRhythm::Off, MailPlan::Digest(daily)),
            (MailMode::Now, false, DigestRhythm::Hourly, MailPlan::Digest(hourly)),
            (MailMode::Unread, false, DigestRhythm::Daily, MailPlan::Digest(daily)),
            (MailMode::Now, true, DigestRhythm::Daily, MailPlan::Alone(NOW)),
            (MailMode::Unread, true, DigestRhythm::Daily, soon),
            (MailMode::Digest, true, DigestRhythm::Hourly, MailPlan::Digest(hourly)),
        ] {
            let category = category(mode, mandatory);
            let plan = plan_mail(Some(&category), &digest(rhythm), &zone, NOW, MINUTE);
            assert_eq!(plan, expected, "{mode:?} {mandatory} {rhythm:?}");
        }
        let plan = plan_mail(None, &Preferences::default(), &zone, NOW, Duration::from_secs(1));
        assert_eq!(plan, MailPlan::Alone(NOW.after(Duration::from_secs(5))));
    }

    #[test]
    fn the_first_reason_against_a_mail_is_told() {
        let rows = [InInbox::Never, InInbox::Unread, InInbox::Read, InInbox::Deleted];
        for bits in 0..16_usize {
            let (mandatory, switch, choice, address) =
                (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0);
            let category = category(MailMode::Now, mandatory);
            let mut preferences = Preferences {
                switches: ChannelSet::ALL.with(Channel::Email, switch),
                ..Preferences::default()
            };
            let chosen = Choice { in_app: None, email: Some(choice) };
            preferences.choices.insert(category.key.clone(), chosen);
            for row in rows {
                let expected = match row {
                    InInbox::Deleted => Err(SkipReason::Deleted),
                    InInbox::Read => Err(SkipReason::Read),
                    _ if !(mandatory || switch && choice) => Err(SkipReason::Muted),
                    _ if !address => Err(SkipReason::NoAddress),
                    _ => Ok(()),
                };
                let verdict = still_wanted(row, Some(&category), &preferences, address);
                assert_eq!(verdict, expected, "{bits:#b} {row:?}");
            }
        }
    }

    #[test]
    fn what_is_mandatory_passes_quiet_hours() {
        let zone = Zone::named(None);
        // 08:00 UTC.
        let quiet = QuietHours::new(TimeOfDay::hour(7), TimeOfDay::hour(10)).ok();
        let end = NOW.after(Duration::from_hours(2));
        assert_eq!(quiet_until(quiet, false, &zone, NOW), Some(end));
        assert_eq!(quiet_until(quiet, true, &zone, NOW), None);
        assert_eq!(quiet_until(None, false, &zone, NOW), None);
    }
}
