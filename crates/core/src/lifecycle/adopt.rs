//! What another process has obtained, and what is taken over of a response that cannot be used.

use super::Lifecycle;
use crate::record::Record;
use crate::refresh_state::RefreshState;
use crate::time::Clocks;
use crate::token::Token;

impl Lifecycle {
    /// A record has come from another process or another source. Returns its token, if that is newer and in force.
    pub fn adopt(&mut self, record: &Record, now: Clocks) -> Option<Token> {
        if record.place() <= self.place() {
            return None;
        }
        let granted = record.granted()?;
        let same = |token: &Token| token.has_text_of(&granted.response);
        if !granted.has_access_token() || self.refused.as_ref().is_some_and(same) {
            self.keep(record, now);
            self.reopen();
            return None;
        }
        self.proven = record.proven;
        let (issued, held) = (self.issued, self.token.as_ref().is_some_and(same));
        self.install(record.place(), granted.clone(), None, now);
        if let Some(token) = self.token.as_mut().filter(|_| held) {
            // A refusal of this access token means it under either place.
            self.issued = issued;
            *token = token.clone().of_generation(issued);
        }
        self.token.clone()
    }

    /// Takes over the refresh token of a response that cannot be used. The access token in force stays.
    pub(super) fn keep(&mut self, record: &Record, now: Clocks) {
        if record.epoch != self.epoch {
            // The access token is of another epoch.
            self.token = None;
        }
        (self.epoch, self.generation) = record.place();
        self.own_attempt = None;
        self.logged_out = false;
        self.proven = record.proven;
        self.held = RefreshState::of(record, now);
    }
}
