//! The types of the three providers and of the command's library.

use core::time::Duration;
use std::io::Write as _;
use std::net::TcpStream;

use hive_auth::HiveAuth;
use oauth2_app::aihubmix::{self, Account, RegisteredApp, Registration, TopUp};
use oauth2_app::loopback::{Answer, BrowserRequest, Loopback, LoopbackError, Page, SignIn};
use oauth2_app::{
    App, AppBuilder, AuthMethod, Authorization, Callback, CallbackError, CallbackErrorKind, DeviceLogin,
    Discovery, EndSession, Entropy, FormerRecord, GrantType, IdClaims, IdTokenChecks, IdTokenError,
    IdTokenErrorKind, Jwks, Metadata, MtlsEndpointAliases, PendingLogin, RedirectUri, SignInError,
    SignInOptions, State, StepUp, UserInfo,
};
use pix_bacen::{
    ApiError, Balance, Call, CallError, Charge, ClientAuthentication, Encoding, Gateway, TokenRequestSpec,
    Txid, Violation, Warning,
};
use wellspring_cli::demo::Options;
use wellspring_core::{
    CallFormat, ClientSecret, Clocks, CodeVerifier, GrantParameters, HttpResponse, IdToken, Instant,
    ResponseHead, TokenError, UnixTime,
};
use wellspring_token_endpoint::{ClientIdentity, StaticToken, TokenClient, TokenEndpoint};

use super::{CODE, SECRET, Shown, VERIFIER, show};

const CALLBACK: &str = "https://app.example/callback";

pub(crate) fn show_all(shown: &mut Shown) {
    show_pix(shown);
    show_app(shown);
    show_loopback(shown);
    show!(shown:
        hive_auth::Endpoint = HiveAuth::live();
        HiveAuth = HiveAuth::live().credentials("operator", SECRET).unwrap();
        Options = Options::default();
    );
}

/// A client with secrets in parameters and in what its calls carry.
fn password_client() -> TokenClient {
    let spec = TokenRequestSpec::new("/t").secret_parameter("password", SECRET);
    let client = TokenEndpoint::new("https://as.example", spec).unwrap().credentials("id", SECRET).unwrap();
    client.calls(CallFormat::new().header("X-Api-Key", SECRET).query("key", SECRET))
}

