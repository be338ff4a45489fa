//! The middleware for reqwest-middleware that attaches tokens.

use core::mem;

use async_trait::async_trait;
use http::{Extensions, HeaderMap};
use reqwest::{Request, Response, ResponseBuilderExt, Url};
use reqwest_middleware::{Error, Middleware, Next};
use wellspring_core::{Provider, TokenError, Verdict, judge};
use wellspring_transport::{Redirected, SourceSelector, attach_methods, url_of};

use crate::body::Body;
use crate::carrier::{self, Call, Carrier};
use crate::reqwest::redirected;
use crate::source::TokenSource;

/// Attaches tokens to the requests of a reqwest client, by the rule of [`TokenSource::send`].
///
/// Give it to `reqwest_middleware::ClientBuilder::with`. No middleware after it may change a request's URL. A
/// [`TokenError`] is returned as `Error::Middleware`, from which `downcast_ref::<TokenError>()` takes it. All other
/// errors are the client's own, and show the URL unless `without_url` removes it. `with_extension` puts a source among
/// a request's extensions.
///
/// The client's own settings apply: its timeouts, for each attempt; its proxies, which read plain HTTP to loopback too
/// unless the client has `no_proxy`; and its redirects. Give the client `reqwest::redirect::Policy::none()`: reqwest
/// removes the token for the first redirect to another origin, and adds it again for a second redirect within that
/// origin. After a redirect the middleware does not retry, because the API took the call before it redirected. A 401
/// from the same origin then renews the token for the next call; a 401 from another origin changes nothing. A redirect
/// to the URL of the call itself is not recognized.
#[derive(Clone, Debug)]
pub struct AttachMiddleware {
    selector: SourceSelector<TokenSource>,
}

attach_methods!(AttachMiddleware);

#[async_trait]
impl Middleware for AttachMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let source = self.selector.source(extensions).map_err(Error::middleware)?;
        let given = request.url().clone();
        let sent = source.send_over(&mut RestOfChain { next, extensions, given }, request).await;
        sent.map_err(|Failure(error)| error)
    }
}

/// The middlewares after this one, and the client.
struct RestOfChain<'a> {
    next: Next<'a>,
    extensions: &'a mut Extensions,
    /// The caller's own URL: that of the call may hold a secret of the vendor's.
    given: Url,
}

/// A [`TokenError`], or an error of the rest of the chain.
struct Failure(Error);

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self(Error::middleware(error))
    }
}

impl Carrier for RestOfChain<'_> {
    type Call = Request;
    type Response = Response;
    type Error = Failure;

    async fn carry(&mut self, call: Request) -> Result<Response, Failure> {
        let called = call.url().clone();
        let response = self.next.clone().run(call, self.extensions).await.map_err(|error| match error {
            Error::Reqwest(error) if error.url().is_some() => {
                Failure(Error::Reqwest(error.with_url(self.given.clone())))
            }
            error => Failure(error),
        })?;
        Ok(redirected(&called, response))
    }
}

impl Call for Request {
    fn url(&self) -> String {
        self.url().to_string()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn set_url(&mut self, url: &str) -> Result<(), TokenError> {
        *self.url_mut() = url_of(url)?;
        Ok(())
    }

    fn again(&self) -> Option<Self> {
        self.try_clone()
    }
}

impl carrier::Response for Response {
    async fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        let (wanted, mut start) = (provider.spec().judged_bytes, Vec::new());
        if wanted > 0 {
            let unread = mem::replace(self, http::Response::new("").into());
            (*self, start) = peeked(unread, wanted).await?;
        }
        Ok(judge(provider, &(self.status(), self.headers()).into(), &start))
    }

    fn redirected(&self) -> Option<Redirected> {
        self.extensions().get().copied()
    }
}

/// The same response, and the first bytes of its body, which stay in the response.
async fn peeked(response: Response, wanted: usize) -> Result<(Response, Vec<u8>), TokenError> {
    let url = response.url().clone();
    let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
    let mut body = Body::once(body);
    let start = body.peek(wanted).await?;
    let built = http::response::Builder::new().url(url).body(reqwest::Body::wrap(body));
    let mut whole = built.expect("the builder has nothing but a valid URL");
    *whole.status_mut() = head.status;
    *whole.version_mut() = head.version;
    *whole.headers_mut() = head.headers;
    whole.extensions_mut().extend(head.extensions);
    Ok((whole.into(), start))
}
