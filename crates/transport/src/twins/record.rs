//! The methods of `TokenSource` that change the stored session and send nothing. They use those of `source_methods`.

/// The methods of both transports' sources that change the stored session.
#[doc(hidden)]
#[macro_export]
macro_rules! record_methods {
    ([$($async:tt)?] [$($await:tt)*]) => {
        impl TokenSource {
            /// Begins a session with tokens that another program or library has obtained. Nothing is sent. Returns whether
            /// the session is that of these tokens.
            ///
            /// A program can call this at every start: where the store has a session already, or remembers a logout, nothing
            /// changes and the result is `false`. So a refresh token that was spent meanwhile never comes back.
            ///
            /// Only one program may use a refresh token that the server replaces at each use: stop the other program first.
            ///
            /// # Errors
            ///
            /// The reason why the store did not take the tokens, or `Unavailable` when the source is closed.
            pub $($async)? fn import(&self, tokens: ExistingTokens) -> Result<bool, TokenError> {
                match self.amend(Amendment::Import(tokens))$($await)*? {
                    Report::Imported(imported) => Ok(imported),
                    _ => Ok(false),
                }
            }

            /// Attaches bytes to the stored session, for example a client registration or a key; those of the same name are
            /// replaced. All have at most 64 KiB, and their names 16 KiB.
            ///
            /// Attachments are shared by all processes and last as long as the session: renewals keep them; a logout and a
            /// new sign-in begin without them.
            ///
            /// # Errors
            ///
            /// `LoginRequired` without a session in the store, `Misconfigured` without a store or beyond 64 KiB; otherwise
            /// the reason why the store did not take the bytes.
            pub $($async)? fn attach(&self, name: &str, bytes: &[u8]) -> Result<(), TokenError> {
                let mut added = Attachments::default();
                if !added.insert(name, bytes) {
                    return Err(TokenError::misconfigured("an attachment has at most 64 KiB, and a name of at most 16 KiB"));
                }
                self.amend(Amendment::Attach(added))$($await)*.map(drop)
            }

            /// Removes what is attached to the stored session under this name, if anything is.
            ///
            /// # Errors
            ///
            /// As [`attach`](Self::attach).
            pub $($async)? fn detach(&self, name: &str) -> Result<(), TokenError> {
                self.amend(Amendment::Detach(name.to_owned()))$($await)*.map(drop)
            }

            /// What is attached to the stored session; nothing where there is no session.
            ///
            /// # Errors
            ///
            /// `Misconfigured` without a store; otherwise the reason why the store cannot be read.
            pub $($async)? fn attachments(&self) -> Result<Attachments, TokenError> {
                match self.amend(Amendment::Look)$($await)*? {
                    Report::Attachments(attachments) => Ok(attachments),
                    _ => Ok(Attachments::default()),
                }
            }

            /// Forgets the session, as [`sign_out`](Self::sign_out) does but without a revocation: the tokens stay in force at
            /// the server until they expire. For a session that another sign-in has replaced: the two may share a grant
            /// at the server, and a revocation of the one would end the other.
            ///
            /// The store gets a tombstone first, so that nothing brings the session back. A renewal in flight, here or in
            /// another process, drops the token that it obtains and revokes nothing. Callers get `LoginRequired` until a
            /// new sign-in.
            ///
            /// # Errors
            ///
            /// The reason why the session is still there: the store saved no tombstone, or the source is closed.
            pub $($async)? fn forget(&self) -> Result<(), TokenError> {
                self.executor(Instant::NEVER)?;
                let renewal = self.0.shared.forget()?;
                self.report_of(renewal)$($await)*.map(drop)
            }

            /// Renews the session's refresh token if no process has used it for so long that the server might end it: many
            /// servers end a refresh token that was not used for some days. Call this now and then, or
            /// `TokenPool::keep_alive` for many users.
            ///
            /// The store says when the refresh token was obtained. The renewal takes the lease in the store as any other:
            /// of all processes that call this at once, one sends a request, and the others take over its token.
            ///
            /// # Errors
            ///
            /// `Misconfigured` without a store; otherwise the reason why the store cannot be read or the renewal failed.
            pub $($async)? fn keep_alive(&self, settings: KeepAlive) -> Result<KeptAlive, TokenError> {
                match self.look_for_use(settings)$($await)*? {
                    Some(unchanged) => Ok(unchanged),
                    None => self.renew_unused(settings)$($await)*,
                }
            }

            /// What there is to say of a session that need not be renewed; `None` if it is unused for too long.
            pub(crate) $($async)? fn look_for_use(&self, settings: KeepAlive) -> Result<Option<KeptAlive>, TokenError> {
                self.executor(Instant::NEVER)?;
                let renewal = self.0.shared.session_age()?;
                Ok(match self.report_of(renewal)$($await)*? {
                    Report::SessionAge(Some(age)) if age >= settings.unused() => None,
                    Report::SessionAge(Some(_)) => Some(KeptAlive::InUse),
                    _ => Some(KeptAlive::NoSession),
                })
            }

            pub(crate) $($async)? fn renew_unused(&self, settings: KeepAlive) -> Result<KeptAlive, TokenError> {
                let began = self.0.shared.end_of(Duration::ZERO);
                let mut need = Need::ValidFor(Duration::MAX);
                // A token that no lifetime is known of, or that is nearly new, is handed out again and nothing is sent: first
                // the one in memory, then the one in the store. One that another process has just obtained is good enough.
                for _ in 0..3 {
                    let token = self.acquire_once(need)$($await)*?;
                    if !self.0.shared.is_unused_since(&token, began, settings.unused()) {
                        break;
                    }
                    need = Need::Newer(token.generation());
                }
                Ok(KeptAlive::Renewed)
            }

            $($async)? fn amend(&self, amendment: Amendment) -> Result<Report, TokenError> {
                self.executor(Instant::NEVER)?;
                let renewal = self.0.shared.amend(amendment)?;
                self.report_of(renewal)$($await)*
            }

            /// Carries out what brings no token, and returns its report.
            $($async)? fn report_of(&self, renewal: RenewalGuard) -> Result<Report, TokenError> {
                let in_flight = Arc::clone(renewal.in_flight());
                self.run_here(renewal);
                let result = self.wait_for(&in_flight, self.0.end_of_renewal())$($await)*;
                match (in_flight.report(), result) {
                    (Some(report), _) => Ok(report),
                    (None, Some(Err(error))) => Err(error),
                    (None, Some(Ok(_)) | None) => Err(in_flight.overdue()),
                }
            }
        }
    };
}
