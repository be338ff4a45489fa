//! Refusals in which a web server speaks of the client certificate.
//!
//! A web server that asks for a client certificate completes the TLS handshake without one and then refuses the request with
//! a page of its own, or with JSON of a gateway. No proxy or captive portal sends such a page, so waiting does not help.

use wellspring_core::{ErrorSubject, HttpResponse, TokenError};

use crate::vendor::contains;

/// How much of a body is looked at.
const START: usize = 8 * 1024;

/// The error if the refusal is about the client certificate.
///
/// - nginx: `400 No required SSL certificate was sent`, `400 The SSL certificate error`.
/// - Apache: `403`, `Reason: Cannot perform Post-Handshake Authentication.`
/// - IIS: `403.7` (none was shown), `403.12`, `403.13`, `403.16`, `403.17`.
/// - API gateways: `No required TLS certificate was sent`, `TLS certificate failed verification`, `Client TLS certificate is
///   required` and the like.
pub(crate) fn certificate_error(status: u16, body: &[u8]) -> Option<TokenError> {
    if !matches!(status, 400 | 401 | 403 | 495 | 496) {
        return None;
    }
    let text = start_of(body);
    let says = |words: &[&str]| words.iter().any(|words| contains(&text, words));
    let speaks_of_it =
        says(&["certificate", "certificado", "mtls", "mutual tls", "403.7", "403.12", "403.13"])
            || says(&["403.16", "403.17", "post-handshake authentication"])
            || matches!(status, 495 | 496);
    if !speaks_of_it {
        return None;
    }
    let missing = status == 496
        || says(&[
            "required",
            "requires",
            "403.7",
            "post-handshake",
            "not provided",
            "not sent",
            "not present",
        ])
        || says(&["missing", "ausente", "não informado", "obrigat"]);
    let error = TokenError::misconfigured(if missing {
        "the server requires a client certificate and was shown none: name the client certificate and its key in the TLS \
         settings"
    } else {
        "the server does not accept the client certificate: check that it is the one that is registered for this client, \
         has not expired and comes with its chain"
    });
    Some(error.about(ErrorSubject::ClientCertificate))
}

/// Whether a 403 is the page that a web server itself has for "forbidden", not that of a firewall or a captive portal.
///
/// A server that passes a request without a client certificate on to a rule sends it.
pub(crate) fn is_plain_forbidden(body: &[u8]) -> bool {
    let text = start_of(body);
    let says = |words: &str| contains(&text, words);
    // nginx and OpenResty; Apache; IIS; HAProxy; Envoy; AWS load balancers.
    let nginx = says("<h1>403 forbidden</h1>") && (says("<hr><center>") || says("awselb"));
    let apache = says("<h1>forbidden</h1>") && says("you don't have permission to access");
    let iis = says("403 - forbidden: access is denied") || says("<h2>403 - forbidden");
    let haproxy = says("<h1>403 forbidden</h1>") && says("request forbidden by administrative rules");
    // Any other server whose page has no other title than the reason phrase of RFC 9110 section 15.5.4.
    let titled = says("<title>403 forbidden</title>") || says("<title>forbidden</title>");
    titled || nginx || apache || iis || haproxy || text.trim() == "RBAC: access denied"
}

/// Whether a 401 is that of the endpoint's own web server: with the challenge that RFC 9110 section 15.5.2 demands, or with a
/// page that has no other title than the status. A captive portal has another title and no challenge.
pub(crate) fn is_plain_unauthorized(response: &HttpResponse) -> bool {
    if response.status() != 401 {
        return false;
    }
    let text = start_of(response.expose_body());
    // nginx, Apache, Tomcat and WildFly, IIS.
    let titles = ["<title>401", "<title>http status 401", "<title>unauthorized</title>", "<title>error 401"];
    response.head().first("www-authenticate").is_some() || titles.iter().any(|title| contains(&text, title))
}

fn start_of(body: &[u8]) -> alloc::string::String {
    let start = &body[..body.len().min(START)];
    alloc::string::String::from_utf8_lossy(start).into_owned()
}
