//! Whether the grant of a failed exchange is spent.

/// What a failed exchange has done to the grant that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the machines match on every case")]
pub enum Fate {
    /// The grant was not spent: it was never sent, or the endpoint said that it did not process the request.
    Unspent,
    /// Unknown: a byte may have left, and no response came or a 5xx did.
    Unknown,
    /// The grant is spent with near certainty: the endpoint sent a successful response, and the response cannot be read to
    /// its end.
    Answered,
    /// The endpoint refused the grant, or has granted a sign-in with it.
    Dead,
}
