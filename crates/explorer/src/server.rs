//! A server that rotates refresh tokens and revokes a whole family when a spent one comes again.

use wellspring_core::{Answer, HttpResponse, Replay, ResponseHead};

use crate::line::{Grants, Line};
use crate::provider::{Name, Wish};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) families: Vec<Family>,
}

/// All the refresh tokens that come from one sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Family {
    /// The number of the one in force; those before it are spent.
    pub(crate) live: u8,
    pub(crate) revoked: bool,
    /// It was revoked because a spent one came again.
    pub(crate) reuse: bool,
    /// When the one in force was minted, where a repetition is answered alike for a while.
    minted: u8,
}

/// What the server makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Granted(Name),
    /// A token, and nothing else to spend.
    Own,
    /// A token; the refresh token stays.
    Kept,
    Refused(Name),
    /// The refresh token is no good, and credentials are there to be spent instead.
    Next(Name),
    Revoked,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self { families: vec![Family::new(1)] }
    }

    pub(crate) fn family(&self, name: Name) -> &Family {
        &self.families[usize::from(name.family) - 1]
    }

    /// Does what it is asked for. `time` is the sender's own count of how late it is.
    pub(crate) fn process(&mut self, wish: Wish, time: u8, line: &Line) -> Said {
        match wish {
            Wish::Credentials => Said::Own,
            Wish::SignIn => {
                self.families.push(Family::new(1));
                let family = u8::try_from(self.families.len()).expect("few people sign in");
                Said::Granted(Name { family, number: 1 })
            }
            Wish::Revoke(name) => {
                self.families[usize::from(name.family) - 1].revoked = true;
                Said::Revoked
            }
            Wish::Refresh(name) => {
                let family = &mut self.families[usize::from(name.family) - 1];
                if family.revoked {
                    return refused(name, line);
                }
                if line.grant == Grants::Reusable {
                    return Said::Kept;
                }
                let window =
                    matches!(line.replay, Replay::Within(_)) && (line.is_fleet() || time <= family.minted);
                if name.number + 1 == family.live && window {
                    return Said::Granted(Name { number: family.live, ..name });
                }
                if name.number != family.live {
                    (family.revoked, family.reuse) = (true, true);
                    return refused(name, line);
                }
                family.live += 1;
                if matches!(line.replay, Replay::Within(_)) {
                    family.minted = time;
                }
                Said::Granted(Name { number: family.live, ..name })
            }
        }
    }
}

const fn refused(name: Name, line: &Line) -> Said {
    if matches!(line.grant, Grants::RotatingWithCredentials) { Said::Next(name) } else { Said::Refused(name) }
}

impl Family {
    const fn new(live: u8) -> Self {
        Self { live, revoked: false, reuse: false, minted: 0 }
    }
}

impl Said {
    pub(crate) fn answer(self) -> Answer {
        let (status, body) = match self {
            Self::Granted(name) => (200, name.to_string()),
            Self::Own => (200, "own".to_owned()),
            Self::Kept => (200, "kept".to_owned()),
            Self::Refused(_) => (401, String::new()),
            Self::Next(_) => (409, String::new()),
            Self::Revoked => (200, String::new()),
        };
        Answer::Response(HttpResponse::new(ResponseHead::new(status), body))
    }
}
