//! Runs the binary in its own folder with a clean environment.

use core::sync::atomic::{AtomicU32, Ordering};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use wellspring_simulator::Simulator;

/// A folder that is removed at the end of the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A folder with this `wellspring.toml` in it.
    pub(crate) fn with(configuration: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("wellspring-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.write("wellspring.toml", configuration);
        folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wellspring"));
        command.args(arguments).current_dir(&self.0).env_clear().stdin(Stdio::null());
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The exit status and the output of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A child process that is killed at the end of the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts a command and reads its first line.
    pub(crate) fn start(command: &mut Command) -> (Self, String) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        // Read the rest too, so that the child does not write into a closed pipe.
        std::thread::spawn(move || stdout.read_to_string(&mut String::new()));
        (Self(child), line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until this condition is true, for a minute at most.
pub(crate) fn eventually(condition: impl Fn() -> bool) -> bool {
    let clock = wellspring_simulator::SimClock::system();
    let end = clock.now() + core::time::Duration::from_secs(60);
    while clock.now() < end {
        if condition() {
            return true;
        }
        std::thread::park_timeout(core::time::Duration::from_millis(20));
    }
    false
}

/// Profiles for a simulator: shop, app, user and chain.
pub(crate) fn profiles(simulator: &Simulator) -> String {
    let url = simulator.url();
    format!(
        r#"
[profile.shop]
provider = "pix-bacen"
base_url = "{url}"
client_id = "your-client-id"
client_secret = "your-client-secret"
[profile.app]
provider = "oauth2-app"
token_url = "{url}/api/oauth2/token"
userinfo_url = "{url}/api/oauth2/userinfo"
grant_type = "client_credentials"
token_endpoint_auth_method = "client_secret_basic"
client_id = "client_abc123def456"
client_secret = "secret_xyz789uvw012"
[profile.user]
provider = "oauth2-app"
preset = "aihubmix"
base_url = "{url}"
client_id = "client_abc123def456"
client_secret = "secret_xyz789uvw012"
redirect_uri = "https://yourapp.com/oauth/callback"
scopes = ["profile", "balance"]
[profile.chain]
provider = "hive-auth"
base_url = "{url}"
api_urls = ["{url}"]
id = "test"
secret_key = "1234"
"#
    )
}

/// A simulator and a folder with profiles for it.
pub(crate) fn stage() -> (Simulator, Folder) {
    let simulator = Simulator::start().unwrap();
    let folder = Folder::with(&profiles(&simulator));
    (simulator, folder)
}
