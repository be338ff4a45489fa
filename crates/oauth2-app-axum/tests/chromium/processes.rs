//! What is left of a browser: nothing.

use crate::chromium::{Chromium, in_time, processes_of};

#[tokio::test]
async fn a_test_that_panics_leaves_no_process_and_no_file() {
    in_time(async {
        let chromium = Chromium::start().await;
        let profile = chromium.profile().to_owned();
        assert!(profile.is_dir() && !processes_of(&profile).is_empty());
        let panicking = tokio::spawn(async move {
            let _chromium = chromium;
            panic!("as a test does that fails");
        });
        assert!(panicking.await.unwrap_err().is_panic());
        assert_eq!(processes_of(&profile), [""; 0]);
        assert!(!profile.exists());
    })
    .await;
}
