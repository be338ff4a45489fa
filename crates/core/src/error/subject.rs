//! What an error is about, where its kind and its code do not say it.

/// What a person looks at first after an error whose kind and code do not name it.
/// [`TokenError::subject`](crate::TokenError::subject) returns it; the sentence of the error says the same in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorSubject {
    /// The URL of the token endpoint: what answers there has no token endpoint.
    TokenUrl,
    /// The URL of another endpoint, which the sentence names.
    EndpointUrl,
    /// The client certificate: the server refuses it, or asks for one.
    ClientCertificate,
    /// Who is let in: the web server in front of the endpoint forbids the request, for want of a client certificate or for the
    /// address of this host.
    Admission,
}

impl ErrorSubject {
    const ALL: [Self; 4] = [Self::TokenUrl, Self::EndpointUrl, Self::ClientCertificate, Self::Admission];

    /// The word by which a store keeps it.
    ///
    /// ```
    /// use wellspring_core::ErrorSubject;
    ///
    /// assert_eq!(ErrorSubject::TokenUrl.word(), "token-url");
    /// assert_eq!(ErrorSubject::from_word("token-url"), Some(ErrorSubject::TokenUrl));
    /// assert_eq!(ErrorSubject::from_word("something-new"), None);
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::TokenUrl => "token-url",
            Self::EndpointUrl => "endpoint-url",
            Self::ClientCertificate => "client-certificate",
            Self::Admission => "admission",
        }
    }

    /// The subject of this word; `None` if this version does not know it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.word() == word)
    }
}
