//! What both backends need and what is no matter of SQL: the parts of a store that would otherwise be written once for
//! each, and the forms in which columns hold values, which have to be the same for a copy from one to the other.
//!
//! Not here: what the rest of the program may see of a store (`grelot_store`), SQL, drivers, and rules of the domain
//! (`grelot_core`).

mod answer;
mod category;
mod content;
mod context;
mod counters;
mod errand;
mod history;
mod migration;
mod paging;
mod preference;
mod scopes;
mod slots;

pub use answer::{ANSWERS_KEPT, Kept, KeptRow, encode_answer};
pub use category::{decode_templates, decode_texts, encode_templates, encode_texts};
pub use content::{decode_content, encode_content};
pub use context::Context;
pub use counters::Counters;
pub use errand::{Collected, Reader, Subject};
pub use history::ChangeRow;
pub use migration::{Applied, Migration, MigrationReport, SchemaError, new_secret};
pub use paging::{in_order, merge, page, poll};
pub use preference::{decode_choices, decode_quiet, encode_choice, encode_choices, encode_quiet};
pub use scopes::{decode_scopes, encode_scopes};
pub use slots::{SlotGuard, Slots};
