//! Rows E35 and E36 of `DECISIONS.md`: pages about the client certificate.

use wellspring_core::{AuthorizationGrant, ErrorKind, Fate};

use crate::{error_of, refresh, response_of_type};

const HTML: &str = "text/html";
const JSON: &str = "application/json";

#[test]
fn e35_a_web_server_that_speaks_of_the_client_certificate_is_permanent_and_names_it() {
    let missing = "requires a client certificate and was shown none";
    let refused = "does not accept the client certificate";
    for (status, kind, body, words) in [
        // nginx: `ngx_http_special_response.c`.
        (
            400,
            HTML,
            "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n\
             <center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>\r\n\
             <hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n",
            missing,
        ),
        (
            400,
            HTML,
            "<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n<body>\r\n\
             <center><h1>400 Bad Request</h1></center>\r\n<center>The SSL certificate error</center>\r\n\
             <hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n",
            refused,
        ),
        (496, HTML, "<html><center>No required SSL certificate was sent</center></html>", missing),
        (495, "", "", refused),
        // Apache, `ssl_engine_kernel.c`.
        (
            403,
            HTML,
            "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>403 Forbidden</title>\n</head><body>\n\
             <h1>Forbidden</h1>\n<p>You don't have permission to access this resource.Reason: Cannot perform Post-Handshake \
             Authentication.<br />\n</p>\n</body></html>\n",
            missing,
        ),
        // IIS.
        (
            403,
            HTML,
            "<h3>HTTP Error 403.7 - Forbidden</h3><h4>The page you are attempting to access requires your browser to \
                     have a Secure Sockets Layer (SSL) client certificate</h4>",
            missing,
        ),
        (
            403,
            HTML,
            "<h3>HTTP Error 403.16 - Forbidden</h3><h4>Your client certificate is either not trusted or is \
                     invalid.</h4>",
            refused,
        ),
        (
            403,
            HTML,
            "<h3>HTTP Error 403.13 - Forbidden</h3><h4>Your client certificate was revoked.</h4>",
            refused,
        ),
        // Gateways.
        (401, JSON, r#"{"message":"No required TLS certificate was sent"}"#, missing),
        (401, JSON, r#"{"message":"TLS certificate failed verification"}"#, refused),
        (403, JSON, r#"{"error":"Client TLS certificate is required"}"#, missing),
        (403, JSON, r#"{"error":"Certificate with SHA256 3f not allowed"}"#, refused),
        (403, JSON, r#"{"statusCode":403,"message":"Certificado não vinculado à conta"}"#, refused),
        (
            400,
            JSON,
            r#"{"statusCode":400,"message":"Certificado ausente no header X-SSL-Client-Cert"}"#,
            missing,
        ),
        (
            400,
            JSON,
            r#"{"error":"invalid_request","error_description":"mTLS client certificate missing"}"#,
            missing,
        ),
        (403, "text/plain", "Forbidden: client certificate required", missing),
    ] {
        for grant in [AuthorizationGrant::ClientCredentials, refresh()] {
            let error = error_of(&grant, &response_of_type(status, kind, body));
            assert_eq!((error.kind(), error.fate()), (ErrorKind::Misconfigured, Fate::Unspent), "{body}");
            assert!(!error.is_transient() && !error.is_without_verdict(), "{body}");
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.to_string().contains("client certificate"), "{error}");
        }
    }
}

#[test]
fn e36_a_web_servers_own_403_may_be_about_the_certificate_and_a_firewalls_is_not() {
    for (kind, body) in [
        (
            HTML,
            "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n\
                <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        ),
        (
            HTML,
            "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n\
                <hr><center>openresty</center>\r\n</body>\r\n</html>\r\n",
        ),
        (
            HTML,
            "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center></body></html> awselb",
        ),
        (
            HTML,
            "<html><head>\n<title>403 Forbidden</title>\n</head><body>\n<h1>Forbidden</h1>\n<p>You don't have permission to \
                access this resource.</p>\n</body></html>\n",
        ),
        (HTML, "<h2>403 - Forbidden: Access is denied.</h2>"),
        (
            HTML,
            "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n",
        ),
        ("text/plain", "RBAC: access denied"),
        (HTML, "<html><title>403 Forbidden</title><body>Forbidden</body></html>"),
        (
            HTML,
            "<!DOCTYPE html><html><head><title>Forbidden</title></head><body><pre>Forbidden</pre></body></html>",
        ),
    ] {
        let error = error_of(&refresh(), &response_of_type(403, kind, body));
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Misconfigured, false), "{body}");
        assert!(error.is_without_verdict(), "{body}");
        assert!(error.to_string().contains("it may require a client certificate"), "{error}");
    }
    for body in [
        "<!doctype html><title>Attention Required! | Cloudflare</title>",
        "<html><title>Request Rejected</title>The requested URL was rejected. Please consult with your administrator.",
        "<html><h1>Access Denied</h1>Reference #18.4d5",
    ] {
        let error = error_of(&refresh(), &response_of_type(403, HTML, body));
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Protocol, true), "{body}");
    }
}
