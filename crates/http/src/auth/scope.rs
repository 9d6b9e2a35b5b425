//! Scopes as types, so that a handler's signature says which one its key needs. Not here: what a scope is
//! ([`grelot_core::Scope`]).

/// A scope that a handler requires.
pub trait RequiredScope: Send + Sync + 'static {
    /// The scope.
    const SCOPE: grelot_core::Scope;
}

macro_rules! required {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl RequiredScope for $name {
            const SCOPE: grelot_core::Scope = grelot_core::Scope::$name;
        }
    )*};
}

required! {
    /// May send notifications.
    Notify
    /// May read notifications and what became of them.
    Read
    /// May manage categories.
    Categories
    /// May manage contacts, sessions, exports and erasure.
    Users
    /// May mint tokens for users.
    Tokens
}
