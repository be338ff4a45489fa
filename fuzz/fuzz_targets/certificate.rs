//! Files of client certificates, keys and certificate authorities, in any form: PEM, DER, PKCS #12, PKCS #7.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wellspring_fuzz::{NOW, SECRET, check_error};
use wellspring_transport::{Tls, TlsIdentity};
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
    let identity = TlsIdentity::new(pem).password(SECRET);
    for tls in [
        Tls::new().client_certificate(pem, pem),
        Tls::new().client_identity(identity.clone()),
        Tls::new().client_identity(identity.key(pem).key_password(SECRET)),
        Tls::new().certificate_authority(pem),
    ] {
        if let Err(fault) = tls.find_fault() {
            check_error(&fault);
            continue;
        }
        if let Ok(Some(info)) = tls.certificate_info() {
            check_error(&format!("{info:?}"));
            assert!(info.chain > 0 && !info.validity_text(NOW).is_empty());
            let pem = tls.certificate_pem().expect("it was read").expect("it is set");
            assert!(ClientCertificate::of_pem(&pem).is_ok(), "{pem}");
        }
    }
});
