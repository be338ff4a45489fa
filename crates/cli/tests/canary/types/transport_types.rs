//! The types of the transports and of the crate that they share.

use core::time::Duration;
use std::sync::Arc;

use http::HeaderValue;
use tower_layer::Layer;
use wellspring_core::{
    Answer, Attempt as CoreAttempt, Clocks, Generation, HttpResponse, Lifecycle, LivenessLock, Loaded, Need,
    PendingSave, Policy, Provider, Record, ResponseHead, Store, StoreError, StoreGuarantees, Swap,
    TokenError, TokenKey, Version, WatchOutcome,
};
use wellspring_store::{MemoryStore, Records};
use wellspring_transport::{
    Action, ActiveRenewal, AllowedOrigins, Attempt, Clock, InFlight, Listener, ManualClock, Next, Notify,
    Operation, Pool, RenewalGuard, Said, SaveGuard, Scripted, SharedLifecycle, Storage, Tls, TokenRef, Work,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use super::core_types::{grant, provider, response};
use super::{ACCESS, REFRESH, SECRET, Shown, show};

pub(crate) fn show_all(shown: &mut Shown) {
    let clock = Clock::manual(1_700_000_000);
    let shared = || SharedLifecycle::new(provider(), Policy::default(), 7, Clock::from(&clock), None);
    let token =
        Lifecycle::new(Policy::default(), 7).take_over(response(), Clocks::default(), Clocks::default());
    let mut header = HeaderValue::try_from(format!("Bearer {ACCESS}")).unwrap();
    header.set_sensitive(true);
    let asked = shared().ask(Need::Fresh);
    shown.add::<Action>(&asked);
    let Action::Renew(renewal) = asked else { panic!("nothing is there to be used") };
    shown.add::<InFlight>(renewal.in_flight());
    shown.add::<RenewalGuard>(&renewal);
    show_a_remainder(shown);
    let notify = Notify::default();
    let listener: Listener<'_> = notify.listener();
    shown.add(&listener);
    let holding = shared();
    holding.adopt(response()).unwrap();
    let lent: TokenRef<'_> = holding.fresh().unwrap();
    shown.add(&lent);
    show!(shown:
        Action = Action::Use(token.clone());
        Attempt = Attempt::new(Generation::new(1), header);
        Notify = Notify::default();
        Clock = Clock::system();
        ManualClock = clock.clone();
        AllowedOrigins = AllowedOrigins::of(&*provider());
        Arc<Scripted> = Scripted::new([Ok(response()), Err(TokenError::busy("later"))]);
        Arc<SharedLifecycle> = holding.clone();
        Tls = Tls::new().client_certificate("a certificate", SECRET).certificate_authority("an authority");
        asynchronous::Attach<()> = asynchronous::AttachLayer::per_request().layer(());
        asynchronous::AttachError = asynchronous::AttachError::Token(TokenError::busy("later"));
        asynchronous::AttachLayer = asynchronous::AttachLayer::new(asynchronous::TokenSource::fixed(ACCESS));
        asynchronous::AttachMiddleware =
            asynchronous::AttachMiddleware::new(asynchronous::TokenSource::fixed(ACCESS));
        blocking::AttachMiddleware = blocking::AttachMiddleware::new(blocking::TokenSource::fixed(ACCESS));
        asynchronous::Body = asynchronous::Body::from(SECRET);
        asynchronous::Builder = asynchronous::Builder::new(provider());
        asynchronous::ReqwestTransport = asynchronous::ReqwestTransport::new(Tls::new()).unwrap();
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
    let warm: blocking::KeepWarm = blocking::TokenSource::fixed(ACCESS).keep_warm().unwrap();
    shown.add(&warm);
    let _ = Duration::ZERO;
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

    fn watch(&self, key: &TokenKey, version: Version, within: Duration) -> Result<WatchOutcome, StoreError> {
        self.0.watch(key, version, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.0.liveness_lock(key, within)
    }

    fn spill(&self, _: &TokenKey, _: &PendingSave) -> Result<(), StoreError> {
        Err(StoreError::unavailable("so is the place for spills"))
    }

    fn forget_spill(&self, _: &TokenKey, _: CoreAttempt) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The types that only a renewal with a store holds, and the pending save after the store has refused a token.
fn show_a_remainder(shown: &mut Shown) {
    let full: Arc<dyn Store> = Arc::new(Full(MemoryStore::open()));
    let storage = Storage::new(full, 7);
    shown.add::<Storage>(&storage);
    let clock = Clock::manual(1_700_000_000);
    let shared = SharedLifecycle::new(signs_in(), Policy::default(), 7, Clock::from(&clock), Some(storage));
    let mut renewal = shared.sign_in(grant()).unwrap();
    let mut step = renewal.begin();
    let (outcome, unfinished) = loop {
        let work = renewal.course.enter(step);
        shown.add::<ActiveRenewal>(&renewal.course);
        shown.add::<Work>(&work);
        step = match work {
            Work::Store(operation, _, next) => {
                shown.add::<Operation>(&operation);
                shown.add::<Next>(&next);
                let said = renewal.course.carry_out(&operation, Duration::from_secs(1));
                shown.add::<Said>(&said);
                renewal.course.leave(said, next)
            }
            Work::Send(_, sent) => {
                let body = format!(
                    r#"{{"access_token":"{ACCESS}","refresh_token":"{REFRESH}","token_type":"bearer"}}"#
                );
                let head = ResponseHead::new(200).header("Content-Type", "application/json");
                sent.resume(Answer::Response(HttpResponse::new(head, body)), clock.now())
            }
            Work::Sleep(_, next) => next.resume(clock.now()),
            Work::Done(outcome, unfinished) => break (outcome, unfinished),
        };
    };
    let save_guard = renewal.finish(outcome, unfinished).expect("the token is not stored yet");
    shown.add::<SaveGuard>(&save_guard);
    shown.add::<ActiveRenewal>(&save_guard.course);
}

fn show_pools(shown: &mut Shown) {
    let pool = Pool::new(Duration::from_secs(1), Clock::system());
    let shared =
        pool.of("ann", || Ok(SharedLifecycle::new(provider(), Policy::default(), 7, Clock::system(), None)));
    shared.unwrap().adopt(response()).unwrap();
    shown.add::<Pool>(&pool);
    let template = || hive_auth::HiveAuth::sandbox().credentials("operator", SECRET).unwrap();
    let of = asynchronous::TokenSource::builder(template()).store(MemoryStore::open());
    let pool: asynchronous::TokenPool = of.pool(move |_| template()).unwrap();
    shown.add(&pool);
    let of = blocking::TokenSource::builder(template()).store(MemoryStore::open());
    let pool: blocking::TokenPool = of.pool(move |_| template()).unwrap();
    shown.add(&pool);
}

fn signs_in() -> Arc<dyn Provider> {
    let app = oauth2_app::App::aihubmix("https://api.example").unwrap();
    Arc::new(
        app.client_id("id")
            .client_secret(SECRET)
            .redirect_uri("https://app.example/callback")
            .build()
            .unwrap(),
    )
}
