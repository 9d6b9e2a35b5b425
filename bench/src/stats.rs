//! Medians and percentiles. Not here: units.

use std::time::Duration;

/// The value below which `percent` of `values` lie; 0 of none.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The largest value.
pub(crate) fn max(values: &[f64]) -> f64 {
    percentile(values, 100)
}

/// A duration in milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&values, 50).to_bits(), 50_f64.to_bits());
        assert_eq!(percentile(&values, 99).to_bits(), 99_f64.to_bits());
        assert_eq!(max(&values).to_bits(), 100_f64.to_bits());
        assert_eq!(median(&[7.0]).to_bits(), 7_f64.to_bits());
        assert_eq!(median(&[]).to_bits(), 0_f64.to_bits());
    }
}
