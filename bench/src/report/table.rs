//! The rows, and the table as Markdown.

use std::fmt::Write;

/// Which bar of the plot a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// KiB of user memory an idle stream.
    Memory,
    /// Deliveries a second, in units of the floor's.
    FanOut,
    /// CPU a delivery, in units of the floor's.
    Cpu,
    /// Deliveries a second in a burst, in units of the floor's of one event.
    Burst,
    /// Durable notifications a second, one a request.
    Notify,
    /// Milliseconds from the request to the event.
    Latency,
}

/// Whether a row reaches its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It does.
    Pass,
    /// It does not.
    Fail,
    /// Too small a run to say.
    Smoke,
}

impl Verdict {
    /// Judges a measured run; a quick one shows only that the row works.
    pub(crate) fn of(reached: bool, quick: bool) -> Self {
        match (quick, reached) {
            (true, _) => Self::Smoke,
            (false, true) => Self::Pass,
            (false, false) => Self::Fail,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "**FAIL**",
            Self::Smoke => "(quick)",
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// What the floor reached, with its unit; empty where there is no floor.
    pub(crate) floor: String,
    /// What Grelot reached.
    pub(crate) ours: String,
    /// The ratio to the floor; empty where there is no floor.
    pub(crate) ratio: String,
    /// What the issue asks for.
    pub(crate) target: &'static str,
    /// Whether that is reached.
    pub(crate) verdict: Verdict,
    /// The bar of the plot, if it is one.
    pub(crate) bar: Option<(Figure, f64)>,
    /// What else is worth knowing: printed below the table.
    pub(crate) note: String,
}

impl Row {
    /// A row that could not be measured.
    pub(crate) fn broken(name: &str, error: &anyhow::Error) -> Self {
        Self {
            what: name.to_owned(),
            floor: String::new(),
            ours: "not measured".to_owned(),
            ratio: String::new(),
            target: "to run",
            verdict: Verdict::Fail,
            bar: None,
            note: format!("{error:#}").replace('\n', " "),
        }
    }
}

/// The table, and the notes below it.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text =
        String::from("| Row | Floor | Grelot | Ratio | Target | |\n|---|---:|---:|---:|---|---|\n");
    for row in rows {
        let Row { what, floor, ours, ratio, target, verdict, .. } = row;
        let dash = |cell: &str| if cell.is_empty() { "–".to_owned() } else { cell.to_owned() };
        let (floor, ratio) = (dash(floor), dash(ratio));
        let line =
            format!("| {what} | {floor} | {ours} | {ratio} | {target} | {} |\n", verdict.name());
        text.push_str(&line);
    }
    text.push('\n');
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "- {}: {}", row.what, row.note);
    }
    text
}

/// A number with thousands separated: `104,000`.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_becomes_a_line_with_a_dash_for_what_is_missing() {
        let row = Row {
            what: "idle".to_owned(),
            floor: String::new(),
            ours: "12 MB".to_owned(),
            ratio: String::new(),
            target: "≤ 20 MB",
            verdict: Verdict::of(true, false),
            bar: None,
            note: "a note".to_owned(),
        };
        let text = markdown(&[row]);
        assert!(text.contains("| idle | – | 12 MB | – | ≤ 20 MB | pass |\n"));
        assert!(text.ends_with("- idle: a note\n"));
    }

    #[test]
    fn thousands_are_separated() {
        let texts = [0.4, 999.0, 1_000.0, 104_321.6, 1_234_567.0].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "104,322", "1,234,567"]);
    }

    #[test]
    fn a_quick_run_never_passes_or_fails() {
        assert_eq!(Verdict::of(true, true), Verdict::Smoke);
        assert_eq!(Verdict::of(false, false), Verdict::Fail);
    }
}
