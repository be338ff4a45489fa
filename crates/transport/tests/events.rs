//! The events of a source, by their stable names, and what they never hold.

#[path = "support/lines.rs"]
mod lines;

use core::time::Duration;

use lines::Lines;
use wellspring_core::{
    AccessToken, Deviation, Generation, Policy, RefreshToken, Rejected, TokenError, TokenResponse,
};
use wellspring_transport::{Clock, Scripted, SharedLifecycle, events};

#[test]
fn each_event_has_its_name_and_none_holds_a_secret() {
    let lines = Lines::default();
    let _default = tracing::subscriber::set_default(lines.clone());
    let granted = TokenResponse::new(AccessToken::new("canary"))
        .with_lifetime(Duration::from_secs(60))
        .with_refresh_token(RefreshToken::new("canary"));
    let life = SharedLifecycle::new(Scripted::new([]), Policy::default(), 7, Clock::system(), None);
    let token = life.adopt(granted).unwrap();
    assert!(matches!(life.reject(token.generation()), Rejected::Renew));
    drop(life.ask_at_once(Ok(())));
    events::renewal_renewed("scripted", &token);
    events::send_retried("scripted", Generation::new(2));
    events::deviation("scripted", Deviation::ByteOrderMark);
    events::renewal_failed("scripted", &TokenError::busy("wait"));

    let lines = lines.take();
    let names: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "token.rejected",
            "renewal.started",
            "renewal.failed",
            "renewal.renewed",
            "send.retried",
            "deviation",
            "renewal.failed",
        ]
    );
    assert!(lines[3].contains("generation=1") && lines[3].contains("lifetime=60"), "{}", lines[3]);
    assert!(lines.iter().all(|line| !line.contains("canary")), "{lines:?}");
}
