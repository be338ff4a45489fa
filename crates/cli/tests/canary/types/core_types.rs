//! The types of `wellspring-core`.

use core::time::Duration;
use std::hash::DefaultHasher;
use std::sync::Arc;

use wellspring_core::{
    AccessToken, Amendment, Answer, Attachments, AuthorizationCode, AuthorizationGrant, BoundedRequest,
    ByteLeft, CallFormat, Choice, ClientSecret, Clocks, CodeVerifier, Completed, Credential, Decision,
    Deviation, DeviceCode, Epoch, ErrorKind, ErrorSubject, ExistingTokens, ExtensionGrant, Fallback, Fate,
    FaultPlace, Found, GateState, Generation, GrantParameters, GrantState, Granted, Header, Holding,
    HttpRequest, HttpResponse, HttpTypeError, IdToken, Instant, Judgment, Lifecycle, LoginReason, Member,
    Members, Method, Need, Obstacle, Obtainment, Origin, OriginError, Outcome, ParameterValue, Permit,
    Policy, Provider, ProviderSpec, Reading, Record, RefreshToken, Refusal, RefusedToken, Rejected, Renewal,
    RenewalJob, Replay, Resolution, ResponseHead, Resting, Rotation, Scope, Sent, SessionState, Step,
    StorePassword, StoreState, Successor, Token, TokenError, TokenKey, TokenResponse, TransportError,
    TransportErrorKind, UnixTime, UnknownFields, Verb, Verdict,
};

use super::{ACCESS, CODE, REFRESH, SECRET, Shown, VERIFIER, show};

pub(crate) fn response() -> TokenResponse {
    let mut members = Members::default();
    assert!(
        members.insert_text("id_token", ACCESS) && members.insert_json("team", format!("[\"{SECRET}\"]"))
    );
    let mut response = TokenResponse::new(AccessToken::new(ACCESS))
        .with_lifetime(Duration::from_secs(3_600))
        .with_refresh_token(RefreshToken::new(REFRESH))
        .with_scope(Scope::parse("profile"));
    response.members = members;
    response
}

pub(crate) fn record() -> Record {
    let granted = Granted::new(UnixTime::from_secs(1), response());
    let mut record = Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted));
    assert!(record.attachments.insert("registration", SECRET));
    record.unknown = UnknownFields::new(format!("+next {} {SECRET}\n", SECRET.len()));
    record
}

pub(crate) fn grant() -> AuthorizationGrant {
    AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new(CODE),
        redirect_uri: "https://app.example/callback".into(),
        verifier: Some(CodeVerifier::new(VERIFIER)),
    }
}

pub(crate) fn provider() -> Arc<dyn Provider> {
    let hive = hive_auth::HiveAuth::sandbox().credentials("operator", SECRET).unwrap();
    Arc::new(hive)
}

fn head() -> ResponseHead {
    ResponseHead::new(200).header("Set-Cookie", SECRET)
}

