//! Who hears of commits. Not here: how the changes reach streams (`hub`).

use grelot_core::Change;

/// Hears every committed change of this process, once, in commit order.
pub trait Committed: Send + Sync + std::fmt::Debug + 'static {
    /// Called by the committer after a commit and before its callers are answered. Must return at once: the next
    /// commit waits for it.
    fn committed(&self, changes: Vec<Change>);
}
