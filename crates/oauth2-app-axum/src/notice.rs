//! A sentence for each code in `/?error=`. The code itself is never shown, because any link can contain any text.

/// What happened, and what the user can do about it.
pub(crate) fn sentence(code: &str) -> &'static str {
    match code {
        "access_denied" => "You did not allow the sign-in. You can try again whenever you like.",
        "missing_parameters" => "The sign-in came back incomplete. Please try again.",
        "invalid_state" => {
            "This sign-in has ended: it took too long, was used already, or was started in another browser. \
             Please sign in again."
        }
        "invalid_issuer" => {
            "The answer came from another server than the one you were sent to. Please try again."
        }
        "login_required" => "Your sign-in has ended. Please sign in again.",
        "logout_incomplete" => {
            "You are signed out here, but the server could not be told. To be sure, end this application's access in \
             your account there."
        }
        "server_error" | "temporarily_unavailable" => SERVER_DOWN,
        _ => "The sign-in was refused. Please try again.",
    }
}

pub(crate) const SERVER_DOWN: &str =
    "The server cannot be reached or has failed. Please try again in a while.";
