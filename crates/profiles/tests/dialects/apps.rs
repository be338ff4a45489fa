//! Vendors whose users sign in: what their documentation says of requests and answers.

use crate::Grant::{Code, Refresh};
use crate::Kind::{LoginRequired, Misconfigured, Unavailable};
use crate::{Step, Vendor};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
/// `id:s3cret`
const BASIC: (&str, &str) = ("authorization", "Basic aWQ6czNjcmV0");

pub(crate) const ALL: &[Vendor] = &[
    // docs.slack.dev: oauth.v2.access, token rotation. A refresh answers at the top level.
    Vendor {
        name: "Slack, a user's token",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/api/oauth.v2.access'\nclient_id = 'id'\nclient_secret = 's3cret'\n\
                  api_urls = '{url}'\n[profile.own.request]\nclient_authentication = 'body'\n[profile.own.response]\n\
                  access_token = ['authed_user.access_token', 'access_token']\ntoken_type = ['authed_user.token_type', 'token_type']\n\
                  refresh_token = ['authed_user.refresh_token', 'refresh_token']\nexpires_in = ['authed_user.expires_in', 'expires_in']\n\
                  scope = ['authed_user.scope', 'scope']\nscope_separator = ','\ntoken_types = ['user', 'bot']\n",
        steps: &[
            Step {
                grant: Code,
                line: "POST /api/oauth.v2.access",
                headers: &[FORM],
                body: "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcb&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"ok":true,"app_id":"A0","authed_user":{"id":"U1","scope":"chat:write,users:read","access_token":"xoxe.xoxp-1","token_type":"user","expires_in":43200,"refresh_token":"xoxe-1"},"team":{"id":"T1"},"is_enterprise_install":false}"#,
                result: Ok(("xoxe.xoxp-1", Some(43_200), Some(("authed_user", r#"{"id":"U1"}"#)))),
            },
            Step {
                grant: Refresh,
                line: "POST /api/oauth.v2.access",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"ok":true,"access_token":"xoxe.xoxp-2","token_type":"user","expires_in":43200,"refresh_token":"xoxe-2","scope":"chat:write"}"#,
                result: Ok(("xoxe.xoxp-2", Some(43_200), Some(("ok", "true")))),
            },
            Step {
                grant: Refresh,
                line: "POST /api/oauth.v2.access",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"ok":false,"error":"invalid_refresh_token"}"#,
                result: Err(LoginRequired),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer {token}")]),
    },
    // developers.notion.com: create and refresh a token.
    Vendor {
        name: "Notion",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/v1/oauth/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.request]\nencoding = 'json'\nclient_authentication = 'basic'\nheaders = { Notion-Version = '2022-06-28' }\n\
                  [profile.own.calls]\nheaders = { Notion-Version = '2022-06-28' }\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /v1/oauth/token",
                headers: &[JSON, BASIC, ("notion-version", "2022-06-28")],
                body: r#"{"grant_type":"refresh_token","refresh_token":"r"}"#,
                status: 200,
                answer: r#"{"access_token":"ntn_1","token_type":"bearer","refresh_token":"nrt_2","bot_id":"b1","workspace_id":"w1"}"#,
                result: Ok(("ntn_1", None, Some(("bot_id", "b1")))),
            },
            Step {
                grant: Refresh,
                line: "POST /v1/oauth/token",
                headers: &[JSON, BASIC],
                body: r#"{"grant_type":"refresh_token","refresh_token":"r"}"#,
                status: 400,
                answer: r#"{"error":"invalid_grant","request_id":"4ab8"}"#,
                result: Err(LoginRequired),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer ntn_1"), ("notion-version", "2022-06-28")]),
    },
    // trakt.docs.apiary.io: the redirect URI is demanded on a refresh too.
    Vendor {
        name: "Trakt",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/oauth/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.request]\nencoding = 'json'\nclient_authentication = 'body'\nrefresh_parameters = { redirect_uri = 'http://127.0.0.1:8765/cb' }\n\
                  [profile.own.calls]\nheaders = { trakt-api-version = '2', trakt-api-key = 'id' }\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /oauth/token",
                headers: &[JSON],
                body: r#"{"grant_type":"refresh_token","refresh_token":"r","redirect_uri":"http://127.0.0.1:8765/cb","client_id":"id","client_secret":"s3cret"}"#,
                status: 200,
                answer: r#"{"access_token":"dbaf9757","token_type":"bearer","expires_in":86400,"refresh_token":"76ba4c5c","scope":"public","created_at":1487889741}"#,
                result: Ok(("dbaf9757", Some(86_400), None)),
            },
            Step {
                grant: Refresh,
                line: "POST /oauth/token",
                headers: &[JSON],
                body: r#"{"grant_type":"refresh_token","refresh_token":"r","redirect_uri":"http://127.0.0.1:8765/cb","client_id":"id","client_secret":"s3cret"}"#,
                status: 401,
                answer: r#"{"error":"invalid_grant","error_description":"The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."}"#,
                result: Err(LoginRequired),
            },
        ],
        call: (
            "GET /api?x=1",
            &[("authorization", "Bearer dbaf9757"), ("trakt-api-version", "2"), ("trakt-api-key", "id")],
        ),
    },
    // learn.microsoft.com, Azure AD B2C: a refresh names its scope.
    Vendor {
        name: "Azure AD B2C",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/t.onmicrosoft.com/B2C_1_sign_in/oauth2/v2.0/token'\nclient_id = 'id'\nclient_secret = 's3cret'\n\
                  api_urls = '{url}'\n[profile.own.request]\nclient_authentication = 'body'\nrefresh_parameters = { scope = 'openid offline_access' }\n\
                  [profile.own.response]\nrefresh_expires_in = 'refresh_token_expires_in'\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /t.onmicrosoft.com/B2C_1_sign_in/oauth2/v2.0/token",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&scope=openid+offline_access&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"not_before":"1442340812","token_type":"Bearer","access_token":"eyJ0","scope":"openid offline_access","expires_in":"3600","refresh_token":"AAQ","refresh_token_expires_in":1209600}"#,
                result: Ok(("eyJ0", Some(3_600), Some(("not_before", "1442340812")))),
            },
            Step {
                grant: Refresh,
                line: "POST /t.onmicrosoft.com/B2C_1_sign_in/oauth2/v2.0/token",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&scope=openid+offline_access&client_id=id&client_secret=s3cret",
                status: 400,
                answer: r#"{"error":"invalid_grant","error_description":"AADB2C90080: The provided grant has expired. Please re-authenticate and try again."}"#,
                result: Err(LoginRequired),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer eyJ0")]),
    },
    // developer.whoop.com: a refresh asks for `offline` again.
    Vendor {
        name: "WHOOP",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/oauth/oauth2/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.request]\nclient_authentication = 'body'\nrefresh_parameters = { scope = 'offline' }\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /oauth/oauth2/token",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&scope=offline&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"access_token":"w1","expires_in":3600,"refresh_token":"w2","scope":"offline read:profile","token_type":"bearer"}"#,
                result: Ok(("w1", Some(3_600), None)),
            },
            Step {
                grant: Refresh,
                line: "POST /oauth/oauth2/token",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&scope=offline&client_id=id&client_secret=s3cret",
                status: 400,
                answer: r#"{"error":"invalid_grant","error_description":"The provided authorization grant or refresh token is invalid, expired or revoked"}"#,
                result: Err(LoginRequired),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer w1")]),
    },
    // developers.facebook.com: a GET with the secret in the query.
    Vendor {
        name: "Facebook",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/v21.0/oauth/access_token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.request]\nmethod = 'GET'\nclient_authentication = 'body'\n[profile.own.response]\ncodes = { 190 = 'login_required', 1 = 'misconfigured' }\n",
        steps: &[
            Step {
                grant: Code,
                line: "GET /v21.0/oauth/access_token?grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcb&client_id=id&client_secret=s3cret",
                headers: &[],
                body: "",
                status: 200,
                answer: r#"{"access_token":"EAAB","token_type":"bearer","expires_in":5183944}"#,
                result: Ok(("EAAB", Some(5_183_944), None)),
            },
            Step {
                grant: Refresh,
                line: "GET /v21.0/oauth/access_token?grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret",
                headers: &[],
                body: "",
                status: 400,
                answer: r#"{"error":{"message":"Error validating client secret.","type":"OAuthException","code":1,"fbtrace_id":"A1"}}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer EAAB")]),
    },
    // developer.squareup.com: ObtainToken. The answer names the end instead of a lifetime.
    Vendor {
        name: "Square",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/oauth2/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n[profile.own.request]\n\
                  encoding = 'json'\nclient_authentication = 'body'\nheaders = { Square-Version = '2025-01-23' }\n[profile.own.response]\nexpires_at = 'expires_at'\n\
                  error = 'type'\nerror_description = 'message'\ncodes = { 'service.not_authorized' = 'misconfigured' }\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /oauth2/token",
                headers: &[JSON, ("square-version", "2025-01-23")],
                body: r#"{"grant_type":"refresh_token","refresh_token":"r","client_id":"id","client_secret":"s3cret"}"#,
                status: 200,
                answer: r#"{"access_token":"EAAA","token_type":"bearer","expires_at":"{in_an_hour}","merchant_id":"M1","refresh_token":"EQAA","short_lived":false}"#,
                result: Ok(("EAAA", Some(3_600), Some(("merchant_id", "M1")))),
            },
            Step {
                grant: Refresh,
                line: "POST /oauth2/token",
                headers: &[JSON],
                body: r#"{"grant_type":"refresh_token","refresh_token":"r","client_id":"id","client_secret":"s3cret"}"#,
                status: 401,
                answer: r#"{"message":"Not Authorized","type":"service.not_authorized"}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer EAAA")]),
    },
    // zoho.com/accounts/protocol/oauth: milliseconds, a scheme of its own, an error under 200.
    Vendor {
        name: "Zoho",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/oauth/v2/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n[profile.own.request]\n\
                  client_authentication = 'body'\n[profile.own.response]\nlifetime_unit = 'milliseconds'\n[profile.own.calls]\ntoken_scheme = 'Zoho-oauthtoken'\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /oauth/v2/token",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"access_token":"1000.ab","expires_in_sec":3600,"api_domain":"https://www.zohoapis.com","token_type":"Bearer","expires_in":3600000}"#,
                result: Ok(("1000.ab", Some(3_600), Some(("api_domain", "https://www.zohoapis.com")))),
            },
            Step {
                grant: Refresh,
                line: "POST /oauth/v2/token",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"error":"invalid_code"}"#,
                result: Err(LoginRequired),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Zoho-oauthtoken 1000.ab")]),
    },
    // developer.withings.com: the answer stands in `body`, the status beside it.
    Vendor {
        name: "Withings",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/v2/oauth2'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n[profile.own.request]\n\
                  client_authentication = 'body'\nparameters = { action = 'requesttoken' }\n[profile.own.response]\naccess_token = 'body.access_token'\n\
                  token_type = 'body.token_type'\nexpires_in = 'body.expires_in'\nrefresh_token = 'body.refresh_token'\nscope = 'body.scope'\nscope_separator = ','\n\
                  error = 'status'\nerror_description = 'error'\ncodes = { 503 = 'login_required', 601 = 'try_again' }\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /v2/oauth2",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&action=requesttoken&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"status":0,"body":{"userid":"363","access_token":"a075","refresh_token":"f631","expires_in":10800,"scope":"user.info,user.metrics","csrf_token":"","token_type":"Bearer"}}"#,
                result: Ok(("a075", Some(10_800), Some(("body", r#"{"userid":"363","csrf_token":""}"#)))),
            },
            Step {
                grant: Refresh,
                line: "POST /v2/oauth2",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&action=requesttoken&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"status":503,"body":{},"error":"Invalid Params: invalid refresh_token"}"#,
                result: Err(LoginRequired),
            },
            Step {
                grant: Refresh,
                line: "POST /v2/oauth2",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&action=requesttoken&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"status":601,"body":{"wait_seconds":1},"error":"Too Many Requests"}"#,
                result: Err(Unavailable),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer a075")]),
    },
    // developer-docs.amazon.com, SP-API: Login with Amazon; calls carry the token in `x-amz-access-token`.
    Vendor {
        name: "Amazon SP-API",
        profile: "provider = 'oauth2-app'\ntoken_url = '{url}/auth/o2/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n[profile.own.request]\n\
                  client_authentication = 'body'\n[profile.own.calls]\ntoken_header = 'x-amz-access-token'\nuser_agent = 'shop/1.0 (Language=Rust)'\n",
        steps: &[
            Step {
                grant: Refresh,
                line: "POST /auth/o2/token",
                headers: &[FORM, ("user-agent", "shop/1.0 (Language=Rust)")],
                body: "grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"access_token":"Atza|IQEB","token_type":"bearer","expires_in":3600,"refresh_token":"Atzr|IQEB"}"#,
                result: Ok(("Atza|IQEB", Some(3_600), None)),
            },
            Step {
                grant: Refresh,
                line: "POST /auth/o2/token",
                headers: &[FORM],
                body: "grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret",
                status: 400,
                answer: r#"{"error":"invalid_grant","error_description":"The request has an invalid grant parameter : refresh_token"}"#,
                result: Err(LoginRequired),
            },
        ],
        call: (
            "GET /api?x=1",
            &[("x-amz-access-token", "Atza|IQEB"), ("user-agent", "shop/1.0 (Language=Rust)")],
        ),
    },
];
