//! The vendor's own calls, written once for both transports.

/// Declares `account`, `topup` and `register_app` over one transport: its crate, the module of its `Client`, then `async` and
/// `.await`, or nothing in blocking code.
macro_rules! calls {
    ($transport:ident, $colour:ident, [$($async:tt)?], [$($await:tt)*]) => {
        use core::time::Duration;

        use wellspring_core::{AccessToken, TokenError, TransportError};
        use $transport::{Clock, Transport};

        use super::{Account, RegisteredApp, Registration, TopUp};
        use crate::$colour::Client;

        /// The account of the signed-in user, with its balance.
        ///
        /// # Errors
        ///
        /// Fails if the source has no token, the server does not answer, or the answer is not an account.
        pub $($async)? fn account(client: &Client) -> Result<Account, TokenError> {
            let response = client.call(&client.app().userinfo_request()?)$($await)*?;
            Account::read(&response, Clock::system().now().unix)
        }

        /// The URL of the top-up page, to open in the user's browser; `None` if the server names none.
        ///
        /// # Errors
        ///
        /// Fails if the source has no token, the server does not answer, or the URL's host is not allowed.
        pub $($async)? fn topup(client: &Client, topup: &TopUp) -> Result<Option<String>, TokenError> {
            let response = client.call(&topup.request())$($await)*?;
            topup.read(&response, Clock::system().now().unix)
        }

        /// Registers an app at this base URL, such as [`API`](super::API), with the developer's own token.
        ///
        /// # Errors
        ///
        /// Fails if no answer arrives in time or the server refuses. The request is not retried, because the server may have
        /// registered the app.
        pub $($async)? fn register_app(
            transport: &dyn Transport,
            base_url: &str,
            developer_token: &AccessToken,
            registration: &Registration,
            within: Duration,
        ) -> Result<RegisteredApp, TokenError> {
            let request = registration.request(base_url, developer_token)?;
            let response =
                transport.exchange(&request, within)$($await)*.map_err(TransportError::into_error)?;
            RegisteredApp::read(&response, Clock::system().now().unix)
        }
    };
}

pub(super) use calls;
