//! The black-box proofs of Grelot: the real binary under test, clients of its public API, and one checker that judges
//! what it did. Not here: anything that looks inside the service, and the tests themselves (`tests/it`).
//!
//! | Module | What lives there |
//! |---|---|
//! | [`nats`] | NATS servers, killed, frozen, started again |
//! | [`postgres`] | PostgreSQL: a database of a test, or a server that is killed, frozen, started again |
//! | [`program`] | the binary: started, killed or stopped, started again on the same database and address |
//! | `ready`, `port` | the start of a server that says when it is ready, and where it listens |
//! | [`proxy`] | a wire that a test cuts |
//! | [`balancer`] | what passes connections on to those of several nodes that are ready |
//! | [`api`] | HTTP calls, and what an answer says about what was written |
//! | [`sse`] | the bytes of a stream, read more strictly than any client would |
//! | [`reader`] | a client that resumes its stream whenever it ends |
//! | [`actor`] | a client that repeats what it does not know, and writes everything into the history |
//! | [`relay`] | an SMTP server that a test plays, for mails |
//! | [`history`] | what was attempted and what was seen, and the judgement over both |

pub mod actor;
pub mod api;
pub mod balancer;
pub mod history;
pub mod nats;
mod port;
pub mod postgres;
pub mod program;
pub mod proxy;
pub mod reader;
mod ready;
pub mod relay;
pub mod sse;
