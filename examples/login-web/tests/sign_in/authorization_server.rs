//! A small authorization server that shares no code with this project. It follows the standards where the simulator
//! follows the published pages: its issuer has a path, it requires PKCE with S256, sends `iss` in the callback (RFC
//! 9207), accepts the client secret only by Basic, and describes users as OpenID Connect does.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::browser::{decoded, parameter};

pub(crate) const ACCESS: &str = "foreign-access-token";
pub(crate) const REFRESH: &str = "foreign-refresh-token";

pub(crate) struct AuthorizationServer {
    pub(crate) issuer: String,
    known: Arc<Mutex<Known>>,
}

struct Known {
    client: String,
    secret: String,
    redirect_uri: String,
    /// The challenge of each unused code.
    codes: HashMap<String, String>,
    issued: u32,
    /// Whether a refresh token is granted beside the access token.
    refreshing: bool,
    /// Whether an id_token without a signature is granted beside the access token.
    forging: bool,
    /// Whether the access token has expired.
    expired: bool,
    revoked: Vec<String>,
    refusals: Vec<String>,
}

type Answer = (u16, String, String);

impl AuthorizationServer {
    pub(crate) fn start(client: &str, secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}/realms/demo", listener.local_addr().unwrap());
        let known = Arc::new(Mutex::new(Known {
            client: client.to_owned(),
            secret: secret.to_owned(),
            redirect_uri: String::new(),
            codes: HashMap::new(),
            issued: 0,
            refreshing: true,
            forging: false,
            expired: false,
            revoked: Vec::new(),
            refusals: Vec::new(),
        }));
        let (shared, name) = (known.clone(), issuer.clone());
        // The thread ends with the test process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &name, &shared);
            }
        });
        Self { issuer, known }
    }

    pub(crate) fn register(&self, redirect_uri: &str) {
        redirect_uri.clone_into(&mut self.known.lock().unwrap().redirect_uri);
    }

    pub(crate) fn refusals(&self) -> Vec<String> {
        self.known.lock().unwrap().refusals.clone()
    }

    /// Grants no refresh token from now on: the user has to sign in again when the access token expires.
    pub(crate) fn grants_no_refresh_token(&self) {
        self.known.lock().unwrap().refreshing = false;
    }

    /// Grants an id_token that proves nothing from now on.
    pub(crate) fn grants_a_forged_id_token(&self) {
        self.known.lock().unwrap().forging = true;
    }

    /// Expires the access token that was issued last.
    pub(crate) fn expire_access_token(&self) {
        self.known.lock().unwrap().expired = true;
    }

    /// The tokens that were revoked.
    pub(crate) fn revoked(&self) -> Vec<String> {
        self.known.lock().unwrap().revoked.clone()
    }

    pub(crate) fn secrets(&self) -> [String; 4] {
        let secret = self.known.lock().unwrap().secret.clone();
        [secret, ACCESS.to_owned(), REFRESH.to_owned(), "foreign-code".to_owned()]
    }
}

fn serve(mut stream: TcpStream, issuer: &str, known: &Mutex<Known>) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let request = loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = field(head, "content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                break text;
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (method, target) = head.split_once(' ').unwrap();
    let target = target.split(' ').next().unwrap();
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    let mut known = known.lock().unwrap();
    let form = |name: &str| parameter(&format!("?{body}"), name).unwrap_or_default();
    let (status, name, text) = match (method, path.strip_prefix("/realms/demo")) {
        ("GET", Some("/.well-known/openid-configuration")) => ok(metadata(issuer)),
        ("GET", Some("/authorize")) => known.authorize(issuer, target),
        ("POST", Some("/token")) => known.token(head, form),
        ("POST", Some("/revoke")) => known.revoke(head, form),
        ("GET", Some("/me")) => known.me(head),
        _ => (404, "Content-Type: text/html".to_owned(), "<h1>Not found</h1>".to_owned()),
    };
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 {status} -\r\n{name}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
    let _ = stream.write_all(answer.as_bytes());
}

fn field(head: &str, name: &str) -> Option<String> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .next()
}

fn ok(json: String) -> Answer {
    (200, "Content-Type: application/json;charset=UTF-8".to_owned(), json)
}

