//! A sign-in whose callback a loopback port receives.

use core::fmt;
use core::time::Duration;

use wellspring_core::AuthorizationGrant;

use super::error::LoopbackError;
use super::listening::Listening;
#[cfg(feature = "async")]
use super::on_thread::on_thread;
use super::page::Page;
use super::request::BrowserRequest;

/// A sign-in that waits for the user. Dropping it closes the port.
#[must_use = "open its URL in a browser and wait for the callback"]
pub struct SignIn {
    url: String,
    listening: Listening,
}

impl SignIn {
    pub(super) const fn new(url: String, listening: Listening) -> Self {
        Self { url, listening }
    }

    /// The URL to open in the user's browser. It holds the state of the sign-in, so pass it only to the browser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the callback that carries the state of this sign-in, then closes the port. Other requests get a page and
    /// end nothing.
    ///
    /// # Errors
    ///
    /// Fails after this time, or if the server refused the sign-in. The browser shows that.
    pub fn wait(self, within: Duration) -> Result<Answer, LoopbackError> {
        let (judged, request) = self.listening.slot.wait(within).ok_or(LoopbackError::TimedOut)?;
        // The port closes before the code is sent.
        drop(self);
        match judged {
            Ok(grant) => Ok(Answer { grant, request }),
            Err(refusal) => {
                request.show(&Page::failed("The server did not grant the sign-in."));
                Err(refusal.into())
            }
        }
    }

    /// As [`wait`](Self::wait), under any async runtime. Dropping the future closes the port.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    #[cfg(feature = "async")]
    pub async fn wait_async(self, within: Duration) -> Result<Answer, LoopbackError> {
        /// Ends the wait of the thread when the caller drops the future.
        struct Close(std::sync::Arc<super::slot::Slot<super::judge::Judged>>);
        impl Drop for Close {
            fn drop(&mut self) {
                self.0.close();
            }
        }
        let _close = Close(self.listening.slot.clone());
        on_thread(move || self.wait(within)).await?
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query holds the state.
        let url = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("SignIn").field("url", &url).finish_non_exhaustive()
    }
}

/// The user has signed in: the grant to exchange, once, and the browser's request, which waits for its page.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The authorization code.
    pub grant: AuthorizationGrant,
    /// Show a page after the exchange.
    pub request: BrowserRequest,
}
