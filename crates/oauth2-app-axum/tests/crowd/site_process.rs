//! A handle on the site's process: its URL and its memory.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

pub(crate) struct SiteProcess {
    pub(crate) url: String,
    child: Child,
    input: ChildStdin,
}

impl SiteProcess {
    /// Starts it, with its store in this folder.
    pub(crate) async fn start(folder: &std::path::Path) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        command.arg("site").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = output.next_line().await.unwrap().expect("the site prints its URL");
        let input = child.stdin.take().unwrap();
        Self { url, child, input }
    }

    /// Sends it the URL of the authorization server.
    pub(crate) async fn serve(&mut self, server: &str) {
        self.input.write_all(format!("{server}\n").as_bytes()).await.unwrap();
        self.input.flush().await.unwrap();
    }

    /// Its current and its peak memory, in MiB, if the system reports them.
    pub(crate) fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let kilobytes = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Some((kilobytes("VmRSS:")? / 1024, kilobytes("VmHWM:")? / 1024))
    }
}
