//! Private servers of Redis: alone, watched by a Sentinel, or as nodes of a cluster.

use core::time::Duration;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::clock::eventually;
use crate::process::{Process, free_port, signal, stop};

/// The package of Debian and its derivatives.
const PACKAGE: &str = "redis-server";

/// A Redis of a test's own. It ends when this is dropped. It saves its data only when told.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    tls: bool,
    password: Option<String>,
    arguments: Vec<String>,
    process: Option<Process>,
}

impl RedisServer {
    /// Starts a server with the defaults.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with these arguments, such as `["--requirepass", "secret"]`.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::launch(arguments, None)
    }

    /// Starts a server that speaks only TLS, with this certificate and key, both in PEM.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start_with_tls(certificate: &str, key: &str) -> Self {
        Self::launch(&[], Some((certificate, key)))
    }

    /// Starts a replica of this server.
    ///
    /// # Panics
    ///
    /// When it does not start, or does not reach the server.
    #[must_use]
    pub fn replica(&self) -> Self {
        let replica = Self::start_with(&[
            "--replicaof",
            "127.0.0.1",
            &self.port.to_string(),
            "--repl-diskless-sync-delay",
            "0",
        ]);
        eventually("the replication", || {
            replica.command(&["INFO", "replication"]).contains("master_link_status:up").then_some(())
        });
        replica
    }

    /// Starts nodes that are a cluster, each with as many of the slots.
    ///
    /// # Panics
    ///
    /// When they do not start.
    #[must_use]
    pub fn cluster(nodes: u16) -> Vec<Self> {
        let servers: Vec<Self> = (0..nodes)
            .map(|_| Self::start_with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]))
            .collect();
        for (n, server) in (0..nodes).zip(&servers) {
            let slot = |n: u16| (u32::from(n) * 16384 / u32::from(nodes)).to_string();
            let last = (slot(n + 1).parse::<u32>().unwrap_or(1) - 1).to_string();
            server.command(&["CLUSTER", "ADDSLOTSRANGE", &slot(n), &last]);
            server.command(&["CLUSTER", "MEET", "127.0.0.1", &servers[0].port.to_string()]);
        }
        for server in &servers {
            eventually("the cluster", || {
                server.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok").then_some(())
            });
        }
        servers
    }

    fn launch(arguments: &[&str], certificate: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let password = arguments.iter().position(|word| *word == "--requirepass").map(|at| arguments[at + 1]);
        let mut arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        for (name, file, text) in certificate.iter().flat_map(|(certificate, key)| {
            [("--tls-cert-file", "server.crt", certificate), ("--tls-key-file", "server.key", key)]
        }) {
            let path = folder.path().join(file);
            fs::write(&path, text).expect("a file can be written");
            arguments.extend([name.to_owned(), path.display().to_string()]);
        }
        if certificate.is_some() {
            let authority = folder.path().join("server.crt").display().to_string();
            arguments.extend(["--tls-ca-cert-file".to_owned(), authority]);
            arguments.extend(["--tls-auth-clients", "no"].map(str::to_owned));
        }
        let password = password.map(str::to_owned);
        let tls = certificate.is_some();
        let mut server = Self { folder, port: 0, tls, password, arguments, process: None };
        // A port that is free now may be taken before the server has it.
        let started = (0..8).any(|_| {
            server.port = free_port();
            server.run()
        });
        assert!(started, "Redis does not start: {}", server.log());
        server
    }

    /// Starts the process, and waits until it answers. Returns `false` if it ends instead.
    fn run(&mut self) -> bool {
        let mut command = Command::new("redis-server");
        let (port, tls_port) = if self.tls { (0, self.port) } else { (self.port, 0) };
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        if self.tls {
            command.args(["--tls-port", &tls_port.to_string()]);
        }
        command.arg("--dir").arg(self.folder.path()).args(&self.arguments);
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log"));
        command.stdin(Stdio::null()).stdout(log.expect("the log can be opened")).stderr(Stdio::null());
        let mut process = Process::start(&mut command, PACKAGE);
        let runs = eventually("the start of Redis", || match process.has_ended() {
            true => Some(false),
            false => answers(self.port, self.tls).then_some(true),
        });
        self.process = Some(process);
        runs
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the server, without a login.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs a command with `redis-cli` and returns what that prints.
    ///
    /// # Panics
    ///
    /// When the server cannot be reached, or returns an error.
    #[expect(clippy::must_use_candidate, reason = "most commands are for their effect")]
    pub fn command(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string(), "-e", "--no-auth-warning"]).args(words);
        if let Some(password) = &self.password {
            command.env("REDISCLI_AUTH", password);
        }
        let output =
            command.output().unwrap_or_else(|error| panic!("redis-cli: {error}; install `{PACKAGE}`"));
        let printed = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        assert!(output.status.success(), "{words:?}: {printed} {}", String::from_utf8_lossy(&output.stderr));
        printed
    }

    /// How often the server has carried out each command, without those that read this.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, u64)> {
        let line = |line: &str| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
        };
        let printed = self.command(&["INFO", "commandstats"]);
        printed
            .lines()
            .filter_map(line)
            .filter(|(name, _)| name != "info" && !name.starts_with("config"))
            .collect()
    }

    /// Begins to count the commands anew.
    pub fn reset_calls(&self) {
        self.command(&["CONFIG", "RESETSTAT"]);
    }

    /// Saves the data into the file that this returns.
    #[must_use]
    pub fn save(&self) -> PathBuf {
        self.command(&["SAVE"]);
        self.dump()
    }

    fn dump(&self) -> PathBuf {
        self.folder.path().join("dump.rdb")
    }

    /// The folder with the files of the server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn ids(&self) -> Vec<u32> {
        self.process.iter().map(|process| process.0.id()).collect()
    }

    /// Stops the server where it is (SIGSTOP), until [`resume`](Self::resume).
    pub fn pause(&self) {
        stop(&self.ids());
    }

    /// Lets a paused server go on.
    pub fn resume(&self) {
        signal("CONT", &self.ids());
    }

    /// Kills the server, as a sudden end of its machine would.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts a killed server again, on the same port, with the data that it saved last.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&mut self) {
        eventually("the port of Redis", || self.run().then_some(()));
    }

    /// Kills the server and starts it again with the data in this file; empty without one.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again_from(&mut self, dump: Option<&Path>) {
        self.kill();
        match dump {
            Some(dump) if dump == self.dump() => {}
            Some(dump) => drop(fs::copy(dump, self.dump()).expect("the dump can be copied")),
            None => drop(fs::remove_file(self.dump())),
        }
        self.start_again();
    }
}

