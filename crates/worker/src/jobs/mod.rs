//! Periodic jobs over the store's ports. Each one's step is a function of a port and an instant, so that tests need no
//! loop. Not here: who owns the loops (`supervisor`).

pub mod housekeeping;
