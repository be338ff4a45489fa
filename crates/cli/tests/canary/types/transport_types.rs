//! The types of the transports and of the crate that they share.

use core::time::Duration;
use std::sync::Arc;

use tower_layer::Layer;
use wellspring_core::{
    Acquire, AcquireStep, Answer, Attempt, AwaitChange, AwaitRejection, AwaitRenewal, AwaitToken,
    AwaitVerdict, Call, CallFormat, CallStep, CallTarget, Clocks, HttpResponse, Instant, Lifecycle,
    LivenessLock, Loaded, LockDomain, Need, Outcome, Patience, Pending, PendingSave, Policy, Provider,
    Record, ResponseHead, Step, Store, StoreError, StoreGuarantees, StoreOp, Swap, Token, TokenError,
    TokenKey, Verdict, Version, WatchOutcome,
};
use wellspring_store::{MemoryStore, Records};
use wellspring_transport::twins::prelude::{Pool, SharedSettings};
use wellspring_transport::{
    Action, ActiveRenewal, AllowedOrigins, AnyStore, CallLimits, CallParts, CertificateInfo, ClientSettings,
    Clock, Common, Driver, Failure, InFlight, KeepAlive, KeepAliveReport, KeptAlive, Listener, ManualClock,
    Notify, ProxyChoice, Redirected, RenewalGuard, RenewalRun, Report, SaveGuard, SaveRun, Scripted,
    SharedLifecycle, Slices, Source, SourceSelector, Storage, Tls, TlsBackend, TlsConnector, TlsFault,
    TlsIdentity, TlsLibrary, TlsSetting, TokenRef, UserAgent, Validity, Watch,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use super::core_types::{grant, provider, record, response};
use super::{ACCESS, REFRESH, SECRET, Shown, show};

type MapBody = fn(asynchronous::Body) -> asynchronous::Body;

pub(crate) fn show_all(shown: &mut Shown) {
    let clock = Clock::manual(1_700_000_000);
    let shared = || SharedLifecycle::new(provider(), Policy::default(), 7, Clock::from(&clock), None);
    let token =
        Lifecycle::new(Policy::default(), 7).take_over(response(), Clocks::default(), Clocks::default());
    let caller = || Acquire::new(Need::Fresh, Patience::OneRenewal, Instant::NEVER);
    let asked = shared().ask(caller(), Ok(()));
    shown.add::<Action>(&asked);
    let Action::Start(renewal, _) = asked else { panic!("no token is held") };
    show_callers(shown, &token);
    shown.add::<InFlight>(renewal.in_flight());
    shown.add::<Report>(&Report::Attachments(record().attachments));
    shown.add::<RenewalGuard>(&renewal);
    show_an_unfinished_save(shown);
    let notify = Notify::default();
    let listener: Listener<'_> = notify.listener();
    shown.add(&listener);
    let holding = shared();
    holding.adopt(response()).unwrap();
    let lent: TokenRef<'_> = holding.fresh().unwrap();
    shown.add(&lent);
    show!(shown:
        Action = Action::Done(Ok(token.clone()));
        Notify = Notify::default();
        Clock = Clock::system();
        ManualClock = clock.clone();
        AllowedOrigins = AllowedOrigins::of(&*provider());
        CallParts = CallParts::of(&CallFormat::new().header("X-Api-Key", SECRET).query("key", SECRET)).unwrap();
        Arc<Scripted> = Scripted::new([Ok(response()), Err(TokenError::busy("later"))]);
        Arc<SharedLifecycle> = holding.clone();
        Tls = Tls::new().client_certificate("a certificate", SECRET).certificate_authority("an authority");
        ClientSettings<()> = ClientSettings::new(Tls::new().client_certificate("a certificate", SECRET));
        ProxyChoice = ProxyChoice::At(format!("http://user:{SECRET}@proxy.example"));
        TlsBackend = TlsBackend::RustlsRing;
        TlsConnector = Tls::new().connector().unwrap();
        TlsLibrary = Tls::new().connector().unwrap().library();
        TlsIdentity = TlsIdentity::new(SECRET).key(SECRET).password(SECRET).key_password(SECRET);
        Tls = Tls::new().client_identity(TlsIdentity::file("client.p12").password(SECRET).key_password(SECRET));
        TlsSetting = TlsSetting::ClientKeyPassword;
        KeepAlive = KeepAlive::unused_for(Duration::from_secs(1));
        KeptAlive = KeptAlive::InUse;
        KeepAliveReport = KeepAliveReport::default();
        Validity = Validity::Expired;
        Failure = Failure::BROKEN;
        Redirected = Redirected::Elsewhere;
        SourceSelector<blocking::TokenSource> = SourceSelector::Always(blocking::TokenSource::fixed(ACCESS));
        Arc<dyn asynchronous::Transport> = Arc::new(asynchronous::HyperTransport::new(Tls::new()).unwrap());
        Arc<dyn blocking::Transport> = Arc::new(blocking::UreqTransport::new(Tls::new()).unwrap());
        asynchronous::Attach<()> = asynchronous::AttachLayer::per_request().layer(());
        asynchronous::AttachError = asynchronous::AttachError::Token(TokenError::busy("later"));
        asynchronous::AttachLayer = asynchronous::AttachLayer::new(asynchronous::TokenSource::fixed(ACCESS));
        asynchronous::SameBody = asynchronous::SameBody::default();
        asynchronous::AttachLayer<asynchronous::MappedBody<MapBody>> =
            asynchronous::AttachLayer::new(asynchronous::TokenSource::fixed(ACCESS)).map_body(|body| body);
        asynchronous::AttachMiddleware =
            asynchronous::AttachMiddleware::new(asynchronous::TokenSource::fixed(ACCESS));
        blocking::AttachMiddleware = blocking::AttachMiddleware::new(blocking::TokenSource::fixed(ACCESS));
        asynchronous::Body = asynchronous::Body::from(SECRET);
        asynchronous::Builder = asynchronous::Builder::new(provider());
        asynchronous::HyperTransport = asynchronous::HyperTransport::new(Tls::new()).unwrap();
        blocking::Body = blocking::Body::from(SECRET);
        blocking::Builder = blocking::Builder::new(provider());
        blocking::UreqTransport = blocking::UreqTransport::new(Tls::new()).unwrap();
        blocking::TokenSource = blocking::TokenSource::fixed(ACCESS);
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let source: asynchronous::TokenSource = asynchronous::TokenSource::fixed(ACCESS);
        shown.add(&source);
        let warm: asynchronous::KeepWarm = source.keep_warm().unwrap();
        shown.add(&warm);
    });
    show_pools(shown);
    show_certificates(shown);
    show_shared_parts(shown);
    let warm: blocking::KeepWarm = blocking::TokenSource::fixed(ACCESS).keep_warm().unwrap();
    shown.add(&warm);
    let _ = Duration::ZERO;
}

