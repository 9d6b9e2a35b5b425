//! What both backends need and what is no matter of SQL: the parts of a store that would otherwise be written once for
//! each, and the forms in which columns hold values, which have to be the same for a copy from one to the other.
//!
//! Not here: what the rest of the program may see of a store (`grelot_store`), SQL, drivers, and rules of the domain
//! (`grelot_core`).

mod answer;
mod context;
mod slots;

pub use answer::{ANSWERS_KEPT, Kept, KeptRow, encode_answer};
pub use context::Context;
pub use slots::{SlotGuard, Slots};
