//! The program, run in a folder of its own with an environment of its own.

use core::sync::atomic::{AtomicU32, Ordering};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The client secret of every profile here. It must never be printed.
pub(crate) const SECRET: &str = "sentinel-of-a-client-secret-0123456789";
pub(crate) const CLIENT: &str = "client_of_this_test";

/// A folder that is deleted after the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A folder with this `wellspring.toml` in it.
    pub(crate) fn with(configuration: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("login-web-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("wellspring.toml"), configuration).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_login-web"));
        command.args(arguments).current_dir(&self.0).env_clear().env("APP_SECRET", SECRET);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end: status, standard output, standard error. A site that starts is killed: no status.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut child = self.command(arguments).spawn().unwrap();
        let mut out = String::new();
        if BufReader::new(child.stdout.take().unwrap()).read_line(&mut out).unwrap() > 0 {
            child.kill().unwrap();
        }
        let ended = child.wait_with_output().unwrap();
        (ended.status.code(), out, String::from_utf8(ended.stderr).unwrap())
    }

    /// Runs it with this profile, on any port.
    pub(crate) fn site(&self, profile: &str) -> Site {
        let config = ["--config", "wellspring.toml", "--profile", profile, "--listen", "127.0.0.1:0"];
        let mut site = Site::of(&mut self.command(&config));
        let registered = site.line();
        site.redirect_uri =
            after(&registered, "The redirect URI, to be registered at the server to the byte: ");
        let address = site.line();
        site.address = after(&address, "It has to lead to ").trim_end_matches('/').to_owned();
        site
    }

    /// Runs it without a configuration, and with this in `RUST_LOG`.
    pub(crate) fn site_with_log(&self, directives: &str) -> Site {
        Site::of(self.command(&[]).env("RUST_LOG", directives))
    }

    /// Runs it without a configuration.
    pub(crate) fn site_without_profile(&self, arguments: &[&str]) -> Site {
        Site::of(&mut self.command(arguments))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running site.
pub(crate) struct Site {
    child: Child,
    out: BufReader<ChildStdout>,
    output: String,
    /// The URL to open, without a trailing slash.
    pub(crate) url: String,
    pub(crate) redirect_uri: String,
    /// The URL of the port.
    pub(crate) address: String,
}

impl Site {
    fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let empty = String::new;
        let mut site =
            Self { child, out, output: empty(), url: empty(), redirect_uri: empty(), address: empty() };
        let first = site.line();
        let url = after(&first, "Open ");
        url.strip_suffix("/ in a browser. Ctrl-C ends it.").unwrap().clone_into(&mut site.url);
        site.address.clone_from(&site.url);
        site
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        if self.out.read_line(&mut line).unwrap() == 0 {
            let mut errors = String::new();
            self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            panic!("{}{errors}", self.output);
        }
        self.output.push_str(&line);
        line.trim_end().to_owned()
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
    }

    /// The exit status, at its end.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// The exit status and the whole output, at its end.
    pub(crate) fn ended_with_output(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap().code();
        (status, self.rest())
    }

    /// Kills it and returns its whole output.
    pub(crate) fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.rest()
    }

    fn rest(&mut self) -> String {
        self.out.read_to_string(&mut self.output).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut self.output).unwrap();
        core::mem::take(&mut self.output)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn after(line: &str, start: &str) -> String {
    line.strip_prefix(start).unwrap_or_else(|| panic!("{line:?} does not start with {start:?}")).to_owned()
}
