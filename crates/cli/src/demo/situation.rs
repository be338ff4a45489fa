//! The situations of a token's life, and the requests that each must cause.

use core::time::Duration;

use wellspring_core::{ErrorKind, Token, TokenError, UnixTime};
use wellspring_simulator::{Endpoint, Entry};

use crate::demo::stage::Stage;
use crate::demo::subject::Subject;

/// One line of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Situation {
    First,
    Attached,
    KeptFresh,
    Crowd,
    Expired,
    RevokedEarly,
    Rotation,
    Fallback,
    Outage,
}

/// The result of a check; a failure is one sentence.
type Checked = Result<(), String>;

const CALLERS: usize = 100;

impl Situation {
    pub(crate) const ALL: [Self; 9] = [
        Self::First,
        Self::Attached,
        Self::KeptFresh,
        Self::Crowd,
        Self::Expired,
        Self::RevokedEarly,
        Self::Rotation,
        Self::Fallback,
        Self::Outage,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::First => "a first token",
            Self::Attached => "attached to calls",
            Self::KeptFresh => "renewed early, no wait",
            Self::Crowd => "100 callers, one exchange",
            Self::Expired => "expired, renewed before use",
            Self::RevokedEarly => "401, renewed, retried once",
            Self::Rotation => "rotation, each token used once",
            Self::Fallback => "refresh refused, credentials",
            Self::Outage => "outage, pause, recovery",
        }
    }

    /// Whether the demo runs it for this provider.
    pub(crate) fn concerns(self, subject: Subject) -> bool {
        match self {
            Self::Rotation => subject == Subject::Oauth2App,
            Self::Fallback => subject == Subject::HiveAuth,
            _ => true,
        }
    }

    pub(crate) fn play(self, stage: &mut Stage) -> Checked {
        match self {
            Self::First => first(stage),
            Self::Attached => attached(stage),
            Self::KeptFresh => kept_fresh(stage),
            Self::Crowd => crowd(stage),
            Self::Expired => expired(stage),
            Self::RevokedEarly => revoked_early(stage),
            Self::Rotation => rotation(stage),
            Self::Fallback => fallback(stage),
            Self::Outage => outage(stage),
        }
    }
}

fn first(stage: &mut Stage) -> Checked {
    let mark = stage.mark();
    let token = match stage.subject {
        Subject::Oauth2App => stage.sign_in()?,
        Subject::PixBacen | Subject::HiveAuth => stage.token("caller 1")?,
    };
    let again = stage.token("caller 2")?;
    let exchanges = exchanges(&stage.since(mark));
    expect("exchanges", &[(stage.subject.first(), Some(200))], &exchanges)?;
    check(again.expose() == token.expose(), "the second caller got another token")?;
    check(token.lifetime() == Some(stage.subject.lifetime()), "the token's lifetime is not the server's")
}

fn attached(stage: &mut Stage) -> Checked {
    let mark = stage.mark();
    for who in ["caller 1", "caller 2"] {
        let status = stage.call(who)?;
        check((200..300).contains(&status), &format!("the API answered {status}"))?;
    }
    let entries = stage.since(mark);
    expect("exchanges", &[], &exchanges(&entries))?;
    let carried: Vec<_> =
        entries.iter().filter_map(|entry| print(entry, "sent authorization Bearer")).collect();
    let issued = last_issued(&stage.since(0));
    check(
        carried.len() == 2 && carried.iter().all(|print| Some(print) == issued.as_ref()),
        "the calls did not carry the newest token",
    )
}

fn kept_fresh(stage: &mut Stage) -> Checked {
    let old = stage.current()?;
    stage.advance(stage.subject.aging().saturating_sub(age(stage, &old)));
    let mark = stage.mark();
    let at_once = stage.token("caller 1")?;
    check(at_once.expose() == old.expose(), "the caller did not get the current token")?;
    let new = stage.newer_than(&old)?;
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&stage.since(mark)))?;
    check(new.expose() != old.expose(), "the token is the old one")
}

fn crowd(stage: &mut Stage) -> Checked {
    let old = stage.current()?;
    expire(stage, &old);
    // Long enough for all callers to arrive before the response.
    stage.simulator.configure(|config| config.latency = Duration::from_millis(20));
    let mark = stage.mark();
    let answers = stage.crowd(CALLERS);
    stage.simulator.configure(|config| config.latency = Duration::ZERO);
    let tokens = answers.into_iter().collect::<Result<Vec<Token>, _>>().map_err(|error| error.to_string())?;
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&stage.since(mark)))?;
    let same = tokens.iter().all(|token| token.expose() == tokens[0].expose());
    check(same && tokens.len() == CALLERS, "the callers did not all get the same token")?;
    check(tokens[0].expose() != old.expose(), "the callers got the expired token")
}

