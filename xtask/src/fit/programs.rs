//! The programs of the gate: what each has already, which crates of this workspace it adds, and what must come out.

/// A program of another project.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// Its own lines of dependencies.
    pub(super) brings: &'static str,
    /// The crates of this workspace that it adds, with their features.
    pub(super) adds: &'static [(&'static str, &'static str)],
    /// The packages of which it may have only one version, which is printed.
    pub(super) shows: &'static [&'static str],
    /// Its source, which must compile.
    pub(super) main: &'static str,
    /// Whether it is run, and must end well.
    pub(super) runs: bool,
}

/// Opens a store in a new database.
const OPENS: &str = r#"
fn main() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("store");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir(&folder).unwrap();
    wellspring_store_sqlite::SqliteStore::open(folder.join("tokens.db")).unwrap();
}
"#;
const SQLITE: Program = Program {
    name: "",
    brings: "",
    adds: &[("wellspring-store-sqlite", "")],
    shows: &["rusqlite", "libsqlite3-sys"],
    main: OPENS,
    runs: true,
};

/// A server for one request.
pub(super) const SERVER: &str = r#"
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = server.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
    });
"#;

/// Its own client calls a server on this machine, as it did before it added anything.
const CALLS: &str = r#"
#[tokio::main(flavor = "current_thread")]
async fn main() {
    PROVIDER
    SERVER
    let answer = reqwest::Client::new().get(url).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "hi");
}
"#;
const REQWEST: Program = Program {
    name: "",
    brings: "",
    adds: &[("wellspring-transport-async", "reqwest")],
    shows: &["reqwest"],
    main: CALLS,
    runs: true,
};

/// Its own agent does the same in blocking code.
const CALLS_BLOCKING: &str = r#"
fn main() {
    PROVIDER
    SERVER
    let mut answer = ureq::get(url).call().unwrap();
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "hi");
}
"#;
const UREQ: Program = Program {
    name: "",
    brings: "",
    adds: &[("wellspring-transport-blocking", "ureq")],
    shows: &["ureq"],
    main: CALLS_BLOCKING,
    runs: true,
};

/// It lets rustls choose the provider, which rustls does where exactly one is compiled in.
const CHOOSES: &str = r#"
fn main() {
    let builder = rustls::ClientConfig::builder();
    drop(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth());
}
"#;

const SESSIONS: Program = Program {
    name: "",
    brings: "",
    adds: &[("oauth2-app-axum", "")],
    shows: &["tower-sessions-core", "axum"],
    main: "",
    runs: false,
};

