//! The events about files of certificates that change while a program runs.
#![cfg(feature = "rustls-ring")]

#[path = "support/lines.rs"]
mod lines;

use std::path::{Path, PathBuf};

use lines::Lines;
use rcgen::{CertificateParams, DnType, KeyPair};
use wellspring_transport::{Tls, TlsIdentity};

/// A folder of this test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("wellspring-certificate-events-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the test can write and certify");
        Self(folder)
    }

    /// Puts this file there in one step, as an operator does.
    fn put(&self, name: &str, text: &str) -> PathBuf {
        let (new, path) = (self.0.join("new"), self.0.join(name));
        std::fs::write(&new, text).expect("the test can write and certify");
        std::fs::rename(new, &path).expect("the test can write and certify");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn certificate(name: &str, key: &KeyPair) -> String {
    let mut params = CertificateParams::new(Vec::new()).expect("the test can write and certify");
    params.distinguished_name.push(DnType::CommonName, name);
    params.self_signed(key).expect("the test can write and certify").pem()
}

fn with_key(name: &str, key: &KeyPair) -> String {
    certificate(name, key) + &key.serialize_pem()
}

#[test]
fn a_file_of_certificates_that_changes_is_reported_and_one_that_cannot_be_used_is_reported_once() {
    let (folder, key, lines) = (Folder::new(), KeyPair::generate().unwrap(), Lines::default());
    let _default = tracing::subscriber::set_default(lines.clone());
    let identity = TlsIdentity::file(folder.put("shop.pem", &with_key("shop 93", &key)));
    let authority: &Path = &folder.put("ca.pem", &certificate("ca", &key));
    let connector =
        Tls::new().client_identity(identity).certificate_authority_file(authority).connector().unwrap();
    let reported = || {
        for _ in 0..2 {
            let _ = connector.library();
        }
        lines.take()
    };
    let one = |name: &str, says: &str| {
        let reported = reported();
        let [line] = reported.as_slice() else { panic!("{name}: {reported:?}") };
        assert!(line.starts_with(&format!("{name} ")) && line.contains(says), "{line}");
    };
    assert_eq!(reported(), Vec::<String>::new(), "nothing has changed");

    let next = with_key("shop 94", &key);
    folder.put("shop.pem", &next);
    one("certificate.replaced", "certificate=\"shop 94\"");
    folder.put("shop.pem", "damaged");
    one("certificate.unusable", "certificate=\"shop 94\" error=the client certificate");
    folder.put("shop.pem", &next);
    assert_eq!(reported(), Vec::<String>::new(), "it is the one in use");

    folder.put("ca.pem", &(certificate("ca", &key) + &certificate("next ca", &key)));
    one("authorities.replaced", "files=1");
    folder.put("ca.pem", "damaged");
    one("authorities.unusable", "error=the CA certificate");
    std::fs::remove_file(authority).unwrap();
    one("authorities.unusable", "error=the CA certificate cannot be read from");
    folder.put("ca.pem", &certificate("ca", &key));
    one("authorities.replaced", "files=1");
}
