//! `oidc-provider`, a certified server, with its own pages. `cargo xtask browser` installs it below the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use fantoccini::Locator;
use oauth2_app::{App, AppBuilder};
use serde_json::{Value, json};

use super::process::Process;
use crate::chromium::Chromium;

pub(crate) const CLIENT: &str = "site-at-the-certified-server";
pub(crate) const SECRET: &str = "secret-of-the-site-at-the-certified-server";

pub(crate) struct Oidc {
    process: Process,
    url: String,
}

impl Oidc {
    /// A server that knows one site by this redirect URI. After a logout it sends browsers to `home`.
    pub(crate) async fn start(redirect_uri: &str, home: &str) -> Self {
        Self::knows(CLIENT, SECRET, redirect_uri, home).await
    }

    /// With another name and secret.
    pub(crate) async fn knows(client: &str, secret: &str, redirect_uri: &str, home: &str) -> Self {
        Self::with(&[json!({
            "client_id": client,
            "client_secret": secret,
            "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [home],
            "grant_types": ["authorization_code", "refresh_token"],
        })])
        .await
    }

    async fn with(clients: &[Value]) -> Self {
        let mut node = Command::new("node");
        // The package is found from the folder that the program runs in.
        node.args(["--input-type=module", "-e", include_str!("oidc.js")]).arg(json!(clients).to_string());
        node.current_dir(folder());
        let mut process = Process::start(&mut node, "install Node.js 20 or later");
        let port = process.says(|line| line.strip_prefix("listening ").map(str::to_owned)).await;
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How often it has said this, for example `POST /token/revocation` or `revoked grant`.
    pub(crate) fn said(&self, line: &str) -> usize {
        self.process.lines().iter().filter(|said| *said == line).count()
    }

    /// What it has said, for the message of a failed assertion.
    pub(crate) fn log(&self) -> String {
        self.process.lines().join("\n")
    }

    /// The application of the site, as the server knows it.
    pub(crate) fn app(&self, redirect_uri: &str) -> AppBuilder {
        let at = |path: &str| format!("{}{path}", self.url);
        App::builder()
            .authorize_url(at("/auth"))
            .token_url(at("/token"))
            .userinfo_url(at("/me"))
            .revocation_url(at("/token/revocation"))
            .client_id(CLIENT)
            .client_secret(SECRET)
            .redirect_uri(redirect_uri)
            .scopes(["openid", "profile", "email"])
    }
}

/// Where npm has installed the server.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("certified");
    assert!(
        folder.join("node_modules/oidc-provider").is_dir(),
        "there is no oidc-provider in {}: `cargo xtask browser` installs it",
        folder.display()
    );
    folder
}

impl Chromium {
    /// Fills in the server's login page, and allows what its consent page asks for.
    pub(crate) async fn logs_in_as(&self, name: &str) {
        self.fills_in("login", name).await;
        self.fills_in("password", "any").await;
        self.submits("login").await;
        self.submits("consent").await;
    }

    async fn fills_in(&self, field: &str, text: &str) {
        self.wait_for(&format!("input[name={field}]")).await;
        let field = self.client.find(Locator::Css(&format!("input[name={field}]"))).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Submits the form of this prompt of the server.
    pub(crate) async fn submits(&self, prompt: &str) {
        self.wait_for(&format!("input[name=prompt][value={prompt}]")).await;
        self.client.find(Locator::Css("button[type=submit]")).await.unwrap().click().await.unwrap();
    }
}
