//! What the process uses of the machine, and which program it is.
//!
//! Read from `/proc` when asked for; where there is none the figures stay at
//! zero.

use std::fs;

use prometheus::core::{AtomicF64, Collector, GenericCounter};
use prometheus::{IntGauge, IntGaugeVec, Opts, Registry};

use super::sampled::register_sampled;
use crate::wire;

/// Ticks a second of the times in `/proc`: fixed by Linux' interface to
/// programs.
const TICKS: f64 = 100.0;

/// Registers `process_*` and `magnet_build_info`; once a registry.
pub fn register_vitals(registry: &Registry) -> Result<(), prometheus::Error> {
    let info = Opts::new("magnet_build_info", "Always 1; the program and wire version are labels.");
    let info = IntGaugeVec::new(info, &["version", "wire"])?;
    let wire = wire::VERSION.to_string();
    info.with_label_values(&[env!("CARGO_PKG_VERSION"), wire.as_str()]).set(1);
    registry.register(Box::new(info))?;

    let gauge = |name, help| IntGauge::new(name, help);
    let cpu = GenericCounter::<AtomicF64>::new(
        "process_cpu_seconds_total", "CPU time of the process, in seconds.",
    )?;
    let resident = gauge("process_resident_memory_bytes", "Resident memory, in bytes.")?;
    let virtual_ = gauge("process_virtual_memory_bytes", "Virtual memory, in bytes.")?;
    let threads = gauge("process_threads", "Threads of the process.")?;
    let open_fds = gauge("process_open_fds", "Open file descriptors.")?;
    let max_fds = gauge("process_max_fds", "File descriptors that may be open.")?;
    let start = gauge("process_start_time_seconds", "Start of the process, in Unix time.")?;
    let all: Vec<Box<dyn Collector>> = vec![
        Box::new(cpu.clone()),
        Box::new(resident.clone()),
        Box::new(virtual_.clone()),
        Box::new(threads.clone()),
        Box::new(open_fds.clone()),
        Box::new(max_fds.clone()),
        Box::new(start.clone()),
    ];
    register_sampled(registry, all, move || {
        let stat = read("stat");
        cpu.inc_by((cpu_seconds(&stat) - cpu.get()).max(0.0));
        start.set(start_seconds(&stat, &fs::read_to_string("/proc/stat").unwrap_or_default()));
        let status = read("status");
        resident.set(field(&status, "VmRSS:") * 1024);
        virtual_.set(field(&status, "VmSize:") * 1024);
        threads.set(field(&status, "Threads:"));
        max_fds.set(field(&read("limits"), "Max open files"));
        open_fds.set(fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as i64));
    })
}

fn read(file: &str) -> String {
    fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default()
}

/// The first number after a line's name.
fn field(text: &str, name: &str) -> i64 {
    let rest = text.lines().find_map(|line| line.strip_prefix(name));
    let number = rest.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A field of `stat`, counted from 1 as its manual does. The second, the
/// program's name in brackets, may hold spaces.
fn stat_field(stat: &str, number: usize) -> f64 {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let field = after_name.split_whitespace().nth(number.saturating_sub(3));
    field.and_then(|field| field.parse().ok()).unwrap_or(0.0)
}

fn cpu_seconds(stat: &str) -> f64 {
    (stat_field(stat, 14) + stat_field(stat, 15)) / TICKS
}

fn start_seconds(stat: &str, system: &str) -> i64 {
    field(system, "btime") + (stat_field(stat, 22) / TICKS) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_name_with_spaces_and_brackets_shifts_no_field() {
        let stat = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 9 0 1234 0";
        assert_eq!(cpu_seconds(stat), 3.0);
        assert_eq!(start_seconds(stat, "cpu 1\nbtime 1000\n"), 1012);
    }

    #[test]
    fn the_process_measures_itself() {
        let registry = Registry::new();
        register_vitals(&registry).unwrap();
        let families = registry.gather();
        let value = |name: &str| {
            let family = families.iter().find(|family| family.name() == name).unwrap();
            family.get_metric()[0].get_gauge().get_value()
        };
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_threads") >= 1.0 && value("process_max_fds") >= 64.0);
        assert!(value("process_start_time_seconds") > 1.6e9);
    }
}
