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
