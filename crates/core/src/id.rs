//! Identifiers: parsed at the edge, never a bare string inside. Not here: the secrets of API keys (`access`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::text::Violation;
use crate::time::Timestamp;

/// A user of the host application, as the host names them: 1 to 128 printable characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The most characters (Unicode scalars) of a user id.
    pub const MAX_CHARS: usize = 128;

    /// Parses a user id.
    ///
    /// # Errors
    /// A [`Violation`] that says what a user id is, when `text` is empty, too long, or has a control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let chars = text.chars().count();
        if chars == 0 || chars > Self::MAX_CHARS || !text.chars().all(is_printable) {
            return Err(Violation::new("must be 1 to 128 printable characters"));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Printable: no control character, no line or paragraph separator, no byte-order mark or other invisible
/// formatting character that would make two different ids look alike.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
        && (u32::from(c) & 0xFFFE) != 0xFFFE
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({})", self.0)
    }
}

impl FromStr for UserId {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        Self::parse(text)
    }
}

/// The id of a notification. Ours are cuids, version 1 (25 characters, starts with `c`, sorts by creation); a row that
/// another program wrote may have any other, of 1 to 64 visible ASCII characters without `"` and `\`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationId {
    /// Padded with zeros, which sort before every character.
    bytes: [u8; Self::MAX],
    length: u8,
}

impl NotificationId {
    /// The most characters of an id.
    pub const MAX: usize = 64;
    /// How many characters an id of ours has.
    pub const CUID: usize = 25;

    /// Parses an id; `None` when `text` cannot be one, which callers treat like an id that nobody has.
    pub fn parse(text: &str) -> Option<Self> {
        let visible = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
        let well_formed = !text.is_empty() && text.bytes().all(visible);
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        well_formed.then_some(Self { bytes, length: u8::try_from(text.len()).ok()? })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        // Only ASCII ever gets in, so the fallbacks are unreachable; they keep this free of a panic.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether it is a cuid, version 1.
    pub fn is_cuid(&self) -> bool {
        let text = self.as_str().as_bytes();
        text.len() == Self::CUID
            && text[0] == b'c'
            && text.iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
    }
}

impl fmt::Debug for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes cuids, version 1: `c`, 8 characters of time, 4 of a counter, 4 of this process, 8 random ones, all base 36.
///
/// Safe to share between threads. The counter keeps the ids of one millisecond in order.
#[derive(Debug)]
pub struct CuidGenerator {
    counter: AtomicU32,
    process: u32,
}

impl CuidGenerator {
    /// 36 to the fourth: where the counter and the process part wrap.
    const BLOCK: u32 = 36 * 36 * 36 * 36;

    /// A generator whose ids carry `process`, a random number that tells processes apart.
    pub fn new(process: u32) -> Self {
        Self { counter: AtomicU32::new(0), process: process % Self::BLOCK }
    }

