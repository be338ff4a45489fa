//! The crowd's hold on the site's process: where it listens, and how much memory it takes.

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
        let url = output.next_line().await.unwrap().expect("the site says where it listens");
        let input = child.stdin.take().unwrap();
        Self { url, child, input }
    }

    /// Tells it where people are signed in.
    pub(crate) async fn serve(&mut self, server: &str) {
        self.input.write_all(format!("{server}\n").as_bytes()).await.unwrap();
        self.input.flush().await.unwrap();
    }

    /// What it takes now and what it took at most, in MiB, where the system tells.
    pub(crate) fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let kilobytes = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Some((kilobytes("VmRSS:")? / 1024, kilobytes("VmHWM:")? / 1024))
    }
}
