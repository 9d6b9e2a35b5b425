//! The state of the database that one unit of work sees. Its questions are beside the ports that ask them.

use grelot_store_common::Context;
use rusqlite::Connection;

/// One consistent state: a reader's transaction, or the writer's own with what it has changed so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) context: &'c Context,
}
