//! The floor of whatever is durable: a bare file, of which one block is written and synced again and again. Not here: databases.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::stats::millis;
use crate::sys;

/// A block of a file system.
const BLOCK: [u8; 4_096] = [b'x'; 4_096];
/// Between two: often enough to meet a stall of the disk, too rarely to be one.
const EVERY: Duration = Duration::from_millis(10);

/// Writes and syncs until `end`; returns how many milliseconds each took.
pub(crate) fn run(path: &Path, end: &AtomicBool) -> Result<Vec<f64>> {
    let file = File::create(path).context("the file of the floor")?;
    let mut took = Vec::new();
    // The first one makes the file longer, which the others do not.
    file.write_all_at(&BLOCK, 0)?;
    file.sync_all()?;
    while !end.load(Ordering::Relaxed) {
        let begin = Instant::now();
        file.write_all_at(&BLOCK, 0)?;
        file.sync_data()?;
        took.push(millis(begin.elapsed()));
        sys::pause(EVERY);
    }
    Ok(took)
}
