//! A private Postgres: its data in a folder of its own, on a free port of this machine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::clock::eventually;
use crate::process::{Process, Unprivileged, command_as, free_port, give, of_postgres, signal, stop};

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    lines: String,
    certificate: Option<(String, String)>,
}

impl Settings {
    /// A line of `postgresql.conf`, such as `synchronous_commit = off`.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push_str(line);
        self.lines.push('\n');
        self
    }

    /// TLS with this certificate and key, both PEM. The server then takes TCP connections only with TLS.
    #[must_use]
    pub fn tls(mut self, certificate: &str, key: &str) -> Self {
        self.certificate = Some((certificate.to_owned(), key.to_owned()));
        self
    }
}

/// A Postgres of a test's own. It ends when this is dropped.
///
/// The user `postgres` is its superuser and needs no password, so that a test does not spend its time on one: the
/// computation takes long in a build without optimizations. Every other user needs one over TCP.
#[derive(Debug)]
pub struct PostgresServer {
    folder: TempDir,
    user: Option<Unprivileged>,
    port: u16,
    process: Option<Process>,
}

/// The data of a stopped server, as it was at some moment.
#[derive(Debug)]
pub struct DataCopy(TempDir);

impl PostgresServer {
    /// Starts a server with the defaults.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&Settings::default())
    }

    /// Starts a server with these settings.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start_with(settings: &Settings) -> Self {
        let user = Unprivileged::find();
        let folder = tempfile::tempdir().expect("a folder can be made");
        give(folder.path(), user);
        let mut server = Self { folder, user, port: free_port(), process: None };
        let mut initdb = command_as(&of_postgres("initdb"), user);
        initdb.arg("--pgdata").arg(server.data());
        initdb.args(["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]);
        initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C"]).current_dir(server.folder.path());
        let made = initdb.output().unwrap_or_else(|error| {
            panic!("initdb does not start: {error}; install the package `postgresql`")
        });
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.configure(settings);
        server.run();
        server
    }

    fn configure(&self, settings: &Settings) {
        let mut lines = settings.lines.clone();
        // Less for a start; a test that is about durability says so.
        lines.insert_str(0, "shared_buffers = 16MB\nmax_connections = 120\n");
        if let Some((certificate, key)) = &settings.certificate {
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let path = self.data().join(name);
                fs::write(&path, text).expect("a file can be written");
                fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode can be set");
                give(&path, self.user);
            }
            lines.push_str("ssl = on\n");
        }
        let host = if settings.certificate.is_some() { "hostssl" } else { "host" };
        let access = format!(
            "local all all trust\n{host} all postgres 127.0.0.1/32 trust\n{host} all all 127.0.0.1/32 scram-sha-256\n"
        );
        fs::write(self.data().join("pg_hba.conf"), access).expect("a file can be written");
        let path = self.data().join("postgresql.conf");
        let before = fs::read_to_string(&path).expect("initdb has written it");
        fs::write(path, before + &lines).expect("a file can be written");
    }

    fn run(&mut self) {
        let mut command = command_as(&of_postgres("postgres"), self.user);
        let socket = self.folder.path();
        command.arg("-D").arg(self.data()).arg("-k").arg(socket).args(["-p", &self.port.to_string()]);
        let log = fs::OpenOptions::new().create(true).append(true).open(socket.join("log"));
        command.stdout(Stdio::null()).stderr(log.expect("the log can be opened")).current_dir(socket);
        self.process = Some(Process::start(&mut command, "postgresql"));
        eventually("the start of Postgres", || {
            let ended = self.process.as_mut().is_some_and(Process::has_ended);
            assert!(!ended, "Postgres does not start: {}", self.log());
            self.try_sql("postgres", "SELECT 1").ok()
        });
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the server's socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of a database of this server, for the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The URL of a database of this server, for this user.
    #[must_use]
    pub fn url_of(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates a user with this password, and these attributes, such as `SUPERUSER`.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub fn create_user(&self, name: &str, password: &str, attributes: &str) {
        self.sql("postgres", &format!("CREATE USER {name} PASSWORD '{password}' {attributes}"));
    }

    /// Runs SQL as the superuser and returns what it prints: a line for each row, `|` between columns.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    #[expect(clippy::must_use_candidate, reason = "many statements print nothing")]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut command = self.client("psql", database);
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"]);
        printed(command.args(["--command", sql]))
    }

    /// All that `pg_dump` prints of a database.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    #[must_use]
    pub fn dump(&self, database: &str) -> String {
        printed(&mut self.client("pg_dump", database)).unwrap_or_else(|error| panic!("pg_dump: {error}"))
    }

    fn client(&self, program: &str, database: &str) -> Command {
        let mut command = Command::new(of_postgres(program));
        command.arg("--host").arg(self.folder.path()).args(["--username", "postgres"]);
        command.args(["--port", &self.port.to_string(), "--dbname", database]);
        command
    }

    /// The server's processes: the first one and its children.
    fn processes(&self) -> Vec<u32> {
        let Some(first) = self.process.as_ref().map(|process| process.0.id()) else { return Vec::new() };
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|id| id.parse().ok());
        core::iter::once(first).chain(children).collect()
    }

    /// Stops every process of the server where it is (SIGSTOP), until [`resume`](Self::resume).
    pub fn pause(&self) {
        stop(&self.processes());
    }

    /// Lets a paused server go on.
    pub fn resume(&self) {
        signal("CONT", &self.processes());
    }

    /// Kills every process of the server, as a sudden end of its machine would.
    pub fn kill(&mut self) {
        let processes = self.processes();
        signal("KILL", &processes);
        self.process = None;
        eventually("the end of all processes of Postgres", || {
            let alive = |id: &u32| Path::new(&format!("/proc/{id}")).exists();
            // A killed child of a killed parent may stay as a zombie, which holds nothing.
            let runs = |id: &u32| {
                fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
            };
            (!processes.iter().any(|id| alive(id) && runs(id))).then_some(())
        });
    }

    /// Stops the server in order.
    ///
    /// # Panics
    ///
    /// When it does not stop.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        signal("INT", &[process.0.id()]);
        eventually("the end of Postgres", || process.has_ended().then_some(()));
    }

    /// Starts a server again that was stopped or killed, on the same port.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&mut self) {
        drop(fs::remove_file(self.data().join("postmaster.pid")));
        self.run();
    }

    /// A copy of the data. The server is stopped for it and started again.
    ///
    /// # Panics
    ///
    /// When the data cannot be copied.
    #[must_use]
    pub fn copy(&mut self) -> DataCopy {
        self.stop();
        let copy = DataCopy(tempfile::tempdir().expect("a folder can be made"));
        copy_folder(&self.data(), &copy.0.path().join("data"));
        self.start_again();
        copy
    }

    /// Kills the server and starts it again with the data of this copy.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn go_back_to(&mut self, copy: &DataCopy) {
        self.kill();
        fs::remove_dir_all(self.data()).expect("the data can be removed");
        copy_folder(&copy.0.path().join("data"), &self.data());
        self.start_again();
    }

    /// A line about the server for the configuration of a pooler: where it is, and as whom it is used.
    pub(crate) fn for_pooler(&self) -> String {
        format!("host=127.0.0.1 port={} user=postgres", self.port)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // A paused process takes no other signal.
        self.kill();
    }
}

fn copy_folder(from: &Path, to: &Path) {
    let mut command = Command::new("cp");
    command.arg("--archive").arg(from).arg(to);
    assert!(command.status().expect("cp can be run").success(), "the data cannot be copied");
}

fn printed(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{error}; install the package `postgresql`"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
