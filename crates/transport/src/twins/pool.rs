//! The pool's methods. `TokenPool` holds an `Arc` of a [`Pool`](crate::Pool).

/// The methods that the pools of both transports have.
#[doc(hidden)]
#[macro_export]
macro_rules! pool_methods {
    ([$($async:tt)?] [$($await:tt)*]) => {
        impl TokenPool {
            /// This user's source. Ask for it each time it is needed: a source that is held is never dropped.
            ///
            /// # Errors
            ///
            /// When the pool is closed and the user is not in it, or the user's tokens cannot be kept apart from others'.
            pub fn source(&self, user: &str) -> Result<TokenSource, TokenError> {
                self.0.source(user).map(TokenSource)
            }

            /// How many users are in the pool now.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether no user is in the pool.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// Renews in the background the tokens of all users in the pool, and drops idle users: one task or thread for
            /// all of them. A user without a token in force is left to the caller that asks.
            ///
            /// # Errors
            ///
            /// When there is nothing to run it on.
            pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
                self.0.keep_warm()
            }

            /// Ends renewing for all users, as [`TokenSource::close`] does for one user, and lets no new user in.
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
