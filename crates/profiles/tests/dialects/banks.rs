//! Banks and payment providers. Here over plain HTTP; what concerns certificates has its own tests.

use crate::Grant::Own;
use crate::Kind::{Misconfigured, Protocol};
use crate::{Step, Vendor};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
/// `id:s3cret`
const BASIC: (&str, &str) = ("authorization", "Basic aWQ6czNjcmV0");

pub(crate) const ALL: &[Vendor] = &[
    // ACBrPIXPSPBancoDoBrasil.pas; bb-wrapper: the application's key is in the query of every call.
    Vendor {
        name: "Banco do Brasil",
        profile: "provider = 'custom'\ntoken_url = '{url}/oauth/token'\nclient_id = 'id'\nclient_secret = 's3cret'\nscopes = ['cob.read', 'cob.write']\napi_urls = '{url}'\n\
                  [profile.own.request]\nclient_authentication = 'basic_verbatim'\n[profile.own.calls]\nquery = { gw-dev-app-key = 'k/1' }\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /oauth/token",
                headers: &[FORM, BASIC],
                body: "grant_type=client_credentials&scope=cob.read+cob.write",
                status: 201,
                answer: r#"{"access_token":"bb1","token_type":"Bearer","expires_in":600,"scope":"cob.read cob.write"}"#,
                result: Ok(("bb1", Some(600), None)),
            },
            Step {
                grant: Own,
                line: "POST /oauth/token",
                headers: &[FORM, BASIC],
                body: "grant_type=client_credentials&scope=cob.read+cob.write",
                status: 401,
                answer: r#"{"statusCode":401,"error":"Unauthorized","message":"Bad Credentials","attributes":{"error":"invalid_client"}}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1&gw-dev-app-key=k%2F1", &[("authorization", "Bearer bb1")]),
    },
    // ACBrPIXPSPCielo.pas; docs.cielo.com.br: JSON, and 201.
    Vendor {
        name: "Cielo",
        profile: "provider = 'custom'\ntoken_url = '{url}/v2/oauth/access-token'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n[profile.own.request]\n\
                  encoding = 'json'\nclient_authentication = 'basic'\n[profile.own.response]\nsuccess = 201\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /v2/oauth/access-token",
                headers: &[JSON, BASIC],
                body: r#"{"grant_type":"client_credentials"}"#,
                status: 201,
                answer: r#"{"access_token":"c1","token_type":"bearer","expires_in":300}"#,
                result: Ok(("c1", Some(300), None)),
            },
            // Another status than the documented one is no success, whatever stands in the body.
            Step {
                grant: Own,
                line: "POST /v2/oauth/access-token",
                headers: &[JSON, BASIC],
                body: r#"{"grant_type":"client_credentials"}"#,
                status: 200,
                answer: r#"{"access_token":"c1","token_type":"bearer","expires_in":300}"#,
                result: Err(Protocol),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer c1")]),
    },
    // ACBrPIXPSPSicoob.pas: no secret, and the client id in a header of every call.
    Vendor {
        name: "Sicoob",
        profile: "provider = 'custom'\ntoken_url = '{url}/auth/realms/cooperado/protocol/openid-connect/token'\nclient_id = 'id'\nscopes = 'cob.read'\napi_urls = '{url}'\n\
                  [profile.own.calls]\nheaders = { client_id = 'id' }\n",
        steps: &[Step {
            grant: Own,
            line: "POST /auth/realms/cooperado/protocol/openid-connect/token",
            headers: &[FORM],
            body: "grant_type=client_credentials&scope=cob.read&client_id=id",
            status: 200,
            answer: r#"{"access_token":"s1","expires_in":300,"refresh_expires_in":0,"token_type":"Bearer","not-before-policy":0,"scope":"cob.read"}"#,
            result: Ok(("s1", Some(300), None)),
        }],
        call: ("GET /api?x=1", &[("authorization", "Bearer s1"), ("client_id", "id")]),
    },
    // ACBrPIXPSPSantander.pas: the grant type in the query, id and secret in the form.
    Vendor {
        name: "Santander",
        profile: "provider = 'custom'\ntoken_url = '{url}/oauth/token?grant_type=client_credentials'\nclient_id = 'id'\nclient_secret = 's3cret'\napi_urls = '{url}'\n\
                  [profile.own.response]\ntoken_types = 'BearerToken'\n[profile.own.calls]\nheaders = { X-Application-Key = { file = 's3cret' } }\n",
        steps: &[Step {
            grant: Own,
            line: "POST /oauth/token?grant_type=client_credentials",
            headers: &[FORM],
            body: "client_id=id&client_secret=s3cret",
            status: 200,
            answer: r#"{"refresh_token_expires_in":"0","api_product_list":"[]","organization_name":"santander","token_type":"BearerToken","client_id":"id","access_token":"sa1","scope":"","expires_in":"900","status":"approved"}"#,
            result: Ok(("sa1", Some(900), Some(("status", "approved")))),
        }],
        call: ("GET /api?x=1", &[("authorization", "Bearer sa1"), ("x-application-key", "s3cret")]),
    },
    // Client code: a password grant.
    Vendor {
        name: "SafraPay",
        profile: "provider = 'custom'\ntoken_url = '{url}/gateway/v1/oauth2/token'\napi_urls = '{url}'\n[profile.own.request]\n\
                  parameters = { grant_type = 'password', username = 'shop' }\nsecret_parameters = { password = 's3cret-of-the-shop' }\n",
        steps: &[
            Step {
                grant: Own,
                line: "POST /gateway/v1/oauth2/token",
                headers: &[FORM],
                body: "grant_type=password&username=shop&password=s3cret-of-the-shop",
                status: 200,
                answer: r#"{"access_token":"sp1","token_type":"bearer","expires_in":1199}"#,
                result: Ok(("sp1", Some(1_199), None)),
            },
            Step {
                grant: Own,
                line: "POST /gateway/v1/oauth2/token",
                headers: &[FORM],
                body: "grant_type=password&username=shop&password=s3cret-of-the-shop",
                status: 400,
                answer: r#"{"error":"invalid_grant","error_description":"The password s3cret-of-the-shop is wrong."}"#,
                result: Err(Misconfigured),
            },
        ],
        call: ("GET /api?x=1", &[("authorization", "Bearer sp1")]),
    },
];
