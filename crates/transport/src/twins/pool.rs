//! `TokenPool`, which holds an `Arc` of a [`Pool`](crate::Pool).

/// Declares `TokenPool`.
#[doc(hidden)]
#[macro_export]
macro_rules! pool_methods {
    ([$($async:tt)?] [$($await:tt)*]) => {
        /// Many users' sources. Clones share everything; make one with [`Builder::pool`](crate::Builder::pool) and keep
        /// it.
        ///
        /// The pool makes a user's source when a caller first asks for it, and drops the source when it is idle: no
        /// caller holds it or has asked for it for a while, and it does not renew. The store keeps its tokens, and the
        /// pool loads them again.
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

            /// Closes the sources of all users, as [`TokenSource::close`] does for one user. The pool makes no new
            /// source.
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