fn expired(stage: &mut Stage) -> Checked {
    let old = stage.current()?;
    expire(stage, &old);
    let mark = stage.mark();
    let status = stage.call("caller 1")?;
    check((200..300).contains(&status), &format!("the API answered {status}"))?;
    let entries = stage.since(mark);
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&entries))?;
    check(entries.len() == 2, "the source sent the expired token to the API")
}

fn revoked_early(stage: &mut Stage) -> Checked {
    stage.current()?;
    stage.advance(Duration::from_secs(600));
    stage.simulator.revoke_access_tokens();
    stage.happens("the server revokes every access token before it expires");
    let mark = stage.mark();
    let status = stage.call("caller 1")?;
    check((200..300).contains(&status), &format!("the API answered {status}"))?;
    let entries = stage.since(mark);
    let requests: Vec<_> = entries.iter().map(|entry| (is_exchange(entry), entry.status)).collect();
    let right = matches!(requests[..], [(false, Some(401)), (true, Some(200)), (false, Some(200..300))]);
    check(right, &format!("expected a 401, one exchange and one retry: {requests:?}"))
}

fn rotation(stage: &mut Stage) -> Checked {
    let mark = stage.mark();
    for _ in 0..2 {
        let old = stage.current()?;
        expire(stage, &old);
        stage.token("caller 1")?;
    }
    let entries = stage.since(mark);
    let used: Vec<_> = entries.iter().filter_map(|entry| print(entry, "sent refresh_token")).collect();
    let issued: Vec<_> = entries.iter().filter_map(|entry| print(entry, "issued refresh_token")).collect();
    check(used.len() == 2 && issued.len() == 2, "there were not two refreshes")?;
    check(
        used[1] == issued[0] && used[0] != used[1],
        "the second refresh did not use the token of the first one",
    )?;
    check(stage.simulator.counters().reuses_detected == 0, "the server received a refresh token twice")
}

fn fallback(stage: &mut Stage) -> Checked {
    let old = stage.current()?;
    stage.simulator.revoke_refresh_tokens();
    stage.happens("the server revokes every refresh token");
    expire(stage, &old);
    let mark = stage.mark();
    stage.token("caller 1")?;
    let asked: Vec<_> = exchanges(&stage.since(mark)).into_iter().map(|(endpoint, _)| endpoint).collect();
    check(
        asked == [Endpoint::HiveRefresh, Endpoint::HiveToken],
        &format!("expected one refused refresh and one exchange of the credentials: {asked:?}"),
    )
}

fn outage(stage: &mut Stage) -> Checked {
    let old = stage.current()?;
    expire(stage, &old);
    stage.unplug();
    let down = stage.crowd(CALLERS);
    stage.plug_in()?;
    let mut pauses: Vec<_> = down.into_iter().map(pause_of).collect::<Result<_, _>>()?;
    pauses.dedup();
    let [again] = pauses[..] else { return Err("the callers got different pauses".into()) };
    let mark = stage.mark();
    check(stage.token("caller 1").is_err(), "a caller got a token during the pause")?;
    check(stage.since(mark).is_empty(), "the source sent a request during the pause")?;
    stage.advance(stage.until(again));
    stage.token("caller 1")?;
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&stage.since(mark)))
}

/// The end of the pause in the error that a caller got.
fn pause_of(answer: Result<Token, TokenError>) -> Result<UnixTime, String> {
    match answer.map_err(|error| error.kind()) {
        Err(ErrorKind::Unavailable { retry_at: Some(again) }) => Ok(again),
        Err(kind) => Err(format!("the outage was reported as {kind:?}")),
        Ok(_) => Err("there was a token while the server was down".into()),
    }
}

fn expire(stage: &mut Stage, token: &Token) {
    let left = stage.left(token).unwrap_or_default();
    stage.advance(left.saturating_add(Duration::from_secs(1)));
}

fn age(stage: &Stage, token: &Token) -> Duration {
    stage.subject.lifetime().saturating_sub(stage.left(token).unwrap_or_default())
}

fn is_exchange(entry: &Entry) -> bool {
    Endpoint::Token.covers(entry.endpoint)
}

/// The token requests and the statuses of their responses.
fn exchanges(entries: &[Entry]) -> Vec<(Endpoint, Option<u16>)> {
    entries.iter().filter(|entry| is_exchange(entry)).map(|entry| (entry.endpoint, entry.status)).collect()
}

fn print(entry: &Entry, what: &str) -> Option<String> {
    entry.secrets.iter().find(|secret| secret.what == what).map(|secret| secret.print.clone())
}

fn last_issued(entries: &[Entry]) -> Option<String> {
    entries.iter().rev().find_map(|entry| print(entry, "issued access_token"))
}

fn expect(what: &str, wanted: &[(Endpoint, Option<u16>)], seen: &[(Endpoint, Option<u16>)]) -> Checked {
    if wanted == seen { Ok(()) } else { Err(format!("{what}: expected {wanted:?}, got {seen:?}")) }
}

fn check(passed: bool, otherwise: &str) -> Checked {
    if passed { Ok(()) } else { Err(otherwise.to_owned()) }
}
