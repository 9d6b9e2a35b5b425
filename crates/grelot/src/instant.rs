//! Instants for people.

use grelot_core::Timestamp;

/// The instant as RFC 3339 in UTC, to the second.
pub(crate) fn display(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds())
        .map_or_else(|_| "out of range".to_owned(), |instant| instant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_rfc_3339() {
        let at = Timestamp::from_millis(1_795_514_400_999);
        assert_eq!(display(at), "2026-11-24T10:00:00Z");
    }
}
