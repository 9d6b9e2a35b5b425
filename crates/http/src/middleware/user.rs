//! The headers that every authenticated answer of the user plane has. The extractor says who it is, whatever the handler
//! then answers. Not here: recognising anybody (`auth`).

use std::sync::{Arc, OnceLock};

use grelot_core::UserId;
use http::HeaderName;

pub(super) const GRELOT_USER: HeaderName = HeaderName::from_static("grelot-user");
pub(super) const GRELOT_PING: HeaderName = HeaderName::from_static("grelot-ping");

/// Where the extractor leaves the user. Rides in the request's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserSlot(Arc<OnceLock<UserId>>);

impl UserSlot {
    /// Says who is signed in; a second time changes nothing.
    pub(crate) fn fill(&self, user: &UserId) {
        self.0.get_or_init(|| user.clone());
    }

    /// Who is signed in.
    pub(super) fn user(&self) -> Option<&UserId> {
        self.0.get()
    }
}
