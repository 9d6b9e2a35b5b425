//! What the kernel knows about a process: its CPU time and memory; and the limits of our own. Not here: starting one.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process, and what it starts, hold as many descriptors as it may. Returns how many that is.
pub(crate) fn raise_descriptor_limit() -> Result<u64> {
    let hard = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard })?;
    Ok(hard.unwrap_or(u64::MAX))
}

/// The CPU time (user and system) of all threads of a process, to the nanosecond: `/proc/PID/stat` counts in ticks
/// of 10 ms, which is a tenth of a whole fan-out.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let mut nanoseconds = 0_u64;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The CPU time of this process.
pub(crate) fn own_cpu_time() -> Result<Duration> {
    cpu_time(std::process::id())
}

/// The seconds of CPU that a process has used since it had used `before`.
pub(crate) fn cpu_seconds_since(pid: u32, before: Duration) -> Result<f64> {
    Ok(cpu_time(pid)?.saturating_sub(before).as_secs_f64())
}

/// The user memory of a process, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// All of it that is resident, the program's own pages included.
    pub(crate) resident: u64,
    /// What it has allocated, and touched.
    pub(crate) anonymous: u64,
}

/// How much memory a process has. What the kernel holds for its sockets is not in it.
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    let text =
        fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("the process is gone")?;
    let field = |name: &str| -> Result<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
        value.with_context(|| format!("no {name} in smaps_rollup"))?.parse().map_err(Into::into)
    };
    Ok(Memory { resident: field("Rss:")?, anonymous: field("Anonymous:")? })
}

/// Lets time pass, where the thing waited for is that nothing happens.
#[expect(clippy::disallowed_methods, reason = "a measurement of idleness has no event to wait for")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// The machine, in one line: cores, processor, kernel.
pub(crate) fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} cores, {model}, Linux {}, load {} at the start", kernel.trim(), load())
}

/// How many programs wanted to run over the last minute: above the cores, others took part of the figure.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_of_this_process_grows_as_it_works() {
        let before = own_cpu_time().unwrap();
        let mut sum = 0_u64;
        // The kernel brings the figure of a running thread up to date at its ticks: work across several.
        while own_cpu_time().unwrap() < before + Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(sum > 0);
    }

    #[test]
    fn memory_of_this_process_is_known() {
        let memory = memory(std::process::id()).unwrap();
        assert!(memory.resident > 0 && memory.anonymous <= memory.resident);
    }
}
