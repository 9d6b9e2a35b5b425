//! The state of the database that one unit of work sees. Its questions are beside the ports that ask them.

use std::fmt;
use std::sync::Arc;

use grelot_store_common::Context;

use crate::connection::Connection;

/// A connection, inside of a transaction or for one statement. A reader's transaction sees one state to its end; the
/// writer's sees with each statement what others have committed by then, and what it has changed so far.
pub(crate) struct Snapshot {
    pub(crate) connection: Connection,
    pub(crate) context: Arc<Context>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
