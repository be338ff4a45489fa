//! Client certificates and authorities in every form in which people have them, read, or turned away with the form's name.

use core::time::Duration;
use std::path::PathBuf;

use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use wellspring_core::{ErrorKind, HttpRequest, Method};

use crate::driver::transport::{Tls, TlsBackend, TlsIdentity, TlsSetting, TokenSource, Transport};
use crate::driver::{ClientTransport, Toy, twin};
use crate::twins::client_settings::tls_libraries;
use crate::twins::pki::{Bank, Files, MutualTls};

/// The settings reach the server, which is shown this certificate.
#[twin::function]
async fn reaches(tls: Tls, server: &MutualTls, certificate: &[u8], what: &str) {
    let client = ClientTransport::new(tls).unwrap_or_else(|error| panic!("{what}: {error}"));
    let request = HttpRequest::new(Method::Post, format!("{}/token", server.url)).body("{}");
    let answer = client.exchange(&request, Duration::from_secs(20)).await;
    assert_eq!(answer.unwrap_or_else(|error| panic!("{what}: {error:?}")).status(), 200, "{what}");
    assert_eq!(server.last_shown().as_deref(), Some(certificate), "{what}");
}

/// A certificate, its issuers and its key as files, in PEM.
struct Issued {
    bank: Bank,
    files: Files,
    certificate: Vec<u8>,
}

impl Issued {
    /// `key` is a key in PEM that OpenSSL has made.
    fn new(name: &str, make_key: &str) -> Self {
        let (bank, files) = (Bank::new(), Files::new(name));
        let pem = String::from_utf8(files.openssl(make_key)).unwrap();
        files.write("key.pem", &pem);
        let certificate = bank.certify("shop 93", &KeyPair::from_pem(&pem).unwrap());
        files.write("cert.pem", certificate.pem());
        files.write("chain.pem", format!("{}{}", bank.intermediate.pem(), bank.root.pem()));
        let certificate = certificate.der().to_vec();
        Self { bank, files, certificate }
    }

