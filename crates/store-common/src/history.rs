//! A change as a row of the history: creations and erases are not in it, the first being the notifications themselves.
//! Not here: the statements that write and read such rows.

use grelot_core::{CategoryKey, ChangeKind, NotificationId, Seq, Timestamp};

/// What a row of `changes` says a change was. Columns that a kind has no use for are null.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangeRow<'a> {
    /// The name of its kind.
    pub kind: &'a str,
    /// The notification that it was about.
    pub id: Option<&'a str>,
    /// When something was read.
    pub at: Option<i64>,
    /// Up to where all was read.
    pub up_to: Option<i64>,
    /// The category of which all was read.
    pub category: Option<&'a str>,
}

impl<'a> ChangeRow<'a> {
    /// The row for a change.
    pub fn of(kind: &'a ChangeKind) -> Self {
        let row = Self::default();
        match kind {
            ChangeKind::Created(_) => Self { kind: "created", ..row },
            ChangeKind::Read { id, read_at } => {
                Self { kind: "read", id: Some(id.as_str()), at: Some(read_at.millis()), ..row }
            }
            ChangeKind::Unread { id } => Self { kind: "unread", id: Some(id.as_str()), ..row },
            ChangeKind::Deleted { id } => Self { kind: "deleted", id: Some(id.as_str()), ..row },
            ChangeKind::AllRead { read_at, up_to, category } => Self {
                kind: "all_read",
                at: Some(read_at.millis()),
                up_to: Some(i64::try_from(up_to.get()).unwrap_or(i64::MAX)),
                category: category.as_ref().map(CategoryKey::as_str),
                ..row
            },
            ChangeKind::PreferencesUpdated => Self { kind: "preferences", ..row },
            ChangeKind::Erased => Self { kind: "erased", ..row },
        }
    }

    /// The change of a row; the column at fault, when it is none that this program wrote.
    pub fn read(self) -> Result<ChangeKind, &'static str> {
        let id = || self.id.and_then(NotificationId::parse).ok_or("changes.notificationId");
        let at = || self.at.map(Timestamp::from_millis).ok_or("changes.at");
        Ok(match self.kind {
            "read" => ChangeKind::Read { id: id()?, read_at: at()? },
            "unread" => ChangeKind::Unread { id: id()? },
            "deleted" => ChangeKind::Deleted { id: id()? },
            "all_read" => ChangeKind::AllRead {
                read_at: at()?,
                up_to: self
                    .up_to
                    .and_then(|seq| u64::try_from(seq).ok())
                    .map(Seq::new)
                    .ok_or("changes.upToSeq")?,
                category: self
                    .category
                    .map(CategoryKey::parse)
                    .transpose()
                    .map_err(|_no_key| "changes.category")?,
            },
            "preferences" => ChangeKind::PreferencesUpdated,
            _ => return Err("changes.kind"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_the_history_comes_back_as_it_was() {
        let id = NotificationId::parse("cm3xk2l9a0000qzrmn831i7rn").unwrap();
        let read_at = Timestamp::from_millis(1_795_000_000_123);
        let up_to = Seq::new(7);
        for kind in [
            ChangeKind::Read { id, read_at },
            ChangeKind::Unread { id },
            ChangeKind::Deleted { id },
            ChangeKind::AllRead { read_at, up_to, category: None },
            ChangeKind::AllRead { read_at, up_to, category: CategoryKey::parse("billing").ok() },
            ChangeKind::PreferencesUpdated,
        ] {
            assert_eq!(ChangeRow::of(&kind).read(), Ok(kind));
        }
    }

    #[test]
    fn a_row_that_is_no_change_names_its_column() {
        let row = |kind| ChangeRow { kind, ..ChangeRow::default() };
        for (row, column) in [
            (ChangeRow::of(&ChangeKind::Erased), "changes.kind"),
            (row("unread"), "changes.notificationId"),
            (ChangeRow { id: Some(""), ..row("deleted") }, "changes.notificationId"),
            (row("all_read"), "changes.at"),
            (ChangeRow { at: Some(1), ..row("all_read") }, "changes.upToSeq"),
            (ChangeRow { at: Some(1), up_to: Some(-1), ..row("all_read") }, "changes.upToSeq"),
            (
                ChangeRow { at: Some(1), up_to: Some(1), category: Some("No"), ..row("all_read") },
                "changes.category",
            ),
        ] {
            assert_eq!(row.read(), Err(column), "{row:?}");
        }
    }
}