    /// The next id, made at `now` from 64 random bits.
    pub fn next(&self, now: Timestamp, random: u64) -> NotificationId {
        let count = self.counter.fetch_add(1, Ordering::Relaxed) % Self::BLOCK;
        let mut id = [0; NotificationId::MAX];
        id[0] = b'c';
        write_base36(&mut id[1..9], now.millis().max(0).unsigned_abs());
        write_base36(&mut id[9..13], u64::from(count));
        write_base36(&mut id[13..17], u64::from(self.process));
        write_base36(&mut id[17..25], random);
        NotificationId { bytes: id, length: 25 }
    }
}

/// Fills `out` with the low digits of `value`, most significant first.
fn write_base36(out: &mut [u8], mut value: u64) {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    for slot in out.iter_mut().rev() {
        // The remainder is below 36, so the index always fits.
        *slot = DIGITS[usize::try_from(value % 36).unwrap_or(0)];
        value /= 36;
    }
}

/// The key of a category: `[a-z0-9][a-z0-9._-]{0,63}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryKey(Arc<str>);

impl CategoryKey {
    /// Parses a category key.
    ///
    /// # Errors
    /// A [`Violation`] that says what a key is.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = text.as_bytes();
        let fits = (1..=64).contains(&bytes.len())
            && plain(bytes[0])
            && bytes.iter().all(|&b| plain(b) || matches!(b, b'.' | b'_' | b'-'));
        if !fits {
            return Err(Violation::new(
                "must be 1 to 64 characters of a-z, 0-9, '.', '_' or '-', starting with a letter or a digit",
            ));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CategoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CategoryKey({})", self.0)
    }
}

impl FromStr for CategoryKey {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_is_a_cuid_that_parses_back() {
        let generator = CuidGenerator::new(u32::MAX);
        let id = generator.next(Timestamp::from_millis(1_800_000_000_000), u64::MAX);
        assert_eq!(id.as_str().len(), 25);
        assert_eq!(NotificationId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn ids_sort_by_creation_inside_one_millisecond() {
        let generator = CuidGenerator::new(7);
        let now = Timestamp::from_millis(1_800_000_000_000);
        let ids: Vec<_> = (0..1_000).map(|n| generator.next(now, u64::MAX - n)).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn ids_sort_by_time() {
        let generator = CuidGenerator::new(7);
        let early = generator.next(Timestamp::from_millis(1_800_000_000_000), u64::MAX);
        let late = generator.next(Timestamp::from_millis(1_800_000_000_001), 0);
        assert!(early < late);
    }

    #[rstest::rstest]
    #[case("cm3xk2l9a0000qzrmn831i7rn", true)]
    #[case("cm3xk2l9a0000qzrmn831i7r", false)]
    #[case("cm3xk2l9a0000qzrmn831i7rnn", false)]
    #[case("xm3xk2l9a0000qzrmn831i7rn", false)]
    #[case("cM3xk2l9a0000qzrmn831i7rn", false)]
    #[case("6b7f3c1e-8a7d-4c0e-9a55-0d7c2f1f8e21", false)]
    #[case("42", false)]
    fn an_id_is_whatever_another_program_made_of_it(#[case] text: &str, #[case] cuid: bool) {
        let id = NotificationId::parse(text).unwrap();
        assert_eq!((id.as_str(), id.is_cuid()), (text, cuid));
    }

    #[test]
    fn what_cannot_stand_in_a_path_and_in_json_as_it_is_does_not_parse() {
        let long = "a".repeat(NotificationId::MAX);
        assert!(NotificationId::parse(&long).is_some());
        for text in ["", "a b", "a\"", "a\\", "a\n", "a\u{e9}", &format!("{long}a")] {
            assert_eq!(NotificationId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn ids_sort_as_their_texts_do() {
        let mut texts = ["a", "aa", "b", "0", "A", "a-"];
        let mut ids = texts.map(|text| NotificationId::parse(text).unwrap());
        texts.sort_unstable();
        ids.sort_unstable();
        assert_eq!(ids.each_ref().map(NotificationId::as_str), texts);
    }

    #[rstest::rstest]
    #[case("u_1", true)]
    #[case("Zoé Müller", true)]
    #[case("用户", true)]
    #[case("", false)]
    #[case("a\0", false)]
    #[case("a\nb", false)]
    #[case("a\u{2028}b", false)]
    #[case("a\u{feff}b", false)]
    fn a_user_id_is_printable(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(UserId::parse(text).is_ok(), valid);
    }

    #[test]
    fn a_user_id_has_at_most_128_scalars() {
        assert!(UserId::parse(&"é".repeat(128)).is_ok());
        assert!(UserId::parse(&"é".repeat(129)).is_err());
    }

    #[rstest::rstest]
    #[case("billing", true)]
    #[case("0.a_b-c", true)]
    #[case("", false)]
    #[case("Billing", false)]
    #[case(".billing", false)]
    #[case("bill ing", false)]
    #[case("é", false)]
    fn a_category_key_is_lower_case_ascii(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(CategoryKey::parse(text).is_ok(), valid);
    }

    #[test]
    fn a_category_key_has_at_most_64_characters() {
        assert!(CategoryKey::parse(&"a".repeat(64)).is_ok());
        assert!(CategoryKey::parse(&"a".repeat(65)).is_err());
    }
}
