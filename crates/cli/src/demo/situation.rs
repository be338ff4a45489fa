//! The situations a token gets into, and what must be seen in each.

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

/// What should have been seen and was not, in one sentence.
type Held = Result<(), String>;

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
            Self::KeptFresh => "kept fresh, nobody waits",
            Self::Crowd => "100 callers, one exchange",
            Self::Expired => "expired, renewed before use",
            Self::RevokedEarly => "401, renewed, retried once",
            Self::Rotation => "rotating, never spent twice",
            Self::Fallback => "refresh refused, credentials",
            Self::Outage => "server down, pause, recovered",
        }
    }

    /// Whether this provider gets into it.
    pub(crate) fn concerns(self, subject: Subject) -> bool {
        match self {
            Self::Rotation => subject == Subject::Oauth2App,
            Self::Fallback => subject == Subject::HiveAuth,
            _ => true,
        }
    }

    pub(crate) fn play(self, stage: &mut Stage) -> Held {
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

fn first(stage: &mut Stage) -> Held {
    let mark = stage.mark();
    let token = match stage.subject {
        Subject::Oauth2App => stage.sign_in()?,
        Subject::PixBacen | Subject::HiveAuth => stage.token("a caller")?,
    };
    let again = stage.token("another one")?;
    let exchanges = exchanges(&stage.since(mark));
    expect("exchanges", &[(stage.subject.first(), Some(200))], &exchanges)?;
    hold(again.expose() == token.expose(), "the second caller got another token")?;
    hold(token.lifetime() == Some(stage.subject.lifetime()), "the token's lifetime is not the server's")
}

fn attached(stage: &mut Stage) -> Held {
    let mark = stage.mark();
    for who in ["a caller", "another one"] {
        let status = stage.call(who)?;
        hold((200..300).contains(&status), &format!("the API answered {status}"))?;
    }
    let entries = stage.since(mark);
    expect("exchanges", &[], &exchanges(&entries))?;
    let carried: Vec<_> =
        entries.iter().filter_map(|entry| print(entry, "sent authorization Bearer")).collect();
    let issued = last_issued(&stage.since(0));
    hold(
        carried.len() == 2 && carried.iter().all(|print| Some(print) == issued.as_ref()),
        "the calls did not carry the token that was issued last",
    )
}

fn kept_fresh(stage: &mut Stage) -> Held {
    let old = stage.current()?;
    stage.advance(stage.subject.aging().saturating_sub(age(stage, &old)));
    let mark = stage.mark();
    let at_once = stage.token("a caller")?;
    hold(at_once.expose() == old.expose(), "the caller did not get the token in force")?;
    let new = stage.newer_than(&old)?;
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&stage.since(mark)))?;
    hold(new.expose() != old.expose(), "the token is the old one")
}

fn crowd(stage: &mut Stage) -> Held {
    let old = stage.current()?;
    expire(stage, &old);
    // Long enough for all of them to come while the answer is on its way.
    stage.simulator.configure(|config| config.latency = Duration::from_millis(20));
    let mark = stage.mark();
    let answers = stage.crowd(CALLERS);
    stage.simulator.configure(|config| config.latency = Duration::ZERO);
    let tokens = answers.into_iter().collect::<Result<Vec<Token>, _>>().map_err(|error| error.to_string())?;
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&stage.since(mark)))?;
    let same = tokens.iter().all(|token| token.expose() == tokens[0].expose());
    hold(same && tokens.len() == CALLERS, "the callers did not all get the same token")?;
    hold(tokens[0].expose() != old.expose(), "the callers got the expired token")
}

fn expired(stage: &mut Stage) -> Held {
    let old = stage.current()?;
    expire(stage, &old);
    let mark = stage.mark();
    let status = stage.call("a caller")?;
    hold((200..300).contains(&status), &format!("the API answered {status}"))?;
    let entries = stage.since(mark);
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&entries))?;
    hold(entries.len() == 2, "the expired token was shown to the API")
}

