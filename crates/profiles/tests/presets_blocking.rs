//! The presets on the blocking transport.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

mod presets;

mod driver {
    use wellspring_profiles::Profile;
    use wellspring_transport_blocking::Builder;
    pub(crate) use wellspring_transport_blocking::{Clock, ManualClock, TokenSource};

    /// The attribute of a twin: it runs without `async` and `.await`.
    pub(crate) mod twin {
        pub(crate) use wellspring_twin_tests::blocking_test as test;
    }

    pub(crate) fn builder(profile: &Profile) -> Builder {
        let mut builder = Builder::new(profile.provider().unwrap().into()).policy(profile.policy().unwrap());
        for url in profile.api_urls().unwrap() {
            builder = builder.allow_origin(&url).unwrap();
        }
        builder.tls(profile.tls().unwrap())
    }
}
