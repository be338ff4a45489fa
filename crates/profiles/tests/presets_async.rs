//! The presets on the async transport.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

mod presets;

mod driver {
    use wellspring_profiles::Profile;
    use wellspring_transport_async::Builder;
    pub(crate) use wellspring_transport_async::{Clock, ManualClock, TokenSource};

    /// The attribute of a twin: it runs as it stands, on tokio.
    pub(crate) mod twin {
        pub(crate) use tokio::test;
    }

    pub(crate) fn builder(profile: &Profile) -> Builder {
        let mut builder = Builder::new(profile.provider().unwrap().into()).policy(profile.policy().unwrap());
        for url in profile.api_urls().unwrap() {
            builder = builder.allow_origin(&url).unwrap();
        }
        builder.tls(profile.tls().unwrap())
    }
}
