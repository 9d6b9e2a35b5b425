//! The plot: one small panel of bars a figure, Grelot between its floor and its peers, as SVG.

use std::fmt::Write;

use super::table::{Figure, Row};

const WIDTH: f64 = 860.0;
const PANEL_WIDTH: f64 = 420.0;
const BAR_LEFT: f64 = 150.0;
const BAR_MAX: f64 = 190.0;
const LINE: f64 = 22.0;
const PANEL_HEIGHT: f64 = 176.0;

/// What stands beside Grelot in a panel: measured by others on the same kind of machine, and the floor, which is 1
/// where the unit is the floor.
struct Panel {
    figure: Figure,
    title: &'static str,
    others: &'static [(&'static str, f64)],
}

const PANELS: [Panel; 6] = [
    Panel {
        figure: Figure::Memory,
        title: "KiB an idle stream (less is better)",
        others: &[("Nchan", 10.3), ("axum by hand", 19.3), ("better-sse", 21.3)],
    },
    Panel {
        figure: Figure::FanOut,
        title: "one event to 10,000 streams, × floor (more)",
        others: &[("floor", 1.0), ("Nchan, 2 workers", 0.93), ("axum by hand", 1.0)],
    },
    Panel {
        figure: Figure::Cpu,
        title: "CPU a delivery, × floor (less)",
        others: &[("floor", 1.0), ("Nchan, 2 workers", 1.35), ("axum by hand", 1.41)],
    },
    Panel {
        figure: Figure::Burst,
        title: "burst of 10 events, × floor (more)",
        others: &[("floor, one event", 1.0), ("Nchan", 0.7), ("axum by hand", 5.7)],
    },
    Panel {
        figure: Figure::Notify,
        title: "durable notifications a second (more)",
        others: &[("Express by hand", 1_547.0)],
    },
    Panel {
        figure: Figure::Latency,
        title: "ms from POST to event, p50 (less)",
        others: &[("Express by hand", 0.67)],
    },
];

/// The plot of the rows that are bars.
pub(crate) fn plot(rows: &[Row]) -> String {
    let mut body = String::new();
    let mut shown = 0_u32;
    for panel in &PANELS {
        let bar = rows.iter().filter_map(|row| row.bar).find(|(figure, _)| *figure == panel.figure);
        let Some((_, ours)) = bar else { continue };
        let x = 10.0 + f64::from(shown % 2) * PANEL_WIDTH;
        let y = 10.0 + f64::from(shown / 2) * PANEL_HEIGHT;
        draw(&mut body, panel, ours, (x, y));
        shown += 1;
    }
    let height = f64::from(shown.div_ceil(2)) * PANEL_HEIGHT + 10.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

fn draw(body: &mut String, panel: &Panel, ours: f64, (x, y): (f64, f64)) {
    let bars: Vec<(&str, f64)> =
        std::iter::once(("Grelot", ours)).chain(panel.others.iter().copied()).collect();
    let largest = bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let title = panel.title;
    // Writing to a String cannot fail.
    let _ = writeln!(
        body,
        "<text x=\"{x}\" y=\"{}\" font-weight=\"bold\" fill=\"#222222\">{title}</text>",
        y + 16.0
    );
    let mut top = y + 30.0;
    for (name, value) in bars {
        let colour = match name {
            "Grelot" => "#c8102e",
            name if name.starts_with("floor") => "#555555",
            _ => "#9fb4c7",
        };
        let (left, width, middle) = (x + BAR_LEFT, BAR_MAX * value / largest, top + 13.0);
        let label = label(value);
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\" fill=\"#222222\">{name}</text>\
             <rect x=\"{left}\" y=\"{top}\" width=\"{width:.1}\" height=\"16\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{middle}\" fill=\"#222222\">{label}</text>",
            left - 8.0,
            left + width + 6.0,
        );
        top += LINE;
    }
}

fn label(value: f64) -> String {
    if value >= 100.0 { super::thousands(value) } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::super::table::Verdict;
    use super::*;

    #[test]
    fn draws_a_panel_only_for_what_was_measured() {
        let row = Row {
            what: "memory".to_owned(),
            floor: String::new(),
            ours: String::new(),
            ratio: String::new(),
            target: "",
            verdict: Verdict::Pass,
            bar: Some((Figure::Memory, 1.5)),
            note: String::new(),
        };
        let svg = plot(&[row]);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("KiB an idle stream") && svg.contains("better-sse"));
        assert!(!svg.contains("durable notifications"));
    }
}
