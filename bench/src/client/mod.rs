//! The load generators: raw sockets, one thread, one epoll. Not here: what is measured with them (`rows`).

pub(crate) mod holder;
pub(crate) mod http;
pub(crate) mod poller;
pub(crate) mod sse;
pub(crate) mod swarm;
