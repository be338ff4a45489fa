//! Vendors whose programs act for themselves: what their documentation says of requests and answers.

use crate::Grant::Own;
use crate::Kind::{Misconfigured, Unavailable};
use crate::{Step, Vendor};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
/// `id:s3cret`
const BASIC: (&str, &str) = ("authorization", "Basic aWQ6czNjcmV0");

pub(crate) const ALL: &[Vendor] = &[
    // developer.ebay.com: client credentials grant.
    Vendor {
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
    // open.dingtalk.com: the access token of an internal app.
    Vendor {
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
    Vendor {
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
    // developers.zoom.us: server-to-server OAuth.
    Vendor {
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
    // experienceleague.adobe.com, Marketo: authentication.
    Vendor {
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
    Vendor {
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
    // help.salesforce.com: the client credentials flow. No answer and no setting names a lifetime.
    Vendor {
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
    // cloud.google.com/apigee: the OAuthV2 policy.
    Vendor {
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
    // shopify.dev: the client credentials grant; the token in a header of its own.
    Vendor {
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
];
