//! Durable, once, no ghost, order, and the counter of the list: the inbox against what was attempted.
//! Not here: the streams.

use std::collections::BTreeMap;

use super::inbox::{Inbox, Row};
use super::record::{Record, Sending};
use super::{State, Verdict};

/// Judges one inbox.
pub(super) fn judge(record: &Record, inbox: &Inbox, verdict: &mut Verdict) {
    let mut fault = |text: String| verdict.faults.push(format!("{}: {text}", inbox.user));
    let mut by_title: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in &inbox.rows {
        if by_title.insert(&row.title, row).is_some() {
            fault(format!("once: {:?} is there twice", row.title));
        }
        ghost(record, inbox, row, &mut fault);
    }
    let (mut acknowledged, mut repeated) = (0, 0);
    for (key, sending) in &record.sendings {
        if let Some(id) = answered_id(sending, &inbox.user) {
            acknowledged += 1;
            repeated += sending.attempts - 1;
            durable(record, key, id, by_title.get(key.as_str()).copied(), &mut fault);
        }
        if sending.contradictions > 0 {
            fault(format!("once: the answers for {key:?} name different ids"));
        }
    }
    counts(inbox, &mut fault);
    list_order(inbox, &mut fault);
    commit_order(record, &by_title, &mut fault);
    verdict.acknowledged += acknowledged;
    verdict.repeated += repeated;
    verdict.rows += inbox.rows.len();
}

/// The id that was answered for this user.
fn answered_id<'a>(sending: &'a Sending, user: &str) -> Option<&'a str> {
    let at = sending.users.iter().position(|other| other == user)?;
    sending.ids.get(at).map(String::as_str)
}

fn ghost(record: &Record, inbox: &Inbox, row: &Row, fault: &mut impl FnMut(String)) {
    let Some(sending) = record.sendings.get(&row.title) else {
        return fault(format!("ghost: nobody sent {:?}", row.title));
    };
    if !sending.users.contains(&inbox.user) {
        fault(format!("ghost: {:?} was for somebody else", row.title));
    }
    if sending.ended.is_none() && sending.unknown == 0 {
        fault(format!("ghost: {:?} was refused", row.title));
    }
}

fn durable(
    record: &Record,
    key: &str,
    id: &str,
    row: Option<&Row>,
    fault: &mut impl FnMut(String),
) {
    let Some(row) = row else {
        if !record.may_be(id, State::Deleted) {
            fault(format!("durable: {key:?} was acknowledged and is gone"));
        }
        return;
    };
    if row.id != id {
        fault(format!("durable: {key:?} was answered as {id} and is {}", row.id));
    }
    let state = if row.unread { State::Unread } else { State::Read };
    if !record.may_be(id, state) {
        fault(format!("durable: {key:?} is {state:?}, which nobody asked for last"));
    }
}

fn counts(inbox: &Inbox, fault: &mut impl FnMut(String)) {
    let unread = inbox.rows.iter().filter(|row| row.unread).count() as u64;
    let expected = (unread, inbox.seq());
    for count in &inbox.counts {
        if *count != expected {
            fault(format!("counter: {count:?} (count, seq), but the rows make {expected:?}"));
        }
    }
    if let Some(beyond) = inbox.rows.iter().find(|row| row.seq > inbox.seq()) {
        fault(format!("order: {:?} has a seq above the inbox's", beyond.title));
    }
}

/// Unread first, newest first in each section, and never one twice.
fn list_order(inbox: &Inbox, fault: &mut impl FnMut(String)) {
    for pair in inbox.rows.windows(2) {
        if (pair[0].unread, pair[0].seq) <= (pair[1].unread, pair[1].seq) {
            fault(format!("order: {:?} is listed before {:?}", pair[0].title, pair[1].title));
        }
    }
}

