//! Attributes that let both transports run one test source.
//!
//! A twin is written as an async test. The async transport runs it as it stands. For the blocking transport,
//! [`blocking`] and [`blocking_test`] rewrite its tokens:
//!
//! | async | blocking |
//! |---|---|
//! | `async fn` | `fn` |
//! | `source.token().await` | `source.token()` |
//! | `async { .. }`, `async move { .. }` | `\|\| { .. }`, `move \|\| { .. }` |
//!
//! In scope: tokens. Out of scope: what the two transports name differently; each has a module `driver` for that.
#![forbid(unsafe_code)]

extern crate proc_macro;

use core::iter::Peekable;

use proc_macro::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree, token_stream::IntoIter};

/// A function that the async transport takes as it stands.
#[proc_macro_attribute]
pub fn unchanged(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// The same function without `async` and `.await`.
#[proc_macro_attribute]
pub fn blocking(_: TokenStream, item: TokenStream) -> TokenStream {
    without_async(item)
}

/// The same test without `async` and `.await`. The arguments are tokio's, and a blocking test has no use for them.
#[proc_macro_attribute]
pub fn blocking_test(_: TokenStream, item: TokenStream) -> TokenStream {
    let mut test: TokenStream = "#[::core::prelude::v1::test]".parse().unwrap_or_default();
    test.extend(without_async(item));
    test
}

fn without_async(tokens: TokenStream) -> TokenStream {
    let mut out = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Punct(dot) if dot.as_char() == '.' && next_is(&mut rest, "await") => drop(rest.next()),
            TokenTree::Ident(word) if word.to_string() == "async" => {
                if next_is(&mut rest, "move") {
                    out.extend(rest.next());
                }
                if matches!(rest.peek(), Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace)
                {
                    out.extend(no_arguments());
                }
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), without_async(group.stream()));
                inside.set_span(group.span());
                out.push(inside.into());
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

fn next_is(rest: &mut Peekable<IntoIter>, word: &str) -> bool {
    matches!(rest.peek(), Some(TokenTree::Ident(next)) if next.to_string() == word)
}

/// `||`: what makes a closure of a block.
fn no_arguments() -> [TokenTree; 2] {
    [Spacing::Joint, Spacing::Alone].map(|spacing| Punct::new('|', spacing).into())
}
