//! The owner of the records that this process writes: machine, boot, process and source.

use core::hash::Hasher;
use std::sync::LazyLock;

use siphasher::sip::SipHasher24;
use wellspring_core::Owner;

/// The owner for a source of this process. `source` is a random number.
pub(crate) fn here(source: u64) -> Owner {
    static MACHINE: LazyLock<(u64, u128)> = LazyLock::new(|| (machine(), boot()));
    let (machine, boot) = *MACHINE;
    Owner { machine, boot, process: std::process::id(), source }
}

/// The machine's own id is confidential: records hold a keyed hash of it, which serves only this purpose.
fn machine() -> u64 {
    let known = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    let id = known.iter().find_map(|path| std::fs::read(path).ok()).filter(|id| id.len() >= 32);
    let Some(id) = id.or_else(host_name) else { return 0 };
    let mut hasher = SipHasher24::new_with_keys(0x7765_6c6c_7370_7269, 0x6e67_2d6f_776e_6572);
    hasher.write(id.trim_ascii());
    hasher.finish().max(1)
}

#[cfg(unix)]
fn host_name() -> Option<Vec<u8>> {
    Some(rustix::system::uname().nodename().to_bytes().to_vec()).filter(|name| !name.is_empty())
}

#[cfg(not(unix))]
fn host_name() -> Option<Vec<u8>> {
    #[expect(clippy::disallowed_methods, reason = "the only source of the machine's name here")]
    let name = std::env::var_os("COMPUTERNAME")?;
    Some(name.into_encoded_bytes())
}

/// The id of this boot of the machine; zero where the system has none.
fn boot() -> u128 {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).collect();
    u128::from_str_radix(&digits, 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sources_of_one_process_differ_only_in_their_number() {
        let (one, two) = (here(1), here(2));
        assert_eq!(Owner { source: 2, ..one }, two);
        assert_ne!(one.machine, 0);
    }
}
