//! A server that rotates refresh tokens and revokes a whole family when a spent one comes again.

use wellspring_core::{Answer, HttpResponse, Replay, ResponseHead};

use crate::line::{Grants, Line};
use crate::provider::{ServerRequest, TokenName};

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
pub(crate) enum ServerReply {
    Granted(TokenName),
    /// A token, and nothing else to spend.
    Own,
    /// A token; the refresh token stays.
    Interned,
    Refused(TokenName),
    /// The refresh token is no good, and credentials are there to be spent instead.
    Next(TokenName),
    Revoked,
}

impl Server {
    /// A server at which each user has signed in once.
    pub(crate) fn new(line: &Line) -> Self {
        Self { families: (0..line.user_count()).map(|_| Family::new(1)).collect() }
    }

    pub(crate) fn family(&self, name: TokenName) -> &Family {
        &self.families[usize::from(name.family) - 1]
    }

    /// A spent refresh token has come again.
    pub(crate) fn has_seen_reuse(&self) -> bool {
        self.families.iter().any(|family| family.reuse)
    }

    /// Does what it is asked for. `time` is the sender's own count of how late it is.
    pub(crate) fn serve(&mut self, server_request: ServerRequest, time: u8, line: &Line) -> ServerReply {
        match server_request {
            ServerRequest::Credentials => ServerReply::Own,
            ServerRequest::SignIn => {
                self.families.push(Family::new(1));
                let family = u8::try_from(self.families.len()).expect("few users sign in");
                ServerReply::Granted(TokenName { family, number: 1 })
            }
            ServerRequest::Revoke(name) => {
                self.families[usize::from(name.family) - 1].revoked = true;
                ServerReply::Revoked
            }
            ServerRequest::Refresh(name) => {
                let family = &mut self.families[usize::from(name.family) - 1];
                if family.revoked {
                    return refused(name, line);
                }
                if line.grant == Grants::Reusable {
                    return ServerReply::Interned;
                }
                let window =
                    matches!(line.replay, Replay::Within(_)) && (line.is_fleet() || time <= family.minted);
                if name.number + 1 == family.live && window {
                    return ServerReply::Granted(TokenName { number: family.live, ..name });
                }
                if name.number != family.live {
                    (family.revoked, family.reuse) = (true, true);
                    return refused(name, line);
                }
                family.live += 1;
                if matches!(line.replay, Replay::Within(_)) {
                    family.minted = time;
                }
                ServerReply::Granted(TokenName { number: family.live, ..name })
            }
        }
    }
}

const fn refused(name: TokenName, line: &Line) -> ServerReply {
    if matches!(line.grant, Grants::RotatingWithCredentials) {
        ServerReply::Next(name)
    } else {
        ServerReply::Refused(name)
    }
}

impl Family {
    const fn new(live: u8) -> Self {
        Self { live, revoked: false, reuse: false, minted: 0 }
    }
}

impl ServerReply {
    /// The same, where the access token cannot be used.
    pub(crate) fn unusable_answer(self) -> Answer {
        match self {
            Self::Granted(name) => {
                Answer::Response(HttpResponse::new(ResponseHead::new(206), name.to_string()))
            }
            other => other.answer(),
        }
    }

    pub(crate) fn answer(self) -> Answer {
        let (status, body) = match self {
            Self::Granted(name) => (200, name.to_string()),
            Self::Own => (200, "own".to_owned()),
            Self::Interned => (200, "kept".to_owned()),
            Self::Refused(_) => (401, String::new()),
            Self::Next(_) => (409, String::new()),
            Self::Revoked => (200, String::new()),
        };
        Answer::Response(HttpResponse::new(ResponseHead::new(status), body))
    }
}
