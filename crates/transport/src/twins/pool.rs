//! `TokenPool`, which holds an `Arc` of a [`Pool`](crate::Pool).

/// Declares `TokenPool`.
#[doc(hidden)]
#[macro_export]
macro_rules! pool_methods {
    ([$($async:tt)?] [$($await:tt)*]) => {
        /// Many users' sources. Clones share everything; make one with [`Builder::pool`](crate::Builder::pool).
        ///
        /// The pool makes a user's source when a caller first asks for it, and drops it when it is idle: no caller
        /// holds it or has asked for it for a while, and it does not renew. The store keeps its tokens until the user
        /// comes back.
        #[derive(Clone, Debug)]
        pub struct TokenPool(pub(crate) Arc<Pool<Background>>);

        impl TokenPool {
            /// This user's source. Ask the pool each time: it never drops a source that a caller holds.
            ///
            /// # Errors
            ///
            /// When the pool is closed and has no source of this user, or the user's tokens have no key of their own.
            pub fn source(&self, user: &str) -> Result<TokenSource, TokenError> {
                self.0.source(user).map(TokenSource)
            }

            /// How many users are in the pool now.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.users()
            }

            /// Whether no user is in the pool.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Renews the tokens of all users in the background and drops idle users: one task or thread for all users.
            /// It does not renew for a user without a token in force: the next caller does.
            ///
            /// # Errors
            ///
            /// `Misconfigured` where no task or thread can be started.
            pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
                self.0.keep_warm()
            }

            /// Renews the refresh tokens of those of these users that no process has used for so long that the server might end
            /// them, one after the other and only so many a minute. It looks once at the record of each user, and returns
            /// when it has seen all: begin again after a while, in one process of the fleet or in several. The users need
            /// not be in the pool: give it all whose sessions the store has.
            ///
            /// A user whose session fails costs the others nothing. The report counts it.
            ///
            /// # Errors
            ///
            /// When the pool is closed.
            pub $($async)? fn keep_alive<U: AsRef<str>>(
                &self,
                users: impl IntoIterator<Item = U>,
                settings: KeepAlive,
            ) -> Result<KeepAliveReport, TokenError> {
                let mut report = KeepAliveReport::default();
                let mut next = self.0.end_of(Duration::ZERO);
                for user in users {
                    let source = TokenSource(self.0.passing(user.as_ref())?);
                    let kept = match source.look_for_use(settings)$($await)*.transpose() {
                        Some(kept) => kept,
                        None => {
                            let _ = source.wait(next, || None::<()>)$($await)*;
                            next = self.0.end_of(settings.pause());
                            source.renew_unused(settings)$($await)*
                        }
                    };
                    report.add(kept);
                }
                Ok(report)
            }

            /// Closes the sources of all users as [`TokenSource::close`] does, and makes no new source.
            ///
            /// # Errors
            ///
            /// `Busy` when a renewal has not ended before the deadline.
            pub $($async)? fn close(&self, deadline: Duration) -> Result<(), TokenError> {
                let end = self.0.end_of(deadline);
                for source in self.0.close() {
                    TokenSource(source).close(self.0.left_until(end))$($await)*?;
                }
                Ok(())
            }
        }
    };
}
