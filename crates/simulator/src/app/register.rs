//! Registration of applications: an envelope of its own, with `success: false` under status 200.

use core::time::Duration;

use crate::config::OauthClient;
use crate::document::Document;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

fn refused(status: u16, message: &str, decision: &str) -> Reply {
    Reply::json(status, Document::new().bool("success", false).string("message", message), decision)
}

pub(super) fn answer(providers: &mut Providers, request: &Request, now: Duration) -> Reply {
    if request.authorization("Bearer") != Some(&providers.config.app.developer_token) {
        return refused(401, "Invalid access token", "wrong developer token");
    }
    let body = request.json_object().unwrap_or_default();
    let text = |name| body.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let (name, redirect_uri) = (text("name"), text("redirect_uri"));
    if name.is_empty() {
        return refused(200, "Application name is required", "refused: no name");
    }
    let loopback = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
    let on_loopback = loopback
        .iter()
        .any(|host| redirect_uri.strip_prefix(host).is_some_and(|rest| rest.starts_with([':', '/'])));
    if !redirect_uri.starts_with("https://") && !on_loopback {
        return refused(200, "Invalid redirect_uri", "refused: redirect_uri is neither https nor loopback");
    }
    let client_id = format!("client_{}", providers.mint.token());
    let client_secret = format!("secret_{}", providers.mint.token());
    let clients = &mut providers.config.app.clients;
    clients.push(OauthClient::confidential(&client_id, &client_secret, redirect_uri));
    let app = Document::new()
        .number("id", clients.len() as u64)
        .string("name", name)
        .string("client_id", &client_id)
        .string("client_secret", &client_secret)
        .string("redirect_uri", redirect_uri)
        .number("created_time", now.as_secs());
    let body = Document::new()
        .bool("success", true)
        .string("message", "Application created successfully")
        .object("data", app);
    Reply::tokens(200, body, "application registered")
}
