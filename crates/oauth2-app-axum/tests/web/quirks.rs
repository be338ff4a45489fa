//! The faults of the provider's published page, A1 to A26: this router does not have them. The published code has them,
//! which shows that each check can fail.
//!
//! A check is a function over a [`Way`](way::Way) to sign in. It must [hold](holds) for this router and [fail](fails)
//! for the published code: [`server`] is the page's server sample with its backend for front ends, [`sdk`] is the
//! logic of its browser code.
//!
//! | quirk | what the published code does | shown by |
//! |---|---|---|
//! | A1 | the client secret and the tokens are in the browser | `sign_in::a1_no_token_and_no_secret_is_in_the_browser` |
//! | A2 | the redirect URI is a page, so the code is in its URL | `sign_in::a2_no_page_that_is_shown_has_the_code_in_its_url` |
//! | A3 | a token of unknown lifetime never expires, or always | `oauth2-app`: `a3_an_unknown_lifetime_is_the_documented_two_hours` |
//! | A4 | a 401 ends the sign-in | `tokens::a4_a_refused_token_is_renewed_without_a_new_sign_in` |
//! | A5 | no state equals no state | `sign_in::a5_without_a_sign_in_under_way_no_code_is_spent` |
//! | A6 | the error's text becomes markup | `sign_in::a6_what_stands_in_an_error_is_never_markup` |
//! | A7 | code and state are put into URLs as they are | `sign_in::a7_a_code_of_any_characters_arrives_as_it_was` |
//! | A8 | the state is two of `Math.random()` | `sign_in::a8_a_state_has_at_least_128_bits` |
//! | A9 | a state lives on when the exchange fails | `sign_in::a9_a_callback_is_good_for_one_exchange_even_if_that_fails` |
//! | A10 | a state that does not match is ignored | `sign_in::a10_a_state_that_does_not_match_is_reported` |
//! | A11 | a request during a refresh is refused | `tokens::a11_a_request_during_a_refresh_waits_for_it` |
//! | A12 | any failure of a refresh deletes the tokens | `tokens::a12_a_server_that_is_down_does_not_sign_the_user_out` |
//! | A13 | a missing refresh token is kept as `undefined` | `tokens::a13_an_answer_without_a_refresh_token_leaves_the_one_that_is_there` |
//! | A14 | the caller's headers win over the token | `tokens::a14_a_callers_own_authorization_does_not_take_the_tokens_place` |
//! | A15 | any site may call, any redirect URI is accepted, the state is not checked, a code may be missing | `proxy::a15_*` |
//! | A16 | no refresh, although the comment promises one, and a 401 becomes a 500 | `tokens::a16_user_info_after_an_early_end_is_user_info_after_one_refresh` |
//! | A17 | every refusal becomes a 400, and `Retry-After` is lost | `proxy::a17_retry_after_is_forwarded` |
//! | A18 | the host is a placeholder | `oauth2-app`: `a18_every_url_follows_the_base_url` |
//! | A19 | two formulas for one balance | `oauth2-app`: `a19_the_balance_is_the_vendors_text_and_never_computed` |
//! | A20 | a space is written in two ways | `oauth2-app`: `a20_a_space_is_read_in_both_spellings` |
//! | A21 | a popup that is blocked is an exception every second | `chromium`: `popup::a21_*` |
//! | A22 | any URL is opened to top up | `tokens::a22_only_the_vendors_own_page_is_opened_to_top_up` |
//! | A23 | any text of any length is repeated as an error | `sign_in::a23_an_error_of_any_length_is_not_repeated` |
//! | A24 | headings and questions are lost | nothing follows from it |
//! | A25 | that a sign-in was ended by the vendor looks like a broken server | `tokens::a25_a_sign_in_that_the_vendor_ended_is_asked_for_again` |
//! | A26 | the expiry of a refresh token is not sent | `oauth2-app`: `a26_a_refresh_token_lives_thirty_days_from_its_receipt` |

mod proxy;
mod sdk;
mod server;
mod sign_in;
mod tokens;
mod way;

/// The result of a check: `Ok`, or the fault that it found.
type Found = Result<(), String>;

/// Asserts that this router passes the check.
fn holds(found: Found) {
    assert_eq!(found, Ok(()));
}

/// Asserts that the published code fails the check for this reason, because a check that cannot fail shows nothing.
fn fails(found: Found, why: &str) {
    let found = found.expect_err("the published way has this fault");
    assert!(found.contains(why), "{found}");
}

fn found(wrong: bool, what: impl Into<String>) -> Found {
    if wrong { Err(what.into()) } else { Ok(()) }
}
