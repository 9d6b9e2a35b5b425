//! The floors: programs that do the least work possible. Not here: what is compared with them.

pub(crate) mod inserts;
pub(crate) mod stream;
pub(crate) mod sync;
pub(crate) mod writer;