fn revoked_early(stage: &mut Stage) -> Held {
    stage.current()?;
    stage.advance(Duration::from_secs(600));
    stage.simulator.revoke_access_tokens();
    stage.happens("the server revokes every access token, long before its time");
    let mark = stage.mark();
    let status = stage.call("a caller")?;
    hold((200..300).contains(&status), &format!("the API answered {status}"))?;
    let entries = stage.since(mark);
    let told: Vec<_> = entries.iter().map(|entry| (is_exchange(entry), entry.status)).collect();
    let right = matches!(told[..], [(false, Some(401)), (true, Some(200)), (false, Some(200..300))]);
    hold(right, &format!("not a 401, one exchange and one retry: {told:?}"))
}

fn rotation(stage: &mut Stage) -> Held {
    let mark = stage.mark();
    for _ in 0..2 {
        let old = stage.current()?;
        expire(stage, &old);
        stage.token("a caller")?;
    }
    let entries = stage.since(mark);
    let spent: Vec<_> = entries.iter().filter_map(|entry| print(entry, "sent refresh_token")).collect();
    let issued: Vec<_> = entries.iter().filter_map(|entry| print(entry, "issued refresh_token")).collect();
    hold(spent.len() == 2 && issued.len() == 2, "there were not two refreshes")?;
    hold(
        spent[1] == issued[0] && spent[0] != spent[1],
        "the second refresh did not spend what the first one got",
    )?;
    hold(stage.simulator.counters().reuses_detected == 0, "the server saw a refresh token twice")
}

fn fallback(stage: &mut Stage) -> Held {
    let old = stage.current()?;
    stage.simulator.revoke_refresh_tokens();
    stage.happens("the server revokes every refresh token");
    expire(stage, &old);
    let mark = stage.mark();
    stage.token("a caller")?;
    let asked: Vec<_> = exchanges(&stage.since(mark)).into_iter().map(|(endpoint, _)| endpoint).collect();
    hold(
        asked == [Endpoint::HiveRefresh, Endpoint::HiveToken],
        &format!("not one refused refresh and one exchange of the credentials: {asked:?}"),
    )
}

fn outage(stage: &mut Stage) -> Held {
    let old = stage.current()?;
    expire(stage, &old);
    stage.unplug();
    let down = stage.crowd(CALLERS);
    stage.plug_in()?;
    let mut pauses: Vec<_> = down.into_iter().map(pause_of).collect::<Result<_, _>>()?;
    pauses.dedup();
    let [again] = pauses[..] else { return Err("the callers were not told the same pause".into()) };
    let mark = stage.mark();
    hold(stage.token("a caller").is_err(), "the pause was not kept")?;
    hold(stage.since(mark).is_empty(), "the server was asked during the pause")?;
    stage.advance(stage.until(again));
    stage.token("a caller")?;
    expect("exchanges", &[(stage.subject.renewal(), Some(200))], &exchanges(&stage.since(mark)))
}

/// The end of the pause that a caller was told.
fn pause_of(answer: Result<Token, TokenError>) -> Result<UnixTime, String> {
    match answer.map_err(|error| error.kind()) {
        Err(ErrorKind::Unavailable { retry_at: Some(again) }) => Ok(again),
        Err(kind) => Err(format!("the outage was told as {kind:?}")),
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

/// What token endpoints were asked and answered.
fn exchanges(entries: &[Entry]) -> Vec<(Endpoint, Option<u16>)> {
    entries.iter().filter(|entry| is_exchange(entry)).map(|entry| (entry.endpoint, entry.status)).collect()
}

fn print(entry: &Entry, what: &str) -> Option<String> {
    entry.secrets.iter().find(|secret| secret.what == what).map(|secret| secret.print.clone())
}

fn last_issued(entries: &[Entry]) -> Option<String> {
    entries.iter().rev().find_map(|entry| print(entry, "issued access_token"))
}

fn expect(what: &str, wanted: &[(Endpoint, Option<u16>)], seen: &[(Endpoint, Option<u16>)]) -> Held {
    if wanted == seen { Ok(()) } else { Err(format!("{what} should be {wanted:?} and were {seen:?}")) }
}

fn hold(held: bool, otherwise: &str) -> Held {
    if held { Ok(()) } else { Err(otherwise.to_owned()) }
}