fn metadata(issuer: &str) -> String {
    format!(
        r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize","token_endpoint":"{issuer}/token",
        "userinfo_endpoint":"{issuer}/me","revocation_endpoint":"{issuer}/revoke","jwks_uri":"{issuer}/certs",
        "response_types_supported":["code"],"subject_types_supported":["public"],
        "id_token_signing_alg_values_supported":["RS256"],"code_challenge_methods_supported":["S256"],
        "token_endpoint_auth_methods_supported":["client_secret_basic"],
        "authorization_response_iss_parameter_supported":true}}"#
    )
}

impl Known {
    fn refuse(&mut self, status: u16, code: &str, reason: &str) -> Answer {
        self.refusals.push(format!("{code}: {reason}"));
        (status, "Content-Type: application/json".to_owned(), format!(r#"{{"error":"{code}"}}"#))
    }

    fn authorize(&mut self, issuer: &str, target: &str) -> Answer {
        let value = |name| parameter(target, name);
        if value("redirect_uri").as_deref() != Some(self.redirect_uri.as_str()) {
            return self.refuse(400, "invalid_request", "another redirect URI");
        }
        if value("client_id").as_deref() != Some(&*self.client)
            || value("response_type").as_deref() != Some("code")
        {
            return self.refuse(400, "unauthorized_client", "another client or response type");
        }
        let (Some(challenge), Some("S256")) =
            (value("code_challenge"), value("code_challenge_method").as_deref())
        else {
            return self.refuse(400, "invalid_request", "no PKCE");
        };
        self.issued += 1;
        let code = format!("foreign-code-{}", self.issued);
        self.codes.insert(code.clone(), challenge);
        let state = target.split(['?', '&']).find(|pair| pair.starts_with("state=")).unwrap_or_default();
        let iss = issuer.replace(':', "%3A").replace('/', "%2F");
        let session = "session_state=7d2c";
        let to = format!("{}?{state}&{session}&iss={iss}&code={code}", self.redirect_uri);
        (303, format!("Location: {to}"), String::new())
    }

    /// RFC 6749 §2.3.1: both halves are form-encoded before they are put together.
    fn is_client(&self, head: &str) -> bool {
        let basic = field(head, "authorization").unwrap_or_default();
        let pair =
            BASE64_STANDARD.decode(basic.strip_prefix("Basic ").unwrap_or_default()).unwrap_or_default();
        let pair = String::from_utf8(pair).unwrap_or_default();
        pair.split_once(':')
            .is_some_and(|(id, secret)| decoded(id) == self.client && decoded(secret) == self.secret)
    }

    fn token(&mut self, head: &str, form: impl Fn(&str) -> String) -> Answer {
        if !self.is_client(head) {
            return self.refuse(401, "invalid_client", "no Basic credentials");
        }
        if form("grant_type") != "authorization_code" || form("redirect_uri") != self.redirect_uri {
            return self.refuse(400, "invalid_grant", "another grant or redirect URI");
        }
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(form("code_verifier")));
        if self.codes.remove(&form("code")) != Some(challenge) {
            return self.refuse(400, "invalid_grant", "no such code, or another verifier");
        }
        self.expired = false;
        let refresh = format!(r#""refresh_token":"{REFRESH}","refresh_expires_in":1800,"#);
        let refresh = if self.refreshing { &refresh } else { "" };
        let id_token = if self.forging { r#""id_token":"e30.e30.e30","# } else { "" };
        ok(format!(
            r#"{{"token_type":"bearer","scope":"openid profile","expires_in":299,"ext_expires_in":0,
            "access_token":"{ACCESS}",{refresh}{id_token}
            "session_state":"7d2c","not-before-policy":0}}"#
        ))
    }

    fn revoke(&mut self, head: &str, form: impl Fn(&str) -> String) -> Answer {
        if !self.is_client(head) {
            return self.refuse(401, "invalid_client", "no Basic credentials");
        }
        self.revoked.push(form("token"));
        (200, "Content-Type: text/plain".to_owned(), String::new())
    }

    fn me(&mut self, head: &str) -> Answer {
        if self.expired || field(head, "authorization") != Some(format!("Bearer {ACCESS}")) {
            return self.refuse(401, "invalid_token", "another token, or an expired one");
        }
        ok(r#"{"sub":"248289761001","name":"Jane Doe","given_name":"Jane","email_verified":true,
            "address":{"locality":"Lisbon"},"groups":["a","b"]}"#
            .to_owned())
    }
}
