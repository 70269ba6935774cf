//! A name for this process.

/// Tells this process from others, on this machine and elsewhere.
pub(crate) fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let drawn = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    format!("{}-{}-{}", host.trim(), std::process::id(), drawn.trim())
}
