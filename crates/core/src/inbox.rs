//! The counter and the sequence of an inbox, as transitions. Not here: rows, which each store keeps.

/// A position in the history of one inbox: grows by one with every change, in commit order. Zero is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

impl Seq {
    /// Before the first change.
    pub const ZERO: Self = Self(0);

    /// A position from its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next position.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// How many changes lie after `earlier` up to here; zero when `earlier` is later.
    pub const fn distance_from(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The version of an inbox. An unknown user has the default one.
///
/// Invariant: `unread` equals the number of unread notifications at `seq`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inbox {
    /// The last change.
    pub seq: Seq,
    /// How many notifications are unread.
    pub unread: u64,
    /// The last change that can no longer be replayed; cursors below it get a reset.
    pub pruned: Seq,
}

/// What a stream or a poll can be given after its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Every change after the cursor is there.
    Replay,
    /// The cursor is in the future, pruned, or too far back: the reader has to refetch.
    Reset,
}

impl Inbox {
    /// How many changes a stream replays at most; a cursor further back gets a reset.
    pub const REPLAY_LIMIT: u64 = 1_000;
    /// How far back the changes (but creations) of an inbox are kept: more than a stream replays, for polls, which have no
    /// such limit.
    pub const CHANGES_KEPT: u64 = 5_000;

    /// After one more notification, unread.
    #[must_use]
    pub const fn created(self) -> Self {
        self.moved(self.unread + 1)
    }

    /// After an unread notification was read.
    #[must_use]
    pub const fn read(self) -> Self {
        self.moved(self.unread.saturating_sub(1))
    }

    /// After a read notification was made unread.
    #[must_use]
    pub const fn unread(self) -> Self {
        self.moved(self.unread + 1)
    }

    /// After a notification was deleted that was unread or not.
    #[must_use]
    pub const fn deleted(self, was_unread: bool) -> Self {
        self.moved(self.unread.saturating_sub(was_unread as u64))
    }

    /// After `count` unread notifications were read at once.
    #[must_use]
    pub const fn all_read(self, count: u64) -> Self {
        self.moved(self.unread.saturating_sub(count))
    }

    /// After the preferences changed.
    #[must_use]
    pub const fn preferences_updated(self) -> Self {
        self.moved(self.unread)
    }

    /// After everything was erased: one more change, and nothing before it can be replayed.
    #[must_use]
    pub const fn erased(self) -> Self {
        let seq = self.seq.next();
        Self { seq, unread: 0, pruned: seq }
    }

    /// After a part of it was erased, with `unread` notifications that were unread; the rest follows.
    #[must_use]
    pub const fn erased_in_part(self, unread: u64) -> Self {
        let seq = self.seq.next();
        Self { seq, unread: self.unread.saturating_sub(unread), pruned: seq }
    }

    /// What a stream whose cursor is `since` is given.
    pub const fn resume(&self, since: Seq) -> Resume {
        if self.seq.distance_from(since) > Self::REPLAY_LIMIT {
            return Resume::Reset;
        }
        self.resume_unlimited(since)
    }

    /// What a poll whose cursor is `since` is given: as [`resume`](Self::resume), without the limit of changes.
    pub const fn resume_unlimited(&self, since: Seq) -> Resume {
        if since.0 > self.seq.0 || since.0 < self.pruned.0 {
            return Resume::Reset;
        }
        Resume::Replay
    }

    const fn moved(self, unread: u64) -> Self {
        Self { seq: self.seq.next(), unread, pruned: self.pruned }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Inbox = Inbox { seq: Seq::new(2_000), unread: 3, pruned: Seq::new(500) };

    #[rstest::rstest]
    #[case(2_000, Resume::Replay)]
    #[case(1_000, Resume::Replay)]
    #[case(999, Resume::Reset)]
    #[case(2_001, Resume::Reset)]
    #[case(u64::MAX, Resume::Reset)]
    fn a_stream_replays_at_most_a_thousand_changes(#[case] since: u64, #[case] resume: Resume) {
        assert_eq!(AT.resume(Seq::new(since)), resume);
    }

    #[rstest::rstest]
    #[case(500, Resume::Replay)]
    #[case(499, Resume::Reset)]
    #[case(2_001, Resume::Reset)]
    fn a_poll_replays_whatever_is_not_pruned(#[case] since: u64, #[case] resume: Resume) {
        assert_eq!(AT.resume_unlimited(Seq::new(since)), resume);
    }

    #[test]
    fn the_beginning_is_a_cursor_while_nothing_is_pruned() {
        assert_eq!(Inbox::default().resume(Seq::ZERO), Resume::Replay);
        assert_eq!(Inbox::default().created().resume(Seq::ZERO), Resume::Replay);
        assert_eq!(Inbox::default().erased().resume(Seq::ZERO), Resume::Reset);
    }

    #[test]
    fn an_inbox_after_an_erase_goes_on_above_it() {
        let erased = AT.erased();
        assert_eq!(erased, Inbox { seq: Seq::new(2_001), unread: 0, pruned: Seq::new(2_001) });
        assert_eq!(AT.erased_in_part(2), Inbox { unread: 1, ..erased });
        assert_eq!(erased.created().seq, Seq::new(2_002));
        assert_eq!(erased.created().resume(Seq::new(2_001)), Resume::Replay);
        assert_eq!(erased.created().resume(Seq::new(2_000)), Resume::Reset);
    }
}
