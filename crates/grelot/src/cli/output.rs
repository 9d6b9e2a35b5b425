//! Writing to standard output and standard error. A closed pipe ends a command quietly.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use super::failure::Failure;

/// Writes one line to standard output, at once.
pub(crate) fn line(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::output)
}

/// Writes one line to standard error. When nobody can read it, there is nobody left to tell.
pub(crate) fn note(text: impl fmt::Display) {
    let _unread = writeln!(io::stderr().lock(), "{text}");
}

/// Whether a person looks at standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes rows under headings, each column as wide as its widest cell.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: &[[String; N]],
) -> Result<(), Failure> {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    line(joined(&headings, &widths))?;
    rows.iter().try_for_each(|row| line(joined(row, &widths)))
}

fn joined<S: AsRef<str>, const N: usize>(cells: &[S; N], widths: &[usize; N]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{:<width$}", cell.as_ref()));
    let padded: Vec<String> = padded.collect();
    padded.join("  ").trim_end().to_owned()
}

/// Text of others as it may go to a terminal: control characters would drive it.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped =
                c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
            let plain = (!escaped).then_some(c);
            plain.into_iter().chain(escaped.then(|| c.escape_default()).into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_drive_the_terminal() {
        assert_eq!(printable("Été \u{1b}[2J\nok\u{202e}"), "Été \\u{1b}[2J\\nok\\u{202e}");
    }

    #[test]
    fn columns_line_up() {
        assert_eq!(joined(&["a", "bb"], &[3, 2]), "a    bb");
    }
}
