//! nginx in front of a site: it ends TLS, strips a path prefix, or spreads requests over several instances.

use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest as _, Sha256};

use super::process::{Folder, Process, free_port};

pub(crate) struct Nginx {
    process: Process,
    folder: Folder,
    port: u16,
    plan: Plan,
}

/// A proxy that is not started yet: its address is what a redirect URI is made of.
pub(crate) struct Plan {
    port: u16,
    tls: bool,
    /// The argument that lets Chromium accept the certificate.
    trust: String,
    certificate: String,
    key: String,
}

impl Plan {
    pub(crate) fn http() -> Self {
        let empty = String::new;
        Self { port: free_port(), tls: false, trust: empty(), certificate: empty(), key: empty() }
    }

    /// With a certificate of its own for `127.0.0.1`.
    pub(crate) fn https() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap().pem();
        let pin = BASE64_STANDARD.encode(Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&key)));
        let trust = format!("--ignore-certificate-errors-spki-list={pin}");
        Self { port: free_port(), tls: true, trust, certificate, key: key.serialize_pem() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http{}://127.0.0.1:{}", if self.tls { "s" } else { "" }, self.port)
    }

    /// The argument with which Chromium trusts this certificate, and no other beside the usual ones.
    pub(crate) fn trust(&self) -> &str {
        &self.trust
    }

    /// Starts it with these `location` blocks before these instances, each `127.0.0.1:PORT`.
    pub(crate) async fn start(self, locations: &str, instances: &[&str]) -> Nginx {
        let folder = Folder::new();
        let at = folder.path().display();
        std::fs::write(folder.path().join("key.pem"), &self.key).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), &self.certificate).unwrap();
        let (ssl, lines) = if self.tls {
            (" ssl", format!("ssl_certificate {at}/certificate.pem; ssl_certificate_key {at}/key.pem;"))
        } else {
            ("", String::new())
        };
        let servers: String = instances.iter().map(|it| format!("server {it} max_fails=0;")).collect();
        let port = self.port;
        let configuration = format!(
            "worker_processes 1; daemon off; master_process off; pid {at}/pid; error_log stderr;
             events {{ worker_connections 256; }}
             http {{
               log_format instances '$upstream_addr $request_method $uri';
               access_log {at}/access.log instances;
               client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;
               uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
               proxy_http_version 1.1;
               proxy_set_header Host $http_host;
               proxy_set_header X-Forwarded-Proto $scheme;
               proxy_next_upstream error timeout non_idempotent;
               upstream site {{ {servers} }}
               server {{ listen 127.0.0.1:{port}{ssl}; {lines} {locations} }}
             }}"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file).args(["-e", "stderr"]);
        let process = Process::start(&mut command, "install it with `apt-get install nginx`");
        let mut nginx = Nginx { process, folder, port, plan: self };
        nginx.answers().await;
        nginx
    }
}

impl Nginx {
    /// Waits until it accepts connections.
    async fn answers(&mut self) {
        loop {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            assert!(self.process.runs(), "nginx has ended: {:?}", self.process.lines());
            tokio::time::sleep(core::time::Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn url(&self) -> String {
        self.plan.url()
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.plan.url())
    }

    pub(crate) fn trust(&self) -> &str {
        self.plan.trust()
    }

    /// A line for each request: the instance that answered it, its method and its path.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("access.log")).unwrap()
    }
}
