//! What has happened, as far as the invariants need it, and what may still go wrong.

use wellspring_core::{Attempt, Owner, UnixTime};

use crate::callers::Limits;
use crate::line::Line;
use crate::provider::{ServerRequest, TokenName};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct History {
    /// How much may still go wrong.
    pub(crate) faults: u8,
    pub(crate) impatience: u8,
    pub(crate) again: u8,
    pub(crate) limits: Limits,
    pub(crate) families: Vec<FamilyHistory>,
    /// Requests whose senders have given them up, each with the sender and its time.
    pub(crate) stragglers: Vec<(usize, u8, ServerRequest)>,
    /// Logouts that have been saved.
    pub(crate) tombstones: Vec<Attempt>,
    /// Refresh tokens whose answers came and could not be read, each with the process that got the answer.
    pub(crate) unreadable: Vec<(TokenName, Owner)>,
    /// When the server has refused the client or its request since it granted anything, with the number of the credential.
    pub(crate) client_refusals: Vec<(u8, UnixTime)>,
    /// How often it has ever refused each credential.
    pub(crate) refused_credentials: [u8; 2],
    pub(crate) emptied: bool,
    /// The store has failed over to an older copy.
    pub(crate) went_back: bool,
    /// The users who have logged out, as bits.
    pub(crate) logged_out: u8,
}

/// What has happened to one family of refresh tokens. Sets of numbers are bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FamilyHistory {
    /// Who has signed in.
    pub(crate) user: u8,
    /// May have been sent.
    pub(crate) sent: u16,
    /// May have been sent twice.
    pub(crate) sent_again: u16,
    /// When the last one was sent for the first time, where that matters.
    pub(crate) since: u8,
    /// The server has refused it.
    pub(crate) refused: u16,
    /// Has been in the store.
    pub(crate) saved: u16,
    /// How often it has refused any.
    pub(crate) refusals: u8,
    /// No process could keep it: a crash or a lost answer has taken it.
    pub(crate) lost: u16,
    /// A logout, a later sign-in or an emptied store has ended it: it must never be in the store again.
    pub(crate) over: bool,
    /// The same came before it was in the store: it need not be kept.
    pub(crate) idle: bool,
}

impl History {
    /// The stores hold the tokens of these users.
    pub(crate) fn new(line: &Line, stored: &[u8]) -> Self {
        let first = |user: u8| {
            let is_stored = stored.contains(&user);
            FamilyHistory {
                user,
                saved: u16::from(is_stored) << 1,
                idle: !is_stored,
                ..FamilyHistory::default()
            }
        };
        Self {
            faults: line.faults,
            impatience: line.impatience,
            again: line.again,
            limits: line.callers.limits,
            families: (0..line.user_count()).map(first).collect(),
            stragglers: Vec::new(),
            tombstones: Vec::new(),
            unreadable: Vec::new(),
            client_refusals: Vec::new(),
            refused_credentials: [0; 2],
            emptied: false,
            went_back: false,
            logged_out: 0,
        }
    }

    pub(crate) fn past(&self, name: TokenName) -> &FamilyHistory {
        &self.families[usize::from(name.family) - 1]
    }

    pub(crate) fn past_mut(&mut self, name: TokenName) -> &mut FamilyHistory {
        &mut self.families[usize::from(name.family) - 1]
    }

    pub(crate) const fn logged_out(&self, user: u8) -> bool {
        self.logged_out & 1 << user != 0
    }

    /// All that is known so far of this user makes room: for another family, or for none.
    pub(crate) fn end_families(&mut self, user: u8, but: Option<TokenName>) {
        for (n, past) in self.families.iter_mut().enumerate() {
            if past.user != user || but.is_some_and(|name| usize::from(name.family) == n + 1) {
                continue;
            }
            if past.saved == 0 {
                past.idle = true;
            } else {
                past.over = true;
            }
        }
    }
}