fn show_pix(shown: &mut Shown) {
    let gateway = || Gateway::goforge().credentials("account-93", SECRET).unwrap();
    let txid = || Txid::new("7978c0c97ea847e78e8849634473c1f1").unwrap();
    let client = |gateway: Gateway| pix_bacen::blocking::Client::new(gateway).unwrap();
    let problem = br#"{"statusCode":400,"message":"no","error":"Bad Request"}"#;
    let refused = ApiError::read(400, problem);
    let spec = TokenRequestSpec::new("/t").header("X-Api-Key", SECRET);
    let token_client =
        TokenEndpoint::new("https://as.example", spec).unwrap().credentials("id", SECRET).unwrap();
    let secret = ClientSecret::new(SECRET);
    show!(shown:
        Gateway = gateway();
        pix_bacen::Endpoint = Gateway::goforge();
        TokenRequestSpec = TokenRequestSpec::new("/token").header("X-Api-Key", SECRET);
        TokenEndpoint = TokenEndpoint::new("https://as.example", TokenRequestSpec::new("/t").header("X-Api-Key", SECRET)).unwrap();
        TokenClient = token_client;
        TokenClient = password_client();
        StaticToken = StaticToken::new(SECRET).unwrap().calls(CallFormat::new().header("X-Api-Key", SECRET));
        ClientIdentity<'_> = ClientIdentity { id: "id", secret: Some(&secret), certificate: None };
        Encoding = Encoding::Json;
        ClientAuthentication = ClientAuthentication::Basic;
        Warning = Warning::ClientSecretPadded;
        Txid = txid();
        Call = gateway().put_cob(&txid(), "{}");
        ApiError = refused.clone();
        CallError = CallError::Token(TokenError::busy("later"));
        Vec<Violation> = refused.violations.clone();
        Result<Vec<Balance>, ApiError> = Balance::read(200, br#"{"data":[]}"#);
        Result<Charge, ApiError> = Charge::read(201, b"{}");
        pix_bacen::blocking::Client = client(gateway());
        pix_bacen::asynchronous::Client = pix_bacen::asynchronous::Client::new(gateway()).unwrap();
    );
    shown.add_error::<CallError>(&CallError::Api(refused));
    shown.add_error::<TokenError>(
        &Gateway::goforge().credentials("id", "x".repeat(3) + SECRET + &"x".repeat(64)).unwrap_err(),
    );
}

fn builder() -> AppBuilder {
    aihubmix::app("https://api.example")
        .unwrap()
        .client_id("client")
        .client_secret(SECRET)
        .redirect_uri(CALLBACK)
}

fn pending() -> PendingLogin {
    let redirect_uri = RedirectUri::new(CALLBACK).unwrap();
    PendingLogin::from_parts(CODE, Some(CodeVerifier::new(VERIFIER)), redirect_uri).unwrap()
}

fn id_token_error() -> IdTokenError {
    let app = builder().issuer("https://as.example").build().unwrap();
    let (token, keys) = (format!("{SECRET}.{CODE}.{VERIFIER}"), Jwks::parse(br#"{"keys":[]}"#).unwrap());
    app.verify_id_token(&token, &keys, &IdTokenChecks::default(), UnixTime::EPOCH).unwrap_err()
}

fn device_login() -> DeviceLogin {
    let body = format!(
        r#"{{"device_code":"{CODE}","user_code":"{SECRET}","verification_uri":"https://as.example/device","verification_uri_complete":"https://as.example/device?user_code={SECRET}","expires_in":1800}}"#
    );
    let sent = Clocks { instant: Instant::ORIGIN, unix: UnixTime::EPOCH };
    let app = builder().build().unwrap();
    app.read_device_authorization(&HttpResponse::new(ResponseHead::new(200), body), sent).unwrap()
}

fn show_app(shown: &mut Shown) {
    let app = || builder().build().unwrap();
    let authorization = app().authorize(&Entropy::new([7; 64])).unwrap();
    let state = authorization.login.state().expose().to_owned();
    let formatted = format!("{authorization:?} {authorization:#?} {:?}", authorization.login.state());
    assert!(!formatted.contains(&state), "{formatted}");
    let json = |body: String| HttpResponse::new(ResponseHead::new(200), body);
    let registered = format!(
        r#"{{"success":true,"message":"","data":{{"id":1,"client_id":"client","client_secret":"{SECRET}","name":"n","redirect_uri":"{CALLBACK}","created_time":1}}}}"#
    );
    let metadata = r#"{"issuer":"https://as.example","token_endpoint":"https://as.example/token"}"#;
    let discovery = || Discovery::new("https://as.example").unwrap();
    let forged = Callback::read(&format!("code={CODE}&state={VERIFIER}"));
    let refused = || app().finish(pending(), &forged).unwrap_err();
    show!(shown:
        App = app();
        AppBuilder = builder();
        AuthMethod = AuthMethod::ClientSecretPost;
        GrantType = GrantType::AuthorizationCode;
        Authorization = authorization;
        Entropy = Entropy::new(VERIFIER.repeat(2).as_bytes()[..64].try_into().unwrap());
        FormerRecord = FormerRecord::SameUser;
        PendingLogin = pending();
        DeviceLogin = device_login();
        SignInOptions = SignInOptions::new().form_post();
        StepUp = StepUp::default();
        EndSession = EndSession::new().id_token_hint(IdToken::new(SECRET)).state(CODE);
        IdTokenChecks = app().id_token_checks(&pending());
        IdTokenError = id_token_error();
        IdTokenErrorKind = id_token_error().kind();
        Jwks = Jwks::parse(br#"{"keys":[]}"#).unwrap();
        IdClaims = IdClaims::from_trusted_json(&format!(r#"{{"iss":"https://as.example","sub":"{SECRET}"}}"#)).unwrap();
        State = pending().into_parts().0;
        Callback = Callback::read(&format!("code={CODE}&state={CODE}"));
        CallbackError = refused();
        CallbackErrorKind = refused().kind().clone();
        SignInError = SignInError::Callback(refused());
        RedirectUri = RedirectUri::new(CALLBACK).unwrap();
        Discovery = discovery();
        MtlsEndpointAliases = MtlsEndpointAliases::default();
        Metadata = discovery().read(&json(metadata.into()), UnixTime::EPOCH).unwrap();
        Registration = Registration::new("n", "d", RedirectUri::new(CALLBACK).unwrap());
        RegisteredApp = RegisteredApp::read(&json(registered), UnixTime::EPOCH).unwrap();
        TopUp = TopUp::new(aihubmix::API).unwrap();
        Account = Account::read(&json(r#"{"id":1}"#.into()), UnixTime::EPOCH).unwrap();
        UserInfo = UserInfo::read(&json(r#"{"id":1}"#.into()), UnixTime::EPOCH).unwrap();
        oauth2_app::blocking::Client = oauth2_app::blocking::Client::new(app()).unwrap();
        oauth2_app::asynchronous::Client = oauth2_app::asynchronous::Client::new(app()).unwrap();
    );
    let own = App::builder()
        .token_url("https://as.example/t")
        .extension_grant("password", "ann", |_| Ok(GrantParameters::new().with("password", SECRET)));
    shown.add(&own);
    shown.add(&own.build().unwrap());
    shown.add_error::<CallbackError>(&refused());
    shown.add_error::<SignInError>(&SignInError::from(refused()));
}

/// A sign-in whose callback has arrived.
fn show_loopback(shown: &mut Shown) {
    let loopback = Loopback::bind("http://127.0.0.1/callback").unwrap();
    let redirect_uri = loopback.redirect_uri().to_owned();
    let app = builder().redirect_uri(redirect_uri.as_str()).build().unwrap();
    let other = Loopback::bind("http://127.0.0.1/callback").unwrap();
    let sign_in: SignIn = loopback.start(&app).unwrap();
    let (_, query) = sign_in.url().split_once('?').unwrap();
    let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap().to_owned();
    assert!(!format!("{sign_in:?}").contains(&state));
    let authority = redirect_uri.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut browser = TcpStream::connect(authority).unwrap();
    write!(browser, "GET /callback?code={CODE}&{state} HTTP/1.1\r\n\r\n").unwrap();
    let answer: Answer = sign_in.wait(Duration::from_secs(600)).unwrap();
    shown.add(&answer);
    show!(shown:
        Loopback = other;
        BrowserRequest = answer.request;
        Page = Page::signed_in_to("an account");
        LoopbackError = LoopbackError::TimedOut;
    );
    shown.add_error::<LoopbackError>(&LoopbackError::Callback(
        app.finish(pending(), &Callback::read("")).unwrap_err(),
    ));
}
