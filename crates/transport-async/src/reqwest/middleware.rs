//! The middleware for reqwest-middleware that attaches tokens.

use core::mem;

use async_trait::async_trait;
use http::{Extensions, HeaderMap};
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Error, Middleware, Next};
use wellspring_core::{Provider, TokenError, Verdict};
use wellspring_transport::{SourceSelector, verdict};

use crate::body::Body;
use crate::carrier::{self, Call, Carrier, Redirected};
use crate::reqwest::redirected;
use crate::source::TokenSource;

/// Attaches tokens to the requests of a reqwest client, by the rule of [`TokenSource::send`].
///
/// Give it to `reqwest_middleware::ClientBuilder::with`, and after it nothing that changes a request's URL. A
/// [`TokenError`] comes back as `Error::Middleware`, from which `downcast_ref::<TokenError>()` takes it; every other
/// error is the client's own, and names the URL unless `without_url` takes it away.
///
/// The client's own rules hold: its time limits, for each try, its proxies, which read plain HTTP to this machine too
/// unless it has `no_proxy`, and its redirects. Give it `reqwest::redirect::Policy::none()`: reqwest takes the token off
/// for the first step to another origin, and puts it on again for a second step within that one. Behind a redirect
/// nothing is sent again, because the API took the call before it redirected: a 401 from the same origin has the token
/// renewed for the next call, one from another origin says nothing of it. A redirect to the URL that was called cannot
/// be told from none.
#[derive(Clone, Debug)]
pub struct AttachMiddleware {
    selector: SourceSelector<TokenSource>,
}

impl AttachMiddleware {
    /// Attaches this source's tokens to every request.
    #[must_use]
    pub const fn new(source: TokenSource) -> Self {
        Self { selector: SourceSelector::Always(source) }
    }

    /// Attaches the tokens of the [`TokenSource`] among each request's extensions (`with_extension`): one client serves
    /// many users, and who is served is said where the request is made. A request without one is not sent.
    #[must_use]
    pub const fn per_request() -> Self {
        Self { selector: SourceSelector::OfEachCall }
    }
}

#[async_trait]
impl Middleware for AttachMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let source = self.selector.source(extensions).map_err(Error::middleware)?;
        let told = source.send_over(&mut Rest { next, extensions }, request).await;
        told.map(|told| told.response).map_err(|Failure(error)| error)
    }
}

/// The middlewares after this one, and the client behind them.
struct Rest<'a> {
    next: Next<'a>,
    extensions: &'a mut Extensions,
}

/// A [`TokenError`], or whatever the rest of the chain says.
struct Failure(Error);

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self(Error::middleware(error))
    }
}

impl Carrier for Rest<'_> {
    type Call = Request;
    type Response = Judged;
    type Error = Failure;

    async fn carry(&mut self, call: Request) -> Result<Judged, Failure> {
        let asked = call.url().clone();
        let response = self.next.clone().run(call, self.extensions).await.map_err(Failure)?;
        Ok(Judged { redirected: redirected(&asked, &response), response })
    }
}

impl Call for Request {
    fn url(&self) -> String {
        self.url().to_string()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn again(&self) -> Option<Self> {
        self.try_clone()
    }
}

/// An answer, and where redirects have led to it.
struct Judged {
    response: Response,
    redirected: Option<Redirected>,
}

impl carrier::Response for Judged {
    async fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
        if self.redirected == Some(Redirected::Elsewhere) {
            return Ok(Verdict::Accepted);
        }
        let (response, wanted) = (&mut self.response, provider.spec().judged_bytes);
        let mut start = Vec::new();
        if wanted > 0 {
            let unread = mem::replace(response, http::Response::new("").into());
            (*response, start) = peeked(unread, wanted).await?;
        }
        Ok(verdict(provider, response.status(), response.headers(), &start))
    }

    fn is_to_the_call(&self) -> bool {
        self.redirected.is_none()
    }
}

/// The same answer, and the first bytes of its body, which stay in it.
async fn peeked(response: Response, wanted: usize) -> Result<(Response, Vec<u8>), TokenError> {
    let url = response.url().clone();
    let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
    let mut body = Body::once(body);
    let start = body.peek(wanted).await?;
    let built = http::response::Builder::new().url(url).body(reqwest::Body::wrap(body));
    let mut whole = built.expect("a URL that was parsed before is all that was said");
    *whole.status_mut() = head.status;
    *whole.version_mut() = head.version;
    *whole.headers_mut() = head.headers;
    whole.extensions_mut().extend(head.extensions);
    Ok((whole.into(), start))
}