pub(crate) fn show_all(shown: &mut Shown) {
    let clocks = Clocks::default();
    let lifecycle = || {
        let mut lifecycle = Lifecycle::new(Policy::default(), 7);
        let token = lifecycle.take_over(response(), Clocks::default(), Clocks::default());
        (lifecycle, token)
    };
    let error = TokenError::misconfigured("refused").with_status(401, Some("application/json"));
    show!(shown:
        AccessToken = AccessToken::new(ACCESS);
        RefreshToken = RefreshToken::new(REFRESH);
        ClientSecret = ClientSecret::new(SECRET);
        AuthorizationCode = AuthorizationCode::new(CODE);
        DeviceCode = DeviceCode::new(CODE);
        AuthorizationGrant = AuthorizationGrant::DeviceCode(DeviceCode::new(CODE));
        CodeVerifier = CodeVerifier::new(VERIFIER);
        Answer = Answer::Response(HttpResponse::new(head(), ACCESS));
        ByteLeft = ByteLeft::Maybe;
        Completed = Completed::Renewed(lifecycle().1);
        Decision = Decision::Use(lifecycle().1);
        ErrorKind = error.kind();
        ErrorSubject = ErrorSubject::TokenUrl;
        Fate = Fate::Dead;
        FaultPlace = FaultPlace::Local;
        Obstacle = Obstacle::NoNetwork;
        Successor = Successor::new(RefreshToken::new(REFRESH));
        GateState = GateState::Busy;
        Holding = Holding::Aging;
        Deviation = Deviation::ByteOrderMark;
        LoginReason = LoginReason::Refused;
        Method = Method::Post;
        Need = Need::ValidFor(Duration::from_secs(1));
        Outcome = Outcome::abandoned(ByteLeft::Maybe);
        Reading = Reading::Granted(response());
        Reading = Reading::Next(AuthorizationGrant::RefreshToken(RefreshToken::new(REFRESH)));
        Rejected = Rejected::Replaced(lifecycle().1);
        Replay = Replay::OwnerDead;
        Rotation = Rotation::SingleUse;
        AuthorizationGrant = grant();
        ParameterValue = ParameterValue::new(SECRET);
        StorePassword = StorePassword::new(SECRET);
        GrantParameters = GrantParameters::new().with("assertion", SECRET);
        ExtensionGrant = ExtensionGrant::new("urn:example", GrantParameters::new().with("assertion", SECRET));
        TransportErrorKind = TransportErrorKind::Ambiguous;
        Verb = Verb::UseAndRefresh;
        Found = Found::Free;
        Judgment = Judgment::Lease;
        Fallback = Fallback::SignIn;
        GrantState = GrantState::Unused;
        Choice = Choice::Send;
        StoreState = StoreState::Nothing;
        Obtainment = Obtainment::SignIn;
        Resolution = Resolution::Save;
        RefusedToken = RefusedToken::Current;
        Refusal = Refusal::Discard;
        Verdict = Verdict::TokenRefused;
        Clocks = clocks;
        Epoch = Epoch::new(1);
        RenewalJob = Lifecycle::new(Policy::default(), 7).sign_in(provider(), grant()).unwrap();
        Members = response().members;
        Member = response().members.get("team").cloned().unwrap();
        IdToken = lifecycle().1.id_token().unwrap();
        Attachments = record().attachments;
        Amendment = Amendment::Attach(record().attachments);
        ExistingTokens = ExistingTokens::new(REFRESH).with_access_token(ACCESS, UnixTime::from_secs(1)).with_id_token(CODE);
        Outcome = Outcome::Looked(Some(record()));
        UnknownFields = record().unknown;
        Generation = Generation::new(1);
        Header = Header::new("Authorization", SECRET);
        HttpRequest = HttpRequest::new(Method::Post, "https://auth.example/token")
            .header("Authorization", format!("Bearer {REFRESH}"))
            .body(format!("client_secret={SECRET}"));
        HttpResponse = HttpResponse::new(head(), format!("{{\"access_token\":\"{ACCESS}\"}}"));
        Instant = Instant::ORIGIN;
        Lifecycle = lifecycle().0;
        Resting = lifecycle().0.rest(true).unwrap();
        Origin = Origin::of("https://api.example").unwrap();
        Policy = Policy::default();
        CallFormat = CallFormat::new().header("X-Api-Key", SECRET).query("key", ACCESS);
        ProviderSpec = provider().spec().clone();
        Record = record();
        ResponseHead = head();
        Scope = Scope::parse("profile");
        Token = lifecycle().1;
        TokenError = error.clone();
        TokenKey = TokenKey::new("hive-auth", "https://auth.example/token");
        TokenResponse = response();
        TransportError = TransportError::new(TransportErrorKind::Ambiguous, "broken off").with_response(HttpResponse::new(head(), ACCESS));
        UnixTime = UnixTime::from_secs(1);
    );
    let mut hasher = DefaultHasher::new();
    let mut credential = Credential::new(&mut hasher);
    credential.client("client").secret(SECRET);
    show!(shown: Credential<'_> = credential;);
    shown.add_error::<TokenError>(&error);
    let url = format!("https://user:{SECRET}@api.example/");
    shown.add_error::<OriginError>(&Origin::of(&url).unwrap_err());
    let broken = HttpRequest::new(Method::Post, url).header("Authorization", format!("{SECRET}\n"));
    shown.add_error::<HttpTypeError>(&http::Request::<Vec<u8>>::try_from(&broken).unwrap_err());
    let broken =
        HttpRequest::new(Method::Post, "https://api.example/").header("Authorization", format!("{SECRET}\n"));
    shown.add_error::<HttpTypeError>(&http::Request::<Vec<u8>>::try_from(broken).unwrap_err());
    show_machine(shown, lifecycle().0);
}

/// The types that only a running state machine holds.
fn show_machine(shown: &mut Shown, mut lifecycle: Lifecycle) {
    let late = Clocks::default().plus(Duration::from_secs(10_000));
    let decision = lifecycle.acquire(Need::Fresh, late);
    shown.add::<Decision>(&decision);
    let Decision::Refresh(permit) = decision else { panic!("an expired token is renewed") };
    shown.add::<Permit>(&permit);
    let job = permit.job(provider());
    shown.add::<RenewalJob>(&job);
    let step = Renewal::begin(job, late);
    shown.add::<Step>(&step);
    let Step::Send(sending, sent) = step else { panic!("a refresh token is spent") };
    shown.add::<BoundedRequest>(&sending);
    shown.add::<Sent>(&sent);
    let envelope = format!(
        r#"{{"code":0,"message":"success","data":{{"accessToken":"{ACCESS}","refreshToken":"{REFRESH}"}}}}"#
    );
    let answer = Answer::Response(HttpResponse::new(ResponseHead::new(200), envelope));
    let step = sent.resume(answer, late);
    shown.add::<Step>(&step);
    let Step::Done(outcome, None) = step else { panic!("one answer is enough") };
    shown.add::<Outcome>(&outcome);
    shown.add::<Completed>(&lifecycle.complete(permit, outcome, late));
    shown.add::<Lifecycle>(&lifecycle);
}