    fn elliptic(name: &str) -> Self {
        Self::new(name, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out out")
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(Files::read(&self.files.path(name))).unwrap()
    }
}

const PASSWORD: &str = "s e cret";

/// What makes each form of PKCS #12 that programs of the last twenty years write, and its password.
const PKCS12: [&str; 8] = [
    "",
    "-legacy",
    "-legacy -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
    "-certpbe AES-128-CBC -keypbe AES-192-CBC -macalg sha512",
    "-certpbe DES-EDE3-CBC -keypbe DES-EDE3-CBC -macalg sha384",
    "-certpbe NONE -keypbe NONE",
    "-nomac",
    "-name José -caname Banco",
];

#[twin::test]
async fn a_pkcs12_file_of_any_program_is_read() {
    let issued = Issued::elliptic("pkcs12");
    let server = issued.bank.serve(&[&TLS12, &TLS13]);
    issued.files.write("password", PASSWORD);
    for (form, password) in PKCS12.into_iter().flat_map(|form| [(form, PASSWORD), (form, "")]) {
        issued.files.write("password", format!("{password}\n"));
        let words = format!(
            "pkcs12 -export -in cert.pem -inkey key.pem -certfile chain.pem -passout file:password {form} -out out"
        );
        let file = issued.files.openssl(words.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
        for &backend in tls_libraries() {
            let tls = issued.bank.trusting().backend(backend).client_pkcs12(file.clone(), password);
            reaches(tls, &server, &issued.certificate, form).await;
        }
        // Base64 is how an environment variable carries the file.
        let base64 = issued.files.write("file.p12", &file);
        let base64 = issued.files.openssl(&format!("base64 -in {} -out out", base64.display()));
        let tls = issued.bank.trusting().client_pkcs12(base64, password);
        reaches(tls, &server, &issued.certificate, form).await;
    }
}

#[twin::test]
async fn a_key_is_read_in_each_of_its_forms_with_and_without_a_password() {
    let elliptic = Issued::elliptic("keys-ec");
    let rsa = Issued::new("keys-rsa", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out out");
    let edwards = Issued::new("keys-ed25519", "genpkey -algorithm ED25519 -out out");
    let every = [
        "pkey -in key.pem -outform DER -out out",
        "pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout file:password -out out",
        "pkcs8 -topk8 -in key.pem -v2 aes-128-cbc -v2prf hmacWithSHA1 -passout file:password -outform DER -out out",
        "pkcs8 -topk8 -in key.pem -v2 des3 -passout file:password -out out",
        "pkcs8 -topk8 -in key.pem -v1 PBE-SHA1-3DES -passout file:password -out out",
        "pkcs8 -topk8 -in key.pem -scrypt -passout file:password -out out",
    ];
    let of_one = [
        (&rsa, "rsa -in key.pem -traditional -out out"),
        (&rsa, "rsa -in key.pem -traditional -outform DER -out out"),
        (&elliptic, "ec -in key.pem -out out"),
        (&elliptic, "ec -in key.pem -outform DER -out out"),
        // Without the public key, as Java writes it.
        (&elliptic, "pkey -in key.pem -ec_conv_form compressed -out out"),
        (&elliptic, "ec -in key.pem -no_public -outform DER -out out"),
    ];
    let all = [&elliptic, &rsa, &edwards].into_iter().flat_map(|it| every.map(|words| (it, words)));
    for (issued, words) in all.chain(of_one) {
        issued.files.write("password", PASSWORD);
        let server = issued.bank.serve(&[&TLS12, &TLS13]);
        let key = issued.files.openssl(words);
        let identity = TlsIdentity::new(issued.text("cert.pem") + &issued.text("chain.pem")).key(key);
        let identity = identity.key_password(PASSWORD);
        for &backend in tls_libraries() {
            let tls = issued.bank.trusting().backend(backend).client_identity(identity.clone());
            reaches(tls, &server, &issued.certificate, words).await;
        }
    }
}

#[twin::test]
async fn a_certificate_and_an_authority_are_read_in_each_of_their_forms() {
    let issued = Issued::elliptic("certificates");
    let (files, server) = (&issued.files, issued.bank.serve(&[&TLS13]));
    let (certificate, chain, key) =
        (issued.text("cert.pem"), issued.text("chain.pem"), issued.text("key.pem"));
    let all = format!("{certificate}{chain}");
    files.write("root.pem", issued.bank.root.pem());
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(all.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (what, file) in [
        ("a byte order mark", format!("\u{feff}{all}").into_bytes()),
        ("CRLF", all.replace('\n', "\r\n").into_bytes()),
        ("escaped line ends", all.replace('\n', "\\n").into_bytes()),
        ("indented", all.replace('\n', "\n      ").into_bytes()),
        ("one line", all.replace('\n', " ").into_bytes()),
        ("text around it", format!("Bag Attributes: Jos\u{e9}\n{all}end").into_bytes()),
        ("UTF-16", utf16),
        ("PKCS #7", files.openssl("crl2pkcs7 -nocrl -certfile cert.pem -certfile chain.pem -out out")),
        (
            "PKCS #7 in DER",
            files.openssl("crl2pkcs7 -nocrl -certfile chain.pem -certfile cert.pem -outform DER -out out"),
        ),
        ("trusted", {
            let trusted = files.openssl("x509 -in cert.pem -addtrust clientAuth -trustout -out out");
            [trusted, chain.clone().into_bytes()].concat()
        }),
        ("the key before the certificate", format!("{key}{all}").into_bytes()),
    ] {
        for &backend in tls_libraries() {
            let tls = issued.bank.trusting().backend(backend);
            reaches(tls.client_certificate(file.clone(), key.clone()), &server, &issued.certificate, what)
                .await;
        }
    }
    // A certificate alone, in DER, is of a chain that the server has.
    let der = files.openssl("x509 -in cert.pem -outform DER -out out");
    let tls = issued.bank.trusting().client_certificate(der, key.clone());
    assert_eq!(tls.certificate_info().unwrap().unwrap().missing_issuer.as_deref(), Some("Bank Issuing CA"));

    let others = Files::read(&files.path("chain.pem"));
    for (what, authority) in [
        ("DER", files.openssl("x509 -in root.pem -outform DER -out out")),
        ("a bundle", [others, issued.bank.root.pem().into_bytes()].concat()),
        ("CRLF", issued.bank.root.pem().replace('\n', "\r\n").into_bytes()),
        ("PKCS #7", files.openssl("crl2pkcs7 -nocrl -certfile root.pem -out out")),
    ] {
        for &backend in tls_libraries() {
            let tls = Tls::new().backend(backend).certificate_authority(authority.clone());
            reaches(tls.client_certificate(all.clone(), key.clone()), &server, &issued.certificate, what)
                .await;
        }
    }
}

#[twin::test]
async fn the_chain_is_ordered_from_what_the_file_holds_and_its_gap_is_named() {
    let issued = Issued::elliptic("chain");
    let server = issued.bank.serve(&[&TLS12, &TLS13]);
    let stranger = Bank::new();
    let (leaf, key) = (issued.text("cert.pem"), issued.text("key.pem"));
    let (root, intermediate) = (issued.bank.root.pem(), issued.bank.intermediate.pem());
    let foreign = stranger.intermediate.pem();
    for (order, chain) in [
        ([&leaf, &intermediate, &root, &String::new()], 3),
        ([&root, &intermediate, &leaf, &foreign], 3),
        ([&intermediate, &leaf, &leaf, &intermediate], 2),
        ([&foreign, &root, &leaf, &intermediate], 3),
    ] {
        let file: String = order.into_iter().map(String::as_str).collect();
        for &backend in tls_libraries() {
            let tls = issued.bank.trusting().backend(backend).client_certificate(file.clone(), key.clone());
            let info = tls.certificate_info().unwrap().unwrap();
            assert_eq!(
                (info.chain, info.subject.as_str(), info.issuer.as_str()),
                (chain, "shop 93", "Bank Issuing CA")
            );
            reaches(tls, &server, &issued.certificate, &format!("{chain}")).await;
        }
    }
    let gap = format!("{leaf}{root}");
    let info = issued.bank.trusting().client_certificate(gap, key).certificate_info().unwrap().unwrap();
    assert_eq!(info.missing_issuer.as_deref(), Some("Bank Issuing CA"));
    assert_eq!((info.chain, info.unrelated), (1, vec!["Bank Root".to_owned()]));
}

#[test]
fn what_cannot_be_used_is_named_at_the_setting_to_correct() {
    let issued = Issued::elliptic("faults");
    let files = &issued.files;
    files.write("password", PASSWORD);
    let (certificate, key) = (issued.text("cert.pem"), issued.text("key.pem"));
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let encrypted = files.openssl("pkcs8 -topk8 -in key.pem -v2 aes256 -passout file:password -out out");
    let pkcs12 = files.openssl("pkcs12 -export -in cert.pem -inkey key.pem -passout file:password -out out");
    let old = files.openssl("ec -in key.pem -aes256 -passout file:password -out out");
    let request = files.openssl("req -new -key key.pem -subj /CN=shop -out out");
    let public = files.openssl("pkey -in key.pem -pubout -out out");
    let md5 = files.openssl("pkcs8 -topk8 -in key.pem -v1 PBE-MD5-DES -provider legacy -provider default -passout file:password -out out");
    let curve = files.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out out");
    let with_key = |key: Vec<u8>| TlsIdentity::new(certificate.clone()).key(key);
    let file = |bytes: &[u8]| TlsIdentity::new(bytes);
    let cut_off = certificate.replace("-----END CERTIFICATE-----", "");
    let short = files.openssl("x509 -in cert.pem -outform DER -out out");
    let missing = |path: PathBuf| with_key(Vec::new()).key_file(path);
    for (identity, setting, words) in [
        (with_key(other_key.into_bytes()), TlsSetting::ClientKey, ["does not belong", "\"shop 93\""]),
        (
            with_key(encrypted.clone()),
            TlsSetting::ClientKey,
            ["password is missing", "`client_key_password`"],
        ),
        (
            with_key(encrypted.clone()).key_password("no"),
            TlsSetting::ClientKeyPassword,
            ["password is wrong", "client key"],
        ),
        (with_key(old), TlsSetting::ClientKey, ["Proc-Type: 4,ENCRYPTED", "openssl pkcs8 -topk8"]),
        (with_key(md5).key_password(PASSWORD), TlsSetting::ClientKey, ["cannot be read", "openssl pkcs8"]),
        (
            with_key(certificate.clone().into_bytes()),
            TlsSetting::ClientKey,
            ["no private key", "a certificate"],
        ),
        (with_key(public), TlsSetting::ClientKey, ["no private key", "a public key"]),
        (with_key(request.clone()), TlsSetting::ClientKey, ["no private key", "certificate request"]),
        (with_key(curve), TlsSetting::ClientKey, ["cannot be used", "P-384"]),
        (with_key(Vec::new()), TlsSetting::ClientKey, ["client key", "is empty"]),
        (missing(files.path("nowhere.pem")), TlsSetting::ClientKey, ["cannot be read from", "nowhere.pem"]),
        (
            file(&pkcs12),
            TlsSetting::ClientCertificate,
            ["password is missing", "`client_certificate_password`"],
        ),
        (
            file(&pkcs12).password("no"),
            TlsSetting::ClientCertificatePassword,
            ["password is wrong", "PKCS #12"],
        ),
        (file(&pkcs12[..200]).password(PASSWORD), TlsSetting::ClientCertificate, ["damaged", "cut off"]),
        (
            file(certificate.as_bytes()),
            TlsSetting::ClientCertificate,
            ["holds no private key", "`client_key`"],
        ),
        (file(key.as_bytes()), TlsSetting::ClientCertificate, ["holds no certificate", "a private key"]),
        (file(&request), TlsSetting::ClientCertificate, ["holds no certificate", "certificate request"]),
        (file(cut_off.as_bytes()), TlsSetting::ClientCertificate, ["cut off", "-----END"]),
        (file(&short[..100]), TlsSetting::ClientCertificate, ["damaged", "binary mode"]),
        (file(b"\xfe\xed\xfe\xed\0\0\0\x02"), TlsSetting::ClientCertificate, ["Java keystore", "keytool"]),
        (
            file(&[0x30, 0x80, 2, 1, 3]),
            TlsSetting::ClientCertificate,
            ["indefinite lengths", "openssl pkcs12"],
        ),
        (file(b"<html>sign in</html>"), TlsSetting::ClientCertificate, ["a web page", "download"]),
        (file(b"ssh-rsa AAAA"), TlsSetting::ClientCertificate, ["SSH", "client certificate"]),
        (file(b" \n"), TlsSetting::ClientCertificate, ["client certificate", "is empty"]),
        (
            file(b"something else"),
            TlsSetting::ClientCertificate,
            ["neither PEM, DER nor PKCS #12", "-----BEGIN"],
        ),
        (TlsIdentity::file(std::env::temp_dir()), TlsSetting::ClientCertificate, ["folder", "name a file"]),
    ] {
        let fault = Tls::new().client_identity(identity).find_fault().unwrap_err();
        let said = fault.to_string();
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
        assert_eq!(fault.setting(), setting, "{said}");
        assert_eq!(fault.into_error().kind(), ErrorKind::Misconfigured);
        assert!(!said.contains(PASSWORD), "{said}");
    }
    for (authority, words) in
        [(key.as_bytes(), "it holds a private key"), (&request, "certificate request"), (b"?", "neither PEM")]
    {
        let fault = Tls::new().certificate_authority(authority).find_fault().unwrap_err();
        assert_eq!(fault.setting(), TlsSetting::CertificateAuthority);
        assert!(fault.to_string().contains(words.trim_start_matches("it ")), "{fault}");
    }
}

#[twin::test]
async fn a_certificate_file_that_is_exchanged_is_used_from_the_next_handshake_on() {
    for &backend in tls_libraries() {
        let (bank, files) = (Bank::new(), Files::new("exchanged"));
        let server = bank.serve(&[&TLS12, &TLS13]);
        let keys = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
        let pem = |n: usize| {
            let certificate = bank.certify(&format!("shop {n}"), &keys[n]);
            let chain = format!("{}{}", certificate.pem(), bank.intermediate.pem());
            (certificate.der().to_vec(), chain)
        };
        let ((old, old_pem), (new, new_pem)) = (pem(0), pem(1));
        let certificate = files.write("cert.pem", &old_pem);
        let key = files.write("key.pem", keys[0].serialize_pem());
        let identity = TlsIdentity::file(certificate).key_file(key);
        let tls = bank.trusting().backend(backend).client_identity(identity);
        let client = ClientTransport::new(tls.clone()).unwrap();
        let request = HttpRequest::new(Method::Post, format!("{}/token", server.url)).body("{}");
        let expect = async |shown: &[u8], what: &str| {
            client.exchange(&request, Duration::from_secs(20)).await.unwrap();
            assert_eq!(server.last_shown().as_deref(), Some(shown), "{backend:?}: {what}");
            let told = tls.certificate_info().unwrap().unwrap();
            assert_eq!(told.subject, if shown == old { "shop 0" } else { "shop 1" }, "{backend:?}: {what}");
        };
        expect(&old, "as it was").await;
        // Half of an exchange: the key is not that of the certificate yet.
        files.write("cert.pem", &new_pem);
        expect(&old, "only one of the two files is new").await;
        files.write("key.pem", keys[1].serialize_pem());
        expect(&new, "both are new").await;
        files.write("cert.pem", "damaged");
        expect(&new, "the new file is damaged").await;
        std::fs::remove_file(files.path("cert.pem")).unwrap();
        expect(&new, "the file is gone").await;
        files.write("next", &old_pem);
        std::fs::rename(files.path("next"), files.path("cert.pem")).unwrap();
        files.write("key.pem", keys[0].serialize_pem());
        expect(&old, "back again").await;
    }
}

#[twin::test]
async fn an_exchanged_certificate_lifts_the_pause_of_a_running_program() {
    let (bank, files) = (Bank::new(), Files::new("lifted"));
    let server = bank.serve(&[&TLS12]);
    let key = KeyPair::generate().unwrap();
    let file = |certificate: &rcgen::Certificate| {
        format!("{}{}{}", key.serialize_pem(), certificate.pem(), bank.intermediate.pem())
    };
    let path = files.write("shop.pem", file(&bank.certify_between(&key, 2001, 2002)));
    let tls = bank.trusting().backend(TlsBackend::ENABLED[0]).client_identity(TlsIdentity::file(path));
    let source = TokenSource::builder(Toy::at(&server.url)).tls(tls).build().unwrap();
    for _ in 0..2 {
        assert_eq!(source.token().await.unwrap_err().kind(), ErrorKind::Misconfigured);
    }
    assert_eq!(server.handshakes(), 1);
    files.write("shop.pem", file(&bank.certify("shop 93", &key)));
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
}
