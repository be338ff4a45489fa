//! The types of the transports and of what they share.

use core::time::Duration;
use std::sync::Arc;

use http::HeaderValue;
use wellspring_core::{Clocks, Generation, Lifecycle, Need, Policy, TokenError};
use wellspring_transport::{
    Asked, Attempt, Bell, Clock, Flight, ManualClock, Reach, Scripted, Seat, SharedLifecycle, Tls, TokenRef,
    Underway,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use super::core_types::{provider, response};
use super::{ACCESS, SECRET, Shown, show};

pub(crate) fn show_all(shown: &mut Shown) {
    let clock = Clock::manual(1_700_000_000);
    let shared = || SharedLifecycle::new(provider(), Policy::default(), 7, Clock::from(&clock), None);
    let token =
        Lifecycle::new(Policy::default(), 7).take_over(response(), Clocks::default(), Clocks::default());
    let mut header = HeaderValue::try_from(format!("Bearer {ACCESS}")).unwrap();
    header.set_sensitive(true);
    let asked = shared().ask(Need::Fresh);
    shown.add::<Asked>(&asked);
    let Asked::Renew(underway) = asked else { panic!("nothing is there to be used") };
    shown.add::<Flight>(underway.flight());
    shown.add::<Underway>(&underway);
    let bell = Bell::default();
    let seat: Seat<'_> = bell.seat();
    shown.add(&seat);
    let holding = shared();
    holding.adopt(response()).unwrap();
    let lent: TokenRef<'_> = holding.fresh().unwrap();
    shown.add(&lent);
    show!(shown:
        Asked = Asked::Use(token.clone());
        Attempt = Attempt::new(Generation::new(1), header);
        Bell = Bell::default();
        Clock = Clock::system();
        ManualClock = clock.clone();
        Reach = Reach::of(&*provider());
        Arc<Scripted> = Scripted::new([Ok(response()), Err(TokenError::busy("later"))]);
        Arc<SharedLifecycle> = holding.clone();
        Tls = Tls::new().client_certificate("a certificate", SECRET).certificate_authority("an authority");
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
        let warm: asynchronous::Warm = source.keep_warm().unwrap();
        shown.add(&warm);
    });
    let warm: blocking::Warm = blocking::TokenSource::fixed(ACCESS).keep_warm().unwrap();
    shown.add(&warm);
    let _ = Duration::ZERO;
}
