//! The methods of `TokenSource`, which holds a [`Source`](crate::Source) and has the methods `executor`, `run`,
//! `run_here`, `run_beside`, `wait`, `exchange_before` and `save_set_aside`.

/// The methods that the sources of both transports have.
#[doc(hidden)]
#[macro_export]
macro_rules! source_methods {
    ([$($async:tt)?] [$($await:tt)*] [$($boxed:tt)*]) => {
        impl TokenSource {
            /// The token, without waiting. Starts a renewal where one is due.
            ///
            /// # Errors
            ///
            /// `Busy` while the first token is being obtained; otherwise the reason why there is no token.
            #[inline]
            pub fn try_token(&self) -> Result<TokenRef<'_>, TokenError> {
                self.0.try_token()
            }

            /// The token. Waits for a renewal where no token is in force, but not for the end of a pause.
            ///
            /// # Errors
            ///
            /// The reason why there is no token.
            #[inline]
            pub $($async)? fn token(&self) -> Result<Token, TokenError> {
                if let Some(fresh) = self.0.shared.fresh() {
                    return Ok(fresh.clone());
                }
                $($boxed)*(self.acquire_once(Need::Fresh))$($await)*
            }

            /// The value of the `Authorization` header, marked as sensitive.
            ///
            /// # Errors
            ///
            /// The reason why there is no token.
            #[inline]
            pub $($async)? fn authorization(&self) -> Result<HeaderValue, TokenError> {
                if let Some(fresh) = self.0.shared.fresh() {
                    if let Ok(header) = fresh.authorization() {
                        return Ok(header.clone());
                    }
                }
                $($boxed)*(self.acquire_authorization())$($await)*
            }

            /// The path without a token to read, kept out of the one that reads.
            $($async)? fn acquire_authorization(&self) -> Result<HeaderValue, TokenError> {
                let token = self.token()$($await)*?;
                self.0.header(token)
            }

            /// A token for this need. Waits until the deadline, through pauses and further renewals.
            ///
            /// # Errors
            ///
            /// The reason why there is no token: at once where waiting does not help, and never after the deadline.
            pub $($async)? fn acquire(&self, need: Need, deadline: Duration) -> Result<Token, TokenError> {
                if let (Need::Fresh, Some(fresh)) = (need, self.0.shared.fresh()) {
                    return Ok(fresh.clone());
                }
                let end = self.0.shared.end_of(deadline);
                $($boxed)*(self.obtain(Acquire::new(need, Patience::UntilDeadline, end)))$($await)*
            }

            /// A token for this need. Waits for one renewal, but not for the end of a pause.
            pub(crate) $($async)? fn acquire_once(&self, need: Need) -> Result<Token, TokenError> {
                let end = self.0.end_of_renewal();
                self.obtain(Acquire::new(need, Patience::OneRenewal, end))$($await)*
            }

            /// Carries out the caller's actions until it has a token or an error.
            $($async)? fn obtain(&self, acquire: Acquire) -> Result<Token, TokenError> {
                let mut caller = Caller::new(&self.0.shared);
                let result = self.serve(acquire, &mut caller)$($await)*;
                caller.end(&result);
                result
            }

            $($async)? fn serve(
                &self,
                mut acquire: Acquire,
                caller: &mut Caller<'_>,
            ) -> Result<Token, TokenError> {
                loop {
                    let deadline = acquire.deadline();
                    let resumed = match self.0.shared.ask(acquire, self.executor(deadline)) {
                        Action::Start(renewal, waiting) => {
                            let in_flight = Arc::clone(renewal.in_flight());
                            caller.renews(&in_flight);
                            self.run(renewal, deadline);
                            let result = self.wait_for(&in_flight, deadline)$($await)*;
                            in_flight.resume(waiting, result)
                        }
                        Action::StartBeside(renewal, token, again) => {
                            if self.run_beside(renewal, deadline) {
                                return Ok(token);
                            }
                            // The renewal ran in this thread: the token may have expired meanwhile.
                            ControlFlow::Continue(again)
                        }
                        Action::Wait(in_flight, waiting) => {
                            caller.waits();
                            let result = self.wait_for(&in_flight, deadline)$($await)*;
                            in_flight.resume(waiting, result)
                        }
                        Action::Sleep(seen, until, sleeping) => {
                            caller.waits();
                            let changed = self.change_after(seen, until)$($await)*;
                            sleeping.resume(changed, self.0.shared.clock.now())
                        }
                        Action::Done(result) => return result,
                    };
                    match resumed {
                        ControlFlow::Continue(again) => acquire = again,
                        ControlFlow::Break(result) => return result,
                    }
                }
            }

            /// An API has refused the token of this generation. Returns whether another token is available.
            pub fn reject(&self, generation: Generation) -> Rejected {
                self.0.shared.reject(generation)
            }

            /// Takes over a token response that the program obtained itself, as if its request had been sent now.
            ///
            /// # Errors
            ///
            /// `Misconfigured` where there is a store, which would not hold this token. Sign in instead.
            pub fn adopt(&self, response: TokenResponse) -> Result<Token, TokenError> {
                self.0.shared.adopt(response)
            }

            /// Exchanges a new grant, for example an authorization code. The grant is sent once.
            ///
            /// # Errors
            ///
            /// The reason why the grant brought no token.
            pub $($async)? fn sign_in(&self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
                self.executor(Instant::NEVER)?;
                let renewal = self.0.shared.sign_in(grant)?;
                let in_flight = Arc::clone(renewal.in_flight());
                self.run_here(renewal);
                let result = self.wait_for(&in_flight, self.0.end_of_renewal())$($await)*;
                result.unwrap_or_else(|| Err(in_flight.overdue()))
            }

            /// Ends the session. First the store gets a tombstone, so that nothing brings the session back; then the
            /// refresh token is revoked ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)) where the provider offers
            /// that. Returns the result of the revocation.
            ///
            /// # Errors
            ///
            /// The reason why the user is not logged out: the store saved no tombstone, or the source is closed.
            pub $($async)? fn sign_out(&self) -> Result<Revocation, TokenError> {
                self.executor(Instant::NEVER)?;
                let renewal = self.0.shared.sign_out()?;
                let in_flight = Arc::clone(renewal.in_flight());
                self.run_here(renewal);
                let result = self.wait_for(&in_flight, self.0.end_of_renewal())$($await)*;
                match (in_flight.revocation(), result) {
                    (Some(revocation), _) => Ok(revocation),
                    (None, Some(Err(error))) => Err(error),
                    (None, Some(Ok(_)) | None) => Err(in_flight.overdue()),
                }
            }

            /// Sends a request to another endpoint of the server (metadata, registration, revocation) under the rules
            /// of a token request: it carries no token, follows no redirect, and ends at the policy's deadline.
            ///
            /// # Errors
            ///
            /// When no complete, acceptable response came.
            pub $($async)? fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
                let end = self.0.shared.end_of(self.policy().deadline);
                match self.exchange_before(request, end)$($await)*? {
                    Answer::Response(response) => Ok(response),
                    Answer::Failed(error) => Err(error.into_error()),
                }
            }

            /// The scope that a refused call lacks; empty where the response says so without naming a scope.
            #[must_use]
            pub fn missing_scope<B>(&self, response: &http::Response<B>) -> Option<Scope> {
                missing_scope(&*self.0.shared.provider(), response)
            }

            /// Closes the source: no renewal, sign-in or logout starts from now on. Waits for those in flight. The
            /// token in force stays usable.
            ///
            /// # Errors
            ///
            /// `Busy` when a renewal has not ended before the deadline.
            pub $($async)? fn close(&self, deadline: Duration) -> Result<(), TokenError> {
                let end = self.0.shared.end_of(deadline);
                for in_flight in self.0.shared.close() {
                    if self.wait_for(&in_flight, end)$($await)*.is_none() {
                        self.executor(Instant::NEVER)?;
                        return Err(in_flight.overdue());
                    }
                }
                self.save_set_aside(end)
            }

            /// When to renew.
            #[must_use]
            pub fn policy(&self) -> &Policy {
                self.0.shared.policy()
            }

            /// Renews in the background whenever a renewal is due, so that no caller waits for a renewal. After a
            /// failure it continues when the pause ends.
            ///
            /// # Errors
            ///
            /// `Misconfigured` where no task or thread can be started.
            pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
                self.0.keep_warm()
            }

            /// Waits for the renewal's result; `None` when the instant comes first.
            $($async)? fn wait_for(&self, in_flight: &InFlight, end: Instant) -> Option<Result<Token, TokenError>> {
                self.wait(end, || in_flight.result())$($await)*
            }

            /// Waits for a change since this count of changes, or for the instant. Returns whether there was a change.
            $($async)? fn change_after(&self, seen: u64, until: Instant) -> bool {
                let changes = self.0.shared.changes();
                self.wait(until, || (changes.count() != seen).then_some(()))$($await)*.is_some()
            }
        }
    };
}