/// Certificates, and errors about files and passwords that hold the secret.
fn show_certificates(shown: &mut Shown) {
    let simulator = wellspring_simulator::Simulator::builder().mutual_tls().start().unwrap();
    let identity = simulator.identity().unwrap();
    let (certificate, key) = (&identity.client_certificate_pem, &identity.client_key_pem);
    let tls = Tls::new().client_certificate(certificate.as_str(), key.as_str());
    let info: CertificateInfo = tls.certificate_info().unwrap().unwrap();
    shown.add(&info);
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let marked = key.replacen(&body[..8], &format!("{SECRET}*"), 1);
    let encrypted = format!(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {SECRET}\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    );
    for identity in [
        TlsIdentity::new(certificate.as_str()).key(SECRET),
        TlsIdentity::new(certificate.as_str()).key(marked),
        TlsIdentity::new(certificate.as_str()).key(encrypted).key_password(SECRET),
        TlsIdentity::new(SECRET).password(SECRET),
        TlsIdentity::new(format!("-----BEGIN {SECRET}-----")).password(SECRET),
        TlsIdentity::new(wrong_pkcs12()).password(SECRET).key_password(SECRET),
    ] {
        shown.add_error::<TlsFault>(&Tls::new().client_identity(identity).find_fault().unwrap_err());
    }
}

