//! Where the databases of the tests come from, those inside `src` included.

pub(crate) use grelot_testkit::postgres::Database;
