//! A private PgBouncer in front of a private Postgres.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;

use crate::clock::eventually;
use crate::postgres::PostgresServer;
use crate::process::{Process, Unprivileged, command_as, free_port, give};

/// A PgBouncer of a test's own. It ends when this is dropped. Any user and password are let in.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    _process: Process,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts a pooler for this server. `mode` is `transaction` or `session`; `size` is the number of its connections to
    /// the server.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(server: &PostgresServer, mode: &str, size: u32) -> Self {
        let (user, port) = (Unprivileged::find(), free_port());
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("pgbouncer.ini");
        let configuration = format!(
            "[databases]\n* = {}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n\
             unix_socket_dir =\npool_mode = {mode}\ndefault_pool_size = {size}\nmax_client_conn = 200\n\
             logfile = {}\n",
            server.for_pooler(),
            folder.path().join("log").display(),
        );
        fs::write(&path, configuration).expect("a file can be written");
        give(folder.path(), user);
        let mut command = command_as(&PathBuf::from("pgbouncer"), user);
        command.arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(folder.path());
        let mut process = Process::start(&mut command, "pgbouncer");
        eventually("the start of PgBouncer", || {
            let log = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(!process.has_ended(), "PgBouncer does not start: {}", log());
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self { port, _process: process, _folder: folder }
    }

    /// The URL of a database behind the pooler.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}
