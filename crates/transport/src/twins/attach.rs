//! How a program attaches tokens to the requests of its own client.

/// The constructors of a middleware or layer with the field `selector` and these further fields.
#[doc(hidden)]
#[macro_export]
macro_rules! attach_methods {
    ($attach:ident $(, $field:ident: $value:expr)?) => {
        impl $attach {
            /// Attaches this source's tokens to every request.
            #[must_use]
            pub const fn new(source: TokenSource) -> Self {
                Self { selector: SourceSelector::Always(source) $(, $field: $value)? }
            }

            /// Attaches the tokens of the [`TokenSource`] among each request's extensions, so that one client serves
            /// many users. A request without a source is not sent.
            #[must_use]
            pub const fn per_request() -> Self {
                Self { selector: SourceSelector::OfEachCall $(, $field: $value)? }
            }
        }
    };
}
