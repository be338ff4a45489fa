//! Software vendors: what their documentation says of requests and answers.

use crate::Grant::{Code, Own, Refresh};
use crate::Kind::{LoginRequired, Misconfigured, Unavailable};
use crate::{Dialect, Step};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
/// `id:s3cret`
const BASIC: (&str, &str) = ("authorization", "Basic aWQ6czNjcmV0");

pub(crate) const ALL: &[Dialect] = &[
    // docs.slack.dev: oauth.v2.access, token rotation. A refresh answers at the top level.
    Dialect {
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
    // developer.ebay.com: client credentials grant.
    Dialect {
        name: "eBay",
        profile: "provider = 'custom'\ntoken_url = '{url}/identity/v1/oauth2/token'\nclient_id = 'id'\nclient_secret = 's3cret'\n\
                  scopes = 'https://api.ebay.com/oauth/api_scope'\napi_urls = '{url}'\n[profile.own.request]\nclient_authentication = 'basic'\n\
                  [profile.own.response]\ntoken_types = ['Application Access Token', 'User Access Token']\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /identity/v1/oauth2/token",
                headers: &[FORM, BASIC],
                body: "grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope",
                status: 200,
                answer: r#"{"access_token":"v^1.1#i^1","expires_in":7200,"token_type":"Application Access Token"}"#,
                result: Ok(("v^1.1#i^1", Some(7_200), None)),
            },
            Step {
                grant: Own,
                line: "POST /identity/v1/oauth2/token",
                headers: &[FORM, BASIC],
                body: "grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope",
                status: 401,
                answer: r#"{"error":"invalid_client","error_description":"client authentication failed"}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer v^1.1#i^1")]),
    },
    // developers.notion.com: create and refresh a token.
    Dialect {
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
    // open.dingtalk.com: the access token of an internal app.
    Dialect {
        name: "DingTalk",
        profile: "provider = 'custom'\ntoken_url = '{url}/v1.0/oauth2/accessToken'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.request]\nencoding = 'json'\nclient_id_name = 'appKey'\nclient_secret_name = 'appSecret'\nparameters = { grant_type = '' }\n\
                  [profile.own.response]\naccess_token = 'accessToken'\nexpires_in = 'expireIn'\nerror = 'code'\nerror_description = 'message'\n\
                  codes = { invalidClientIdOrSecret = 'misconfigured' }\n[profile.own.calls]\ntoken_header = 'x-acs-dingtalk-access-token'\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /v1.0/oauth2/accessToken",
                headers: &[JSON],
                body: r#"{"appKey":"id","appSecret":"s3cret"}"#,
                status: 200,
                answer: r#"{"accessToken":"fw8ef8we8f76e6f7s8dxxxx","expireIn":7200}"#,
                result: Ok(("fw8ef8we8f76e6f7s8dxxxx", Some(7_200), None)),
            },
            Step {
                grant: Own,
                line: "POST /v1.0/oauth2/accessToken",
                headers: &[JSON],
                body: r#"{"appKey":"id","appSecret":"s3cret"}"#,
                status: 400,
                answer: r#"{"code":"invalidClientIdOrSecret","requestid":"1A2B","message":"wrong clientId or clientSecret"}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("x-acs-dingtalk-access-token", "fw8ef8we8f76e6f7s8dxxxx")]),
    },
    // open.feishu.cn: tenant_access_token of a custom app. An error comes under 200.
    Dialect {
        name: "Feishu",
        profile: "provider = 'custom'\ntoken_url = '{url}/open-apis/auth/v3/tenant_access_token/internal'\nclient_id = 'id'\nclient_secret = 's3cret'\n\
                  api_urls = '{url}'\n[profile.own.request]\nencoding = 'json'\nclient_id_name = 'app_id'\nclient_secret_name = 'app_secret'\n\
                  parameters = { grant_type = '' }\n[profile.own.response]\naccess_token = 'tenant_access_token'\nexpires_in = 'expire'\nerror = 'code'\n\
                  error_description = 'msg'\ncodes = { 10014 = 'misconfigured', 99991400 = 'try_again' }\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /open-apis/auth/v3/tenant_access_token/internal",
                headers: &[JSON],
                body: r#"{"app_id":"id","app_secret":"s3cret"}"#,
                status: 200,
                answer: r#"{"code":0,"msg":"ok","tenant_access_token":"t-caecc","expire":7140}"#,
                result: Ok(("t-caecc", Some(7_140), None)),
            },
            Step {
                grant: Own,
                line: "POST /open-apis/auth/v3/tenant_access_token/internal",
                headers: &[JSON],
                body: r#"{"app_id":"id","app_secret":"s3cret"}"#,
                status: 200,
                answer: r#"{"code":10014,"msg":"app secret invalid"}"#,
                result: Err(Misconfigured),
            },
            Step {
                grant: Own,
                line: "POST /open-apis/auth/v3/tenant_access_token/internal",
                headers: &[JSON],
                body: r#"{"app_id":"id","app_secret":"s3cret"}"#,
                status: 200,
                answer: r#"{"code":99991400,"msg":"request trigger frequency limit"}"#,
                result: Err(Unavailable),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer t-caecc")]),
    },
    // trakt.docs.apiary.io: the redirect URI is demanded on a refresh too.
    Dialect {
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
    Dialect {
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
    Dialect {
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
    // developers.zoom.us: server-to-server OAuth.
    Dialect {
        name: "Zoom",
        profile: "provider = 'custom'\ntoken_url = '{url}/oauth/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n[profile.own.request]\n\
                  client_authentication = 'basic'\nparameters = { grant_type = 'account_credentials', account_id = 'acc' }\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /oauth/token",
                headers: &[FORM, BASIC],
                body: "account_id=acc&grant_type=account_credentials",
                status: 200,
                answer: r#"{"access_token":"z1","token_type":"bearer","expires_in":3599,"scope":"user:read:admin","api_url":"https://api.zoom.us"}"#,
                result: Ok(("z1", Some(3_599), Some(("api_url", "https://api.zoom.us")))),
            },
            Step {
                grant: Own,
                line: "POST /oauth/token",
                headers: &[FORM, BASIC],
                body: "account_id=acc&grant_type=account_credentials",
                status: 400,
                answer: r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer z1")]),
    },
    // developers.facebook.com: a GET with the secret in the query.
    Dialect {
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
    // experienceleague.adobe.com, Marketo: authentication.
    Dialect {
        name: "Marketo",
        profile: "provider = 'custom'\ntoken_url = '{url}/identity/oauth/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.request]\nmethod = 'GET'\n[profile.own.response]\ncodes = { unauthorized = 'misconfigured' }\n",
        steps: &[
            Step {
                grant: Own,
                line: "GET /identity/oauth/token?grant_type=client_credentials&client_id=id&client_secret=s3cret",
                headers: &[],
                body: "",
                status: 200,
                answer: r#"{"access_token":"cdf01657:int","token_type":"bearer","expires_in":3599,"scope":"apis@example.com"}"#,
                result: Ok(("cdf01657:int", Some(3_599), None)),
            },
            Step {
                grant: Own,
                line: "GET /identity/oauth/token?grant_type=client_credentials&client_id=id&client_secret=s3cret",
                headers: &[],
                body: "",
                status: 401,
                answer: r#"{"error":"unauthorized","error_description":"No client with requested id: id"}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer cdf01657:int")]),
    },
    // developers.weixin.qq.com: getAccessToken. An error comes under 200.
    Dialect {
        name: "WeChat",
        profile: "provider = 'custom'\ntoken_url = '{url}/cgi-bin/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.request]\nmethod = 'GET'\nclient_id_name = 'appid'\nclient_secret_name = 'secret'\nparameters = { grant_type = 'client_credential' }\n\
                  [profile.own.response]\nerror = 'errcode'\nerror_description = 'errmsg'\ncodes = { 40013 = 'misconfigured', -1 = 'try_again' }\n",
        steps: &[
            Step {
                grant: Own,
                line: "GET /cgi-bin/token?grant_type=client_credential&appid=id&secret=s3cret",
                headers: &[],
                body: "",
                status: 200,
                answer: r#"{"access_token":"wx1","expires_in":7200}"#,
                result: Ok(("wx1", Some(7_200), None)),
            },
            Step {
                grant: Own,
                line: "GET /cgi-bin/token?grant_type=client_credential&appid=id&secret=s3cret",
                headers: &[],
                body: "",
                status: 200,
                answer: r#"{"errcode":40013,"errmsg":"invalid appid"}"#,
                result: Err(Misconfigured),
            },
            Step {
                grant: Own,
                line: "GET /cgi-bin/token?grant_type=client_credential&appid=id&secret=s3cret",
                headers: &[],
                body: "",
                status: 200,
                answer: r#"{"errcode":-1,"errmsg":"system error"}"#,
                result: Err(Unavailable),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer wx1")]),
    },
    // developer.squareup.com: ObtainToken. The answer names the end instead of a lifetime.
    Dialect {
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
    // help.salesforce.com: the client credentials flow. No answer and no setting names a lifetime.
    Dialect {
        name: "Salesforce",
        profile: "provider = 'custom'\ntoken_url = '{url}/services/oauth2/token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.response]\nassumed_lifetime = '2h'\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /services/oauth2/token",
                headers: &[FORM],
                body: "grant_type=client_credentials&client_id=id&client_secret=s3cret",
                status: 200,
                answer: r#"{"access_token":"00D!AQE","signature":"c2ln","instance_url":"https://my.salesforce.com","id":"https://login.salesforce.com/id/00D/005","token_type":"Bearer","issued_at":"1631713243000"}"#,
                result: Ok(("00D!AQE", Some(7_200), Some(("instance_url", "https://my.salesforce.com")))),
            },
            Step {
                grant: Own,
                line: "POST /services/oauth2/token",
                headers: &[FORM],
                body: "grant_type=client_credentials&client_id=id&client_secret=s3cret",
                status: 400,
                answer: r#"{"error":"invalid_client","error_description":"invalid client credentials"}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer 00D!AQE")]),
    },
    // zoho.com/accounts/protocol/oauth: milliseconds, a scheme of its own, an error under 200.
    Dialect {
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
    // cloud.google.com/apigee: the OAuthV2 policy.
    Dialect {
        name: "Apigee",
        profile: "provider = 'custom'\ntoken_url = '{url}/oauth/client_credential/accesstoken?grant_type=client_credentials'\nclient_id = 'id'\nclient_secret = 's3cret'\n\
                  api_urls = '{url}'\n[profile.own.request]\nclient_authentication = 'basic'\n[profile.own.response]\ntoken_types = 'BearerToken'\n\
                  error = ['ErrorCode', 'fault.detail.errorcode']\nerror_description = ['Error', 'fault.faultstring']\n\
                  codes = { 'oauth.v2.InvalidClientIdentifier' = 'misconfigured' }\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /oauth/client_credential/accesstoken?grant_type=client_credentials",
                headers: &[FORM, BASIC],
                body: "",
                status: 200,
                answer: r#"{"issued_at":"1420258685042","application_name":"ce1e","scope":"READ","status":"approved","api_product_list":"[P]","expires_in":"1799","organization_id":"0","token_type":"BearerToken","client_id":"id","access_token":"bcGA","organization_name":"o","refresh_token_expires_in":"0","refresh_count":"0"}"#,
                result: Ok(("bcGA", Some(1_799), Some(("application_name", "ce1e")))),
            },
            Step {
                grant: Own,
                line: "POST /oauth/client_credential/accesstoken?grant_type=client_credentials",
                headers: &[FORM, BASIC],
                body: "",
                status: 401,
                answer: r#"{"fault":{"faultstring":"Invalid client identifier id","detail":{"errorcode":"oauth.v2.InvalidClientIdentifier"}}}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer bcGA")]),
    },
    // developer.withings.com: the answer stands in `body`, the status beside it.
    Dialect {
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
    // shopify.dev: the client credentials grant; the token in a header of its own.
    Dialect {
        name: "Shopify",
        profile: "provider = 'custom'\ntoken_url = '{url}/admin/oauth/access_token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.response]\nscope_separator = ','\n[profile.own.calls]\ntoken_header = 'X-Shopify-Access-Token'\n",
        steps: &[Step {
            grant: Own,
            line: "POST /admin/oauth/access_token",
            headers: &[FORM],
            body: "grant_type=client_credentials&client_id=id&client_secret=s3cret",
            status: 200,
            answer: r#"{"access_token":"f85632530bf277ec9ac6f649fc327f17","scope":"write_orders,read_customers","expires_in":86399}"#,
            result: Ok(("f85632530bf277ec9ac6f649fc327f17", Some(86_399), None)),
        }],
        call: ("GET /api?x=1", &[("x-shopify-access-token", "f85632530bf277ec9ac6f649fc327f17")]),
    },
    // developer-docs.amazon.com, SP-API: Login with Amazon; calls carry the token in `x-amz-access-token`.
    Dialect {
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
