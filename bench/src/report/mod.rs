//! What a run reports: the table, the plot, and where they are written. Not here: the measuring (`rows`).

mod plot;
mod table;
mod write;

pub(crate) use plot::plot;
pub(crate) use table::{Figure, Row, Verdict, markdown, thousands};
pub(crate) use write::write_results;
