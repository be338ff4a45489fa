//! The source's methods. `TokenSource` holds a [`Source`](crate::Source) and has the methods `executor`, `run`, `run_here`,
//! `run_beside`, `wait_for`, `change_after`, `exchange_before`, `save_set_aside`.

/// The methods that the sources of both transports have.
#[doc(hidden)]
#[macro_export]
macro_rules! source_methods {
    ([$($async:tt)?] [$($await:tt)*] [$($boxed:tt)*]) => {
        impl TokenSource {
            /// Starts to build a source of this provider's tokens.
            pub fn builder(provider: impl Provider + 'static) -> Builder {
                Builder::new(Arc::new(provider))
            }

            /// A source that always has this token, for a program's own tests. Its calls go only to this machine.
            #[must_use]
            pub fn fixed(token: impl Into<String>) -> Self {
                Self(Builder::double(Scripted::new([])).build_double().holding(token.into()))
            }

            /// A source whose renewals have the results of this script, one line each, for a program's own tests. Its
            /// calls go only to this machine, and to the origins that the builder allows.
            pub fn scripted(script: impl IntoIterator< Item = Result<TokenResponse, TokenError>, >) -> Builder {
                Builder::double(Scripted::new(script))
            }

            /// The token, at once: never waits, and starts a renewal where one is due.
            ///
            /// # Errors
            ///
            /// `Busy` when there is none yet; otherwise the reason why there is none.
            #[inline]
            pub fn try_token(&self) -> Result<TokenRef<'_>, TokenError> {
                self.0.try_token()
            }

            /// The token. Waits for a renewal where there is none, but not for the end of a pause after a failure.
            ///
            /// # Errors
            ///
            /// The reason why there is none.
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
            /// The reason why there is none.
            #[inline]
            pub $($async)? fn authorization(&self) -> Result<HeaderValue, TokenError> {
                if let Some(fresh) = self.0.shared.fresh()
                    && let Ok(header) = fresh.authorization()
                {
                    return Ok(header.clone());
                }
                let token = $($boxed)*(self.token())$($await)*?;
                self.0.header(token)
            }

            /// A token for this need. Waits until the deadline, through pauses and further renewals.
            ///
            /// # Errors
            ///
            /// The reason why there is none: at once where no waiting helps, and never after the deadline.
            pub $($async)? fn acquire(&self, need: Need, deadline: Duration) -> Result<Token, TokenError> {
                if let (Need::Fresh, Some(fresh)) = (need, self.0.shared.fresh()) {
                    return Ok(fresh.clone());
                }
                let end = self.0.shared.end_of(deadline);
                let patience = Patience::UntilDeadline;
                let acquire = Acquire::new(need, patience, end);
                $($boxed)*(self.obtain(acquire))$($await)*
            }

            /// For the rule of a call: a token for this need, without patience for a pause.
            pub(crate) $($async)? fn acquire_once(&self, need: Need) -> Result<Token, TokenError> {
                let patience = Patience::OneRenewal;
                let end = self.0.end_of_renewal();
                self.obtain(Acquire::new(need, patience, end))$($await)*
            }

            /// Carries out a caller's steps until it has its answer.
            $($async)? fn obtain(&self, mut acquire: Acquire) -> Result<Token, TokenError> {
                loop {
                    let deadline = acquire.deadline();
                    let resumed = match self.0.shared.ask(acquire, self.executor(deadline)) {
                        Action::Start(renewal, waiting) => {
                            let in_flight = Arc::clone(renewal.in_flight());
                            self.run(renewal, deadline);
                            waiting.resume(self.wait_for(&in_flight, deadline)$($await)*)
                        }
                        Action::StartBeside(renewal, token, again) => {
                            if self.run_beside(renewal, deadline) {
                                return Ok(token);
                            }
                            // It ran before the caller goes on: its token may have expired by now.
                            ControlFlow::Continue(again)
                        }
                        Action::Wait(in_flight, waiting) => {
                            waiting.resume(self.wait_for(&in_flight, deadline)$($await)*)
                        }
                        Action::Sleep(seen, until, sleeping) => {
                            let changed = self.change_after(seen, until)$($await)*;
                            sleeping.resume(changed, self.0.shared.clock().now())
                        }
                        Action::Done(result) => return result,
                    };
                    match resumed {
                        ControlFlow::Continue(again) => acquire = again,
                        ControlFlow::Break(result) => return result,
                    }
                }
            }

            /// An API has refused the token of this generation: is there, or can there be, another one?
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
            /// The reason why it brought no token.
            pub $($async)? fn sign_in(&self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
                self.executor(Instant::NEVER)?;
                let renewal = self.0.shared.sign_in(grant)?;
                let in_flight = Arc::clone(renewal.in_flight());
                self.run_here(renewal);
                let result = self.wait_for(&in_flight, self.0.end_of_renewal())$($await)*;
                result.unwrap_or_else(|| Err(overdue()))
            }

            /// Ends the session: first a tombstone in the store, so that nothing brings the session back, then the
            /// revocation of the refresh token ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)) where the provider
            /// offers it. Returns the result of the revocation.
            ///
            /// # Errors
            ///
            /// The reason why the user is not logged out: the store did not take the tombstone, or the source is closed.
            pub $($async)? fn sign_out(&self) -> Result<Revocation, TokenError> {
                self.executor(Instant::NEVER)?;
                let renewal = self.0.shared.sign_out()?;
                let in_flight = Arc::clone(renewal.in_flight());
                self.run_here(renewal);
                let result = self.wait_for(&in_flight, self.0.end_of_renewal())$($await)*;
                match (in_flight.revocation(), result) {
                    (Some(revocation), _) => Ok(revocation),
                    (None, Some(Err(error))) => Err(error),
                    (None, Some(Ok(_)) | None) => Err(overdue()),
                }
            }

            /// Sends a request to an endpoint beside the token endpoint (metadata, registration, revocation) under the
            /// rules of a token request: no token is attached, no redirect is followed, and the whole exchange has the
            /// policy's deadline.
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

            /// The scope that a call was refused for, where its response names it; empty where the response names none.
            #[must_use]
            pub fn missing_scope<B>(&self, response: &http::Response<B>) -> Option<Scope> {
                missing_scope(&**self.0.shared.provider(), response)
            }

            /// Ends renewing: no renewal, sign-in or logout starts from now on, and the call waits for those under way.
            /// The token in force stays usable.
            ///
            /// # Errors
            ///
            /// `Busy` when a renewal has not ended before the deadline.
            pub $($async)? fn close(&self, deadline: Duration) -> Result<(), TokenError> {
                let end = self.0.shared.end_of(deadline);
                for in_flight in self.0.shared.close() {
                    if self.wait_for(&in_flight, end)$($await)*.is_none() {
                        self.executor(Instant::NEVER)?;
                        return Err(overdue());
                    }
                }
                self.save_set_aside(end)
            }

            /// When to renew.
            #[must_use]
            pub fn policy(&self) -> &Policy {
                self.0.shared.policy()
            }

            /// Renews in the background whenever a renewal is due, so that no caller waits for one. Failures end nothing:
            /// it goes on after their pause.
            ///
            /// # Errors
            ///
            /// When there is nothing to run it on.
            pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
                self.0.keep_warm()
            }
        }

        impl core::fmt::Debug for TokenSource {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct("TokenSource").field("lifecycle", &self.0.shared).finish_non_exhaustive()
            }
        }
    };
}