/// Whether a server answers on this port.
fn answers(port: u16, tls: bool) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = [0; 5];
    let timed = stream.set_read_timeout(Some(Duration::from_secs(5)));
    // A server with a password refuses the command, which is an answer too.
    tls || timed.is_ok()
        && stream.write_all(b"PING\r\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && (&answer == b"+PONG" || &answer == b"-NOAU")
}

/// A Sentinel of a test's own, which watches one primary and replaces it soon. It ends when this is dropped.
#[derive(Debug)]
pub struct RedisSentinel {
    port: u16,
    password: String,
    _folder: TempDir,
    _process: Process,
}

impl RedisSentinel {
    /// Starts a Sentinel that knows this primary by this name.
    ///
    /// # Panics
    ///
    /// When it does not start, or does not find a replica of the primary.
    #[must_use]
    pub fn start(name: &str, primary: &RedisServer) -> Self {
        Self::start_with_password(name, primary, "")
    }

    /// Starts one that asks its clients for this password.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_with_password(name: &str, primary: &RedisServer, password: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (path, port) = (folder.path().join("sentinel.conf"), free_port());
        let configuration = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {name} 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 3000\n\
             requirepass \"{password}\"\n",
            folder.path().display(),
            primary.port,
        );
        fs::write(&path, configuration).expect("a file can be written");
        let mut command = Command::new("redis-server");
        command.arg(&path).arg("--sentinel").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Process::start(&mut command, PACKAGE);
        eventually("the start of a Sentinel", || {
            assert!(!process.has_ended(), "the Sentinel does not start");
            answers(port, false).then_some(())
        });
        let password = password.to_owned();
        let sentinel = Self { port, password, _folder: folder, _process: process };
        eventually("the Sentinel's look at the replicas", || {
            sentinel.ask(&["SENTINEL", "REPLICAS", name]).contains("master-link-status").then_some(())
        });
        sentinel
    }

    fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        if !self.password.is_empty() {
            command.env("REDISCLI_AUTH", &self.password);
        }
        let output = command.args(["-p", &self.port.to_string()]).args(words).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Waits until the primary of this name is at this port.
    ///
    /// # Panics
    ///
    /// When that does not happen.
    pub fn wait_for_primary(&self, name: &str, port: u16) {
        eventually("the failover", || {
            let answer = self.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
            answer.lines().any(|line| line == port.to_string()).then_some(())
        });
    }
}