/// What was acknowledged before something else began has the lower `seq`.
fn commit_order(record: &Record, rows: &BTreeMap<&str, &Row>, fault: &mut impl FnMut(String)) {
    let mut rows: Vec<&&Row> = rows.values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
    // From the newest on: the earliest acknowledgement among those with a higher seq.
    let mut earliest: Option<(u64, &str)> = None;
    for row in rows {
        let Some(sending) = record.sendings.get(&row.title) else { continue };
        if let Some((ended, title)) = earliest
            && ended < sending.began
        {
            fault(format!("order: {title:?} was done before {:?} began", row.title));
        }
        if let Some(ended) = sending.ended
            && earliest.is_none_or(|(least, _)| ended < least)
        {
            earliest = Some((ended, &row.title));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, seq: u64, title: &str, unread: bool) -> Row {
        Row { id: id.into(), seq, title: title.into(), unread }
    }

    /// Two notifications of "u", one acknowledged after the other, the first one read.
    fn record() -> Record {
        let mut record = Record::default();
        for (key, id) in [("a", "1"), ("b", "2")] {
            record.notify_begins(key, &["u"]);
            record.notify_done(key, &[id.to_owned()]);
        }
        record.change_begins("1", State::Read);
        record.change_done("1", State::Read);
        record
    }

    fn inbox(rows: Vec<Row>, count: u64) -> Inbox {
        Inbox { user: "u".into(), rows, counts: vec![(count, 3)], changes: Vec::new() }
    }

    #[track_caller]
    fn faults(record: &Record, inbox: &Inbox, expected: &[&str]) {
        let mut verdict = Verdict::default();
        judge(record, inbox, &mut verdict);
        let kinds: Vec<_> =
            verdict.faults.iter().map(|fault| fault.split(": ").nth(1).unwrap()).collect();
        assert_eq!(kinds, expected, "{:?}", verdict.faults);
    }

    fn good() -> Vec<Row> {
        vec![row("2", 2, "b", true), row("1", 1, "a", false)]
    }

    #[test]
    fn a_right_inbox_has_no_fault() {
        faults(&record(), &inbox(good(), 1), &[]);
    }

    #[test]
    fn a_loss_is_found_unless_it_was_deleted() {
        let mut record = record();
        let lost = inbox(vec![row("2", 2, "b", true)], 1);
        faults(&record, &lost, &["durable"]);
        record.change_begins("1", State::Deleted);
        faults(&record, &lost, &[]);
    }

    #[test]
    fn a_state_that_nobody_asked_for_is_found() {
        let unread = vec![row("2", 2, "b", true), row("1", 1, "a", true)];
        faults(&record(), &inbox(unread, 2), &["durable"]);
    }

    #[test]
    fn a_double_a_ghost_and_another_id_are_found() {
        let mut rows = good();
        rows.insert(0, row("9", 3, "b", true));
        faults(&record(), &inbox(rows, 2), &["once"]);
        let mut rows = good();
        rows.insert(0, row("9", 3, "nobody's", true));
        faults(&record(), &inbox(rows, 2), &["ghost"]);
        let mut rows = good();
        rows[0].id = "9".into();
        faults(&record(), &inbox(rows, 1), &["durable"]);
    }

    #[test]
    fn a_refused_one_is_a_ghost_and_an_unknown_one_is_not() {
        let mut record = record();
        record.notify_begins("c", &["u"]);
        let mut rows = good();
        rows.insert(0, row("3", 3, "c", true));
        let inbox = inbox(rows, 2);
        faults(&record, &inbox, &[]);
        record.notify_refused("c");
        faults(&record, &inbox, &["ghost"]);
    }

    #[test]
    fn a_wrong_count_and_a_wrong_order_are_found() {
        faults(&record(), &inbox(good(), 2), &["counter"]);
        let mut rows = good();
        rows.reverse();
        faults(&record(), &inbox(rows, 1), &["order"]);
        let against_time = vec![row("2", 1, "b", true), row("1", 2, "a", false)];
        faults(&record(), &inbox(against_time, 1), &["order"]);
    }

    #[test]
    fn a_repetition_that_names_another_id_is_found() {
        let mut record = record();
        record.notify_begins("a", &["u"]);
        record.notify_done("a", &["9".to_owned()]);
        faults(&record, &inbox(good(), 1), &["once"]);
    }
}
