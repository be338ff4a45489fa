//! A renewal that no user waits for: another process of this command renews a token that is due, while this one has printed the
//! token and ends.

use std::path::Path;
use std::process::{Command, Stdio};

use wellspring_profiles::Profile;

use crate::arguments::Transport;
use crate::exit::Failure;
use crate::source::Source;

/// Starts a process that renews the token of this profile. It has no terminal, and holds nothing open that this process has
/// inherited. Without it the next command renews.
pub(crate) fn start(config: &Path, profile: &str, transport: Transport) {
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = Command::new(program);
    command.arg("--config").arg(config).args(["token", profile, "--transport", transport.name()]);
    // `token --behind` is `renew`.
    command.arg("--behind");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        // Ctrl-C at the terminal does not reach it.
        command.process_group(0);
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
    }
    let _ = command.spawn();
}

/// Renews the token if it is due, and waits for the end of the renewal.
pub(crate) fn renew(profile: &Profile, transport: Transport) -> Result<(), Failure> {
    let source = Source::renewing_early(profile, transport)?;
    source.renew_early();
    Ok(())
}
