//! Puts the figures into `bench/README.md`, between its markers, and the plot beside it.

use std::path::Path;

use anyhow::{Context, Result};

use super::table::Row;
use super::{markdown, plot};

const BEGIN: &str = "<!-- results: written by `grelot-bench all --write` -->";
const END: &str = "<!-- end of results -->";

/// Writes the table into the README of this crate and the plot to `results.svg`.
pub(crate) fn write_results(rows: &[Row], machine: &str) -> Result<()> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = directory.join("README.md");
    let text = std::fs::read_to_string(&readme).context("bench/README.md")?;
    let results = format!(
        "Machine: {machine}.\n\n{}\n![Grelot, its floor and its peers](results.svg)",
        markdown(rows)
    );
    std::fs::write(&readme, replaced(&text, &results)?)?;
    std::fs::write(directory.join("results.svg"), plot(rows))?;
    Ok(())
}

/// `text` with `results` between the markers.
fn replaced(text: &str, results: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).context("no marker before the results")?;
    let (_, after) = rest.split_once(END).context("no marker after the results")?;
    Ok(format!("{before}{BEGIN}\n{results}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = format!("head\n{BEGIN}\nold\n{END}\ntail\n");
        let once = replaced(&text, "new").unwrap();
        assert_eq!(once, format!("head\n{BEGIN}\nnew\n{END}\ntail\n"));
        assert_eq!(replaced(&once, "new").unwrap(), once);
        assert!(replaced("nothing", "new").is_err());
    }

    #[test]
    fn the_readme_has_its_markers() {
        let readme = include_str!("../../README.md");
        assert!(replaced(readme, "").is_ok());
    }
}
