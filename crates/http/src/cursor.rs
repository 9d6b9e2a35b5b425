//! Page cursors: opaque and authenticated. Not here: what a walk shows, which is the domain's (`listing`).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grelot_core::{Cursor, ListFilter, Section, Seq, UserId};

use crate::state::Secret;

const VERSION: u8 = 1;
/// Version, section, and the two positions.
const PAYLOAD: usize = 18;
const TAG: usize = 16;

/// Writes the cursor, bound to the user and the filter that it walks.
pub(crate) fn seal(secret: &Secret, user: &UserId, filter: &ListFilter, cursor: Cursor) -> String {
    let mut bytes = [0; PAYLOAD + TAG];
    bytes[0] = VERSION;
    bytes[1] = match cursor.section {
        Section::Unread => 0,
        Section::Read => 1,
    };
    bytes[2..10].copy_from_slice(&cursor.began.get().to_be_bytes());
    bytes[10..18].copy_from_slice(&cursor.below.get().to_be_bytes());
    let tag = tag(secret, user, filter, &bytes[..PAYLOAD]);
    bytes[PAYLOAD..].copy_from_slice(&tag);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor; `None` when this installation did not make it for this user and this filter.
pub(crate) fn open(
    secret: &Secret,
    user: &UserId,
    filter: &ListFilter,
    text: &str,
) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (payload, sent) = bytes.split_at_checked(PAYLOAD)?;
    verify_slices_are_equal(&tag(secret, user, filter, payload), sent).ok()?;
    let (&[VERSION, section], positions) = payload.split_first_chunk::<2>()? else {
        return None;
    };
    let (began, below) = positions.split_first_chunk::<8>()?;
    Some(Cursor {
        began: Seq::new(u64::from_be_bytes(*began)),
        section: if section == 0 { Section::Unread } else { Section::Read },
        below: Seq::new(u64::from_be_bytes(below.try_into().ok()?)),
    })
}

fn tag(secret: &Secret, user: &UserId, filter: &ListFilter, payload: &[u8]) -> [u8; TAG] {
    let code = secret.mac(
        "cursor",
        &[
            payload,
            user.as_str().as_bytes(),
            filter.status.name().as_bytes(),
            filter.kind.map_or("", |kind| kind.name()).as_bytes(),
            filter.category.as_ref().map_or("", |key| key.as_str()).as_bytes(),
        ],
    );
    let mut tag = [0; TAG];
    tag.copy_from_slice(&code[..TAG]);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use grelot_core::{CategoryKey, NotificationType, listing::ReadStatus};

    const CURSOR: Cursor =
        Cursor { began: Seq::new(43), section: Section::Read, below: Seq::new(7) };

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn secret() -> Secret {
        Secret::new([7; 32])
    }

    #[test]
    fn a_cursor_opens_for_its_user_and_filter_alone() {
        let filter = ListFilter::default();
        let text = seal(&secret(), &user("a"), &filter, CURSOR);
        let open_with = |secret: Secret, name: &str, filter: &ListFilter| {
            open(&secret, &user(name), filter, &text)
        };
        assert_eq!(open_with(secret(), "a", &filter), Some(CURSOR));
        assert_eq!(open_with(secret(), "b", &filter), None);
        assert_eq!(open_with(Secret::new([8; 32]), "a", &filter), None);
        let others = [
            ListFilter { status: ReadStatus::Unread, ..ListFilter::default() },
            ListFilter { kind: Some(NotificationType::Info), ..ListFilter::default() },
            ListFilter { category: CategoryKey::parse("x").ok(), ..ListFilter::default() },
        ];
        for other in others {
            assert_eq!(open_with(secret(), "a", &other), None, "{other:?}");
        }
    }

    #[test]
    fn an_altered_cursor_does_not_open() {
        let filter = ListFilter::default();
        let text = seal(&secret(), &user("a"), &filter, CURSOR);
        for at in 0..text.len() {
            for other in "AB-_9".chars() {
                let mut altered: Vec<char> = text.chars().collect();
                altered[at] = other;
                let altered: String = altered.into_iter().collect();
                let opened = open(&secret(), &user("a"), &filter, &altered);
                assert_eq!(opened.is_some(), altered == text, "{altered}");
            }
        }
        for hostile in ["", "A", "====", "é", &text[1..], &format!("{text}A"), &"A".repeat(9_999)]
        {
            assert_eq!(open(&secret(), &user("a"), &filter, hostile), None);
        }
    }
}