/// A PKCS #12 file whose password is another one: the head of one, with a MAC over nothing.
fn wrong_pkcs12() -> Vec<u8> {
    let data = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0xa0, 4, 4, 2, 0x30, 0];
    let mut file = vec![0x30, 22, 2, 1, 3, 0x30, 17];
    file.extend(data);
    file
}

/// What waits for a token, and what carries a call.
fn show_callers(shown: &mut Shown, token: &Token) {
    let now = Clocks::default();
    let caller = Acquire::new(Need::Fresh, Patience::UntilDeadline, Instant::NEVER);
    shown.add::<Acquire>(&caller);
    let mut life = Lifecycle::new(Policy::default(), 7);
    let step = caller.clone().ask(&mut life, Ok(()), now);
    shown.add::<AcquireStep>(&step);
    let AcquireStep::Start(permit, waiting) = step else { panic!("no token is held") };
    shown.add::<AwaitRenewal>(&waiting);
    let _ = life.complete(permit, Outcome::given_up(TokenError::unavailable("down")), now);
    let AcquireStep::Sleep(_, sleeping) = caller.ask(&mut life, Ok(()), now) else { panic!("no pause") };
    shown.add::<AwaitChange>(&sleeping);
    shown.add::<Call>(&Call);
    let CallStep::Token(_, next) = Call::begin::<()>() else { panic!("no token is acquired") };
    shown.add::<AwaitToken>(&next);
    let step = next.resume::<()>(token.clone());
    shown.add::<CallStep<()>>(&step);
    let CallStep::Send(_, next) = step else { panic!("not sent") };
    shown.add::<AwaitVerdict>(&next);
    let CallStep::Reject(_, next) = next.resume((), &Verdict::TokenRefused, true) else { panic!("kept") };
    shown.add::<AwaitRejection<()>>(&next);
}

/// A store that accepts leases and refuses obtained tokens.
#[derive(Debug)]
struct Full(Records<MemoryStore>);

