//! The signals that end a program. The tests of the example `login-web` include this file too.

/// The signals that end a program, and the exit status for each.
pub(crate) const SIGNALS: [(&str, i32); 4] = [("HUP", 129), ("INT", 130), ("QUIT", 131), ("TERM", 143)];

/// Other signals that end a program that does not handle them, by number, and the exit status for each.
#[cfg(target_os = "linux")]
pub(crate) const OTHER_SIGNALS: [(&str, i32); 9] = [
    ("USR1", 138),
    ("USR2", 140),
    ("ALRM", 142),
    ("STKFLT", 144),
    ("XCPU", 152),
    ("VTALRM", 154),
    ("PROF", 155),
    ("29", 157),
    ("PWR", 158),
];
#[cfg(not(target_os = "linux"))]
pub(crate) const OTHER_SIGNALS: [(&str, i32); 0] = [];

/// Whether this process, and so a program that it starts, ignores the signal of this exit status from its start, as it ignores
/// SIGHUP under `nohup`.
pub(crate) fn is_ignored(status: i32) -> bool {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = text.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (status - 129) & 1 == 1
}
