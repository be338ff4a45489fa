//! The routers: which handler answers which path, and the layers around them.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::{get, post};
use wellspring_core::TokenError;

use crate::web_login::WebLogin;
use crate::{callback, headers, layer, page, sign_out, start, user};

/// The maximum size of a callback that comes as a form.
const MAX_FORM: usize = 1 << 16;

impl WebLogin {
    /// The application's handlers, which may take [`SignedIn`](crate::SignedIn), merged with the routes of the sign-in. To
    /// nest the result under a path, say so with [`Builder::mounted_at`](crate::Builder::mounted_at).
    ///
    /// # Panics
    ///
    /// As [`Router::merge`] does: if the handlers have a route of the sign-in, for example `/` while the page is on. If a
    /// path comes from a configuration, use [`try_router`](Self::try_router).
    pub fn router(&self, handlers: Router) -> Router {
        let paths = &self.placement().paths;
        let mut own = Router::new()
            .route(&paths.start, get(start::start))
            .route(&paths.user_info, get(user::info))
            .route(&paths.sign_out, post(sign_out::sign_out));
        let mut routed: Vec<&str> = Vec::new();
        for provider in self.providers() {
            let path = provider.callback.as_str();
            if !routed.contains(&path) {
                own = own.route(path, get(callback::callback));
                routed.push(path);
            }
        }
        let mut posted: Vec<&str> = Vec::new();
        for provider in self.providers().iter().filter(|provider| provider.form_post) {
            let path = provider.callback.as_str();
            if !posted.contains(&path) {
                own = own.route(path, post(callback::posted).layer(DefaultBodyLimit::max(MAX_FORM)));
                posted.push(path);
            }
        }
        if self.0.page {
            own = own
                .route(&paths.page, get(page::page))
                .route(&paths.script, get(page::script))
                .route(&paths.style, get(page::style));
        }
        self.with_layers(handlers, own)
    }

    /// As [`router`](Self::router), for paths that come from a configuration, such as that of the redirect URI.
    ///
    /// # Errors
    ///
    /// If the handlers have a route of the sign-in.
    pub fn try_router(&self, handlers: Router) -> Result<Router, TokenError> {
        catch_unwind(AssertUnwindSafe(|| self.router(handlers))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map_or("two routes have one path", String::as_str);
            TokenError::misconfigured(format!(
                "the application has a route of the sign-in: {text}; give one of them another path"
            ))
        })
    }

    /// Adds the layers that every route needs.
    pub(crate) fn with_layers(&self, handlers: Router, own: Router) -> Router {
        let own = own.layer(map_response_with_state(self.clone(), headers::secured));
        handlers.merge(own).layer(from_fn_with_state(self.clone(), layer::around))
    }
}