impl Store for Full {
    fn guarantees(&self) -> StoreGuarantees {
        self.0.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.0.load(key, within)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        if record.lease.is_none() {
            return Err(StoreError::unreadable("the disk is full"));
        }
        self.0.save(key, expected, record, within)
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.0.watch(key, version, domain, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.0.liveness_lock(key, within)
    }

    fn spill(&self, _: &TokenKey, _: &PendingSave) -> Result<(), StoreError> {
        Err(StoreError::unavailable("the spill folder is full too"))
    }

    fn forget_spill(&self, _: &TokenKey, _: Attempt) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The types that only a renewal with a store holds, and the pending save after the store has refused a token.
fn show_an_unfinished_save(shown: &mut Shown) {
    let full: Arc<dyn Store> = Arc::new(Full(MemoryStore::open()));
    shown.add(&asynchronous::OffThread::new(Arc::clone(&full)));
    let full = AnyStore::Blocking(full);
    shown.add::<AnyStore>(&full);
    let storage = Storage::new(full, 7);
    shown.add::<Storage>(&storage);
    shown.add(&Slices::new(Instant::ORIGIN, Instant::NEVER));
    let clock = Clock::manual(1_700_000_000);
    let shared = SharedLifecycle::new(signs_in(), Policy::default(), 7, Clock::from(&clock), Some(storage));
    let renewal = shared.sign_in(grant()).unwrap();
    shown.add::<RenewalGuard>(&renewal);
    let (mut renewal, mut step) = renewal.begin();
    shown.add::<RenewalRun>(&renewal);
    let (outcome, unfinished) = loop {
        renewal.active.enter(&step);
        shown.add::<ActiveRenewal>(&renewal.active);
        step = match step {
            Step::Load(load) => operate(&renewal.active, load),
            Step::Save(save) => operate(&renewal.active, save),
            Step::Watch(watch) => operate(&renewal.active, watch),
            Step::Spill(spill) => operate(&renewal.active, spill),
            Step::Forget(forget) => operate(&renewal.active, forget),
            Step::Send(_, sent) => {
                let body = format!(
                    r#"{{"access_token":"{ACCESS}","refresh_token":"{REFRESH}","token_type":"bearer"}}"#
                );
                let head = ResponseHead::new(200).header("Content-Type", "application/json");
                sent.resume(Answer::Response(HttpResponse::new(head, body)), clock.now())
            }
            Step::Sleep(_, next) => next.resume(clock.now()),
            Step::Done(outcome, unfinished) => break (outcome, unfinished),
        };
    };
    let save = renewal.finish(outcome, unfinished).expect("the token is not stored yet");
    shown.add::<SaveGuard>(&save);
    let (save, _) = save.begin();
    shown.add::<SaveRun>(&save);
    shown.add::<ActiveRenewal>(&save.active);
}

fn operate<O: StoreOp>(active: &ActiveRenewal, pending: Pending<O>) -> Step {
    let Pending { operation, next, .. } = pending;
    let reply = active.run(&Arc::new(operation), Duration::from_secs(1))();
    active.leave::<O>(next, reply)
}

fn show_pools(shown: &mut Shown) {
    shown.add::<CallLimits>(&CallLimits::idle(Duration::from_secs(1)));
    shown.add::<UserAgent>(&UserAgent::default());
    shown.add::<CallTarget>(&CallTarget::of(&format!("https://api.example/x?key={SECRET}")));
    let template = || hive_auth::HiveAuth::sandbox().credentials("operator", SECRET).unwrap();
    let of = asynchronous::TokenSource::builder(template()).store(MemoryStore::open());
    let pool: asynchronous::TokenPool = of.pool(move |_| template()).unwrap();
    shown.add(&pool);
    let of = blocking::TokenSource::builder(template()).store(MemoryStore::open());
    let pool: blocking::TokenPool = of.pool(move |_| template()).unwrap();
    shown.add(&pool);
}

/// A driver of the crate that both transports stand on, which runs nothing.
#[derive(Clone)]
struct Idle;

impl Driver for Idle {
    type Transport = ();
    type Place = ();

    fn for_source(&self) -> Self {
        Self
    }

    fn is_complete(&self) -> bool {
        true
    }

    fn place(&self) -> Result<(), TokenError> {
        Ok(())
    }

    fn start((): &(), renewal: RenewalGuard, _: &Arc<()>) {
        drop(renewal);
    }

    fn watch((): &(), _: &'static str, watch: Watch) -> Result<(), TokenError> {
        drop(watch);
        Ok(())
    }
}

fn show_shared_parts(shown: &mut Shown) {
    let mut settings = SharedSettings::new(&*provider(), Idle);
    settings.store = Some(AnyStore::Blocking(Arc::new(MemoryStore::open())));
    shown.add::<SharedSettings<Idle>>(&settings);
    let source = settings.source(provider(), Arc::new(()));
    source.shared.adopt(response()).unwrap_err();
    shown.add::<Source<Idle>>(&source);
    shown.add::<Common<Idle>>(&source.common);
    shown.add::<SourceSelector<Source<Idle>>>(&SourceSelector::Always(source));
    let pool = Pool::new(&*provider(), settings, Arc::new(()), |_| signs_in()).unwrap();
    let _ = pool.source("ann").unwrap();
    shown.add::<Pool<Idle>>(&pool);
    let tls = Tls::new().client_certificate("a certificate", SECRET);
    shown.add::<ClientSettings<()>>(&ClientSettings::new(tls));
    shown.add(&Failure::UNTRUSTED);
    shown.add(&Redirected::Elsewhere);
}

fn signs_in() -> Arc<dyn Provider> {
    let app = oauth2_app::aihubmix::app("https://api.example").unwrap();
    Arc::new(
        app.client_id("id")
            .client_secret(SECRET)
            .redirect_uri("https://app.example/callback")
            .build()
            .unwrap(),
    )
}
