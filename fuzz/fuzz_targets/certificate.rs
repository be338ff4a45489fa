//! PEM files: client certificates, keys and certificate authorities.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wellspring_fuzz::check_error;
use wellspring_transport::Tls;
use wellspring_wire::ClientCertificate;

fuzz_target!(|pem: &[u8]| {
    if let Ok(pem) = core::str::from_utf8(pem) {
        match ClientCertificate::of_pem(pem) {
            Err(error) => check_error(&error),
            Ok(read) => {
                let text = core::str::from_utf8(read.as_bytes()).expect("a PEM is text");
                assert_eq!(ClientCertificate::of_pem(text).ok().as_ref(), Some(&read), "{text}");
                assert!(read.header_value().bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
                assert!(!text.contains("PRIVATE KEY"), "{text}");
            }
        }
    }
    // A file may hold both: the certificate and its key.
    for tls in [Tls::new().client_certificate(pem, pem), Tls::new().certificate_authority(pem)] {
        if let Err(error) = tls.client_config() {
            check_error(&error);
        }
    }
});
