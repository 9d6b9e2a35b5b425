//! The scopes of an API key, as the text of a column. Not here: what a scope allows (`grelot_core`).

use grelot_core::{Scope, Scopes};

/// `notify read`.
pub fn encode_scopes(scopes: Scopes) -> String {
    scopes.iter().map(Scope::name).collect::<Vec<_>>().join(" ")
}

/// The other way; `None` for an unknown name, and for no name at all: that list would mean every scope.
pub fn decode_scopes(text: &str) -> Option<Scopes> {
    let named: Option<Vec<Scope>> =
        text.split_whitespace().map(|name| Scope::parse(name).ok()).collect();
    named.filter(|scopes| !scopes.is_empty()).map(|scopes| Scopes::of(&scopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_decode_to_themselves() {
        for scopes in [Scopes::ALL, Scopes::of(&[Scope::Read, Scope::Notify])] {
            assert_eq!(decode_scopes(&encode_scopes(scopes)), Some(scopes));
        }
        assert_eq!(encode_scopes(Scopes::of(&[Scope::Read, Scope::Notify])), "notify read");
    }

    #[test]
    fn what_names_no_scope_allows_nothing() {
        for text in ["", " ", "all", "notify everything"] {
            assert_eq!(decode_scopes(text), None, "{text}");
        }
    }
}