pub(super) const PROGRAMS: [Program; 22] = [
    Program {
        name: "sqlx-08",
        brings: "sqlx = { version = \"0.8\", default-features = false, features = [\"sqlite\"] }",
        ..SQLITE
    },
    Program {
        name: "sqlx-09",
        brings: "sqlx = { version = \"0.9\", default-features = false, features = [\"sqlite\"] }",
        ..SQLITE
    },
    Program {
        name: "diesel-2",
        brings: "diesel = { version = \"2\", default-features = false, features = [\"sqlite\"] }",
        ..SQLITE
    },
    Program { name: "rusqlite-032", brings: "rusqlite = \"0.32\"", ..SQLITE },
    Program { name: "rusqlite-037", brings: "rusqlite = \"0.37\"", ..SQLITE },
    Program { name: "rusqlite-043", brings: "rusqlite = \"0.43\"", ..SQLITE },
    Program {
        name: "reqwest-without-tls",
        brings: "reqwest = { version = \"0.13\", default-features = false }",
        ..REQWEST
    },
    Program {
        name: "reqwest-native-tls",
        brings: "reqwest = { version = \"0.13\", default-features = false, features = [\"native-tls\"] }",
        ..REQWEST
    },
    Program { name: "reqwest-rustls", brings: "reqwest = \"0.13\"", ..REQWEST },
    Program {
        name: "reqwest-rustls-no-provider",
        brings: "reqwest = { version = \"0.13\", default-features = false, features = [\"rustls-no-provider\"] }\n\
                 rustls = { version = \"0.23\", default-features = false, features = [\"ring\"] }",
        ..REQWEST
    },
    Program {
        name: "ureq-without-tls",
        brings: "ureq = { version = \"3\", default-features = false }",
        ..UREQ
    },
    Program {
        name: "ureq-native-tls",
        brings: "ureq = { version = \"3\", default-features = false, features = [\"native-tls\"] }",
        ..UREQ
    },
    Program { name: "ureq-rustls", brings: "ureq = \"3\"", ..UREQ },
    Program {
        name: "ureq-rustls-no-provider",
        brings: "ureq = { version = \"3\", default-features = false, features = [\"rustls-no-provider\"] }\n\
                 rustls = { version = \"0.23\", default-features = false, features = [\"ring\"] }",
        ..UREQ
    },
    Program {
        name: "rustls-ring",
        brings: "rustls = { version = \"0.23\", default-features = false, features = [\"ring\"] }",
        adds: &[("wellspring", "async,blocking")],
        shows: &["rustls"],
        main: CHOOSES,
        runs: true,
    },
    Program {
        name: "rustls-aws-lc-rs",
        brings: "rustls = \"0.23\"",
        adds: &[(
            "wellspring",
            "axum,async-without-tls,blocking-without-tls,profiles,rustls-aws-lc-rs,sqlite",
        )],
        shows: &["rustls"],
        main: CHOOSES,
        runs: true,
    },
    Program {
        name: "axum-and-tower",
        brings: "axum = \"0.8\"\ntower = \"0.5\"\nhttp = \"1\"",
        adds: &[("wellspring", "async,axum,tower")],
        shows: &["axum", "tower", "http"],
        main: "use wellspring::{AttachLayer, MappedBody, RepeatableBody, RequestBodies, SameBody, TokenSource}; \
               pub fn layer(source: TokenSource) -> AttachLayer { AttachLayer::new(source) } \
               pub fn bodies<B: RepeatableBody, R: RequestBodies<B>>(_: SameBody, _: MappedBody<R>) {} \
               pub fn service<S>(source: TokenSource, client: S) { use tower::Layer as _; \
               drop(AttachLayer::new(source).map_body(axum::body::Body::new).layer(client)); } \
               pub fn main() {}",
        runs: false,
    },
    Program {
        name: "tonic",
        brings: "tonic = { version = \"0.14\", default-features = false, features = [\"channel\"] }\ntower = \"0.5\"",
        adds: &[("wellspring-transport-async", "tower")],
        shows: &["tonic", "http"],
        main: "use tower::Layer as _; \
               pub fn channel(source: wellspring_transport_async::TokenSource, channel: tonic::transport::Channel) { \
               let layer = wellspring_transport_async::AttachLayer::new(source).map_body(tonic::body::Body::new); \
               drop(tonic::client::Grpc::new(layer.layer(channel))); } pub fn main() {}",
        runs: false,
    },
    Program {
        name: "session-store-sqlx",
        brings: "tower-sessions-sqlx-store = { version = \"0.15\", features = [\"sqlite\"] }",
        main: "pub fn with(site: oauth2_app_axum::Builder, store: tower_sessions_sqlx_store::SqliteStore) \
               -> oauth2_app_axum::Builder { site.sessions(store) } pub fn main() {}",
        ..SESSIONS
    },
    Program {
        name: "session-store-redis",
        brings: "tower-sessions-redis-store = \"0.16\"",
        main: "type Store = tower_sessions_redis_store::RedisStore<tower_sessions_redis_store::fred::prelude::Pool>; \
               pub fn with(site: oauth2_app_axum::Builder, store: Store) -> oauth2_app_axum::Builder { site.sessions(store) } \
               pub fn main() {}",
        ..SESSIONS
    },
    Program {
        name: "session-store-moka",
        brings: "tower-sessions-moka-store = \"0.15\"",
        main: "pub fn with(site: oauth2_app_axum::Builder, store: tower_sessions_moka_store::MokaStore) \
               -> oauth2_app_axum::Builder { site.sessions(store) } pub fn main() {}",
        ..SESSIONS
    },
    Program {
        name: "axum-login",
        brings: "axum-login = \"0.18\"\ntower-sessions = \"0.14\"",
        main: "pub fn with(site: oauth2_app_axum::Builder, store: axum_login::tower_sessions::MemoryStore) \
               -> oauth2_app_axum::Builder { site.sessions(store) } pub fn main() {}",
        ..SESSIONS
    },
];
