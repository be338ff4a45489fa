//! Signing in at the simulator, with a profile like that of any other server.

use std::fs;

use wellspring_simulator::{Endpoint, OauthClient, Request, Simulator};

use crate::browser::{Browser, Page, parameter};
use crate::program::{CLIENT, Folder, SECRET, Site};

/// A profile with a sign-in and these lines.
pub(crate) fn people(lines: &str) -> String {
    format!(
        "[profile.people]\nprovider = \"oauth2-app\"\nclient_id = \"{CLIENT}\"\n\
         client_secret = {{ env = \"APP_SECRET\" }}\n{lines}\n"
    )
}

/// The endpoints, one line each.
pub(crate) fn endpoints(url: &str) -> String {
    ["authorize_url = authorize", "token_url = token", "userinfo_url = userinfo", "revocation_url = revoke"]
        .map(|line| {
            let (key, name) = line.split_once(" = ").unwrap();
            format!("{key} = \"{url}/api/oauth2/{name}\"")
        })
        .join("\n")
}

pub(crate) fn register(simulator: &Simulator, site: &Site) {
    let client = OauthClient::confidential(CLIENT, SECRET, &site.redirect_uri);
    simulator.configure(|config| config.app.clients.push(client));
}

/// Signs in; the user allows it. Returns the authorization URL and the callback's response.
pub(crate) fn sign_in(site: &Site, browser: &mut Browser) -> (String, Page) {
    let start = browser.get(&site.at("/auth/oauth/start"));
    assert_eq!(start.status, 302, "{start:?}");
    let authorization = start.location().to_owned();
    let back = Browser::default().get(&format!("{authorization}&decision=allow"));
    let callback = back.location().to_owned();
    let response = browser.get(&callback);
    (authorization, response)
}

#[test]
fn people_sign_in_at_the_server_that_an_issuer_describes() {
    let simulator = Simulator::builder().configure(|c| c.app.issuer_in_callback = true).start().unwrap();
    let folder = Folder::with(&people(&format!(
        "issuer = \"{}\"\nscopes = [\"profile\", \"balance\"]",
        simulator.url()
    )));
    let site = folder.site("people");
    assert_eq!(site.redirect_uri, format!("{}/oauth/callback", site.url));
    assert_eq!(site.address, site.url);
    register(&simulator, &site);
    let mut browser = Browser::default();
    assert!(browser.get(&site.at("/")).body.contains("id=\"login\""));

    let (authorization, callback) = sign_in(&site, &mut browser);
    assert_eq!(parameter(&authorization, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(parameter(&authorization, "scope").as_deref(), Some("profile balance"));
    assert_eq!(callback.location(), "/?login=success");
    let page = browser.get(&site.at("/?login=success"));
    assert!(page.body.contains("<dd id=\"username\">user123</dd>"), "{}", page.body);
    let vendor = ["balance", "Balance", "topup", "Top up"];
    assert!(!vendor.iter().any(|word| page.body.contains(word)), "{}", page.body);
    assert_eq!(browser.get(&site.at("/api/user/topup")).status, 404);
    assert!(!browser.get(&site.at("/api/user/info")).body.contains("balance"));
    assert!(browser.get(&site.at("/account")).body.contains("user@example.com"));
    assert_eq!(browser.post(&site.at("/auth/logout")).location(), "/?logout=success");
    assert_eq!(simulator.asked(Endpoint::Revocation), 1);

    let mut secrets = vec![SECRET.to_owned()];
    for request in simulator.received(Endpoint::AppToken) {
        secrets
            .extend(request.form().into_iter().filter(|(name, _)| name.starts_with("code")).map(|(_, v)| v));
    }
    for request in simulator.received(Endpoint::Userinfo) {
        secrets.push(request.header("authorization").unwrap().replace("Bearer ", ""));
    }
    assert!(secrets.len() >= 4, "secret, code, verifier, access token");
    let output = site.end();
    for secret in secrets {
        assert!(!output.contains(&secret), "{output}");
    }
}

#[test]
fn the_tokens_are_kept_in_the_profiles_store_and_people_come_back_to_its_redirect_uri() {
    let simulator = Simulator::start().unwrap();
    let lines = endpoints(&simulator.url()) + "\nredirect_uri = \"http://localhost:1/signed/in\"";
    let folder = Folder::with(&format!("[store]\nurl = \"file:tokens\"\n{}", people(&lines)));
    let site = folder.site("people");
    assert_eq!(site.url, "http://localhost:1", "the cookie is bound to the host");
    assert_eq!(site.redirect_uri, "http://localhost:1/signed/in");
    register(&simulator, &site);

    let mut browser = Browser::default();
    // The sign-in begins at the host where it ends, because the cookies are of one host.
    let start = browser.get(&site.at("/auth/oauth/start"));
    let start = start.location().strip_prefix("http://localhost:1").unwrap();
    let start = browser.get(&site.at(start));
    assert_eq!(parameter(start.location(), "redirect_uri").as_deref(), Some("http://localhost:1/signed/in"));
    let back = Browser::default().get(&format!("{}&decision=allow", start.location()));
    // Plays the proxy that forwards `localhost:1` to the site.
    let callback = back.location().replacen("http://localhost:1", &site.address, 1);
    assert_eq!(browser.get(&callback).location(), "/?login=success");
    let records = || {
        let files = fs::read_dir(folder.path().join("tokens")).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|it| it == "token")).count()
    };
    assert_eq!(records(), 1);
}

#[test]
fn without_a_userinfo_endpoint_the_page_says_that_the_user_is_signed_in() {
    let simulator = Simulator::start().unwrap();
    let lines = endpoints(&simulator.url());
    let lines: Vec<_> = lines.lines().filter(|line| !line.starts_with("userinfo_url")).collect();
    let folder = Folder::with(&people(&lines.join("\n")));
    let site = folder.site("people");
    register(&simulator, &site);
    let mut browser = Browser::default();
    assert_eq!(sign_in(&site, &mut browser).1.location(), "/?login=success");
    assert!(browser.get(&site.at("/")).body.contains("You are signed in."));
    assert_eq!(browser.get(&site.at("/account")).status, 404);
    site.signal("INT");
    assert_eq!(site.ended(), Some(130));
}

#[test]
fn the_preset_signs_in_with_one_click_and_without_pkce() {
    let simulator = Simulator::start().unwrap();
    let folder = Folder::with(&people(&format!("preset = \"aihubmix\"\nbase_url = \"{}\"", simulator.url())));
    let site = folder.site("people");
    register(&simulator, &site);
    let mut browser = Browser::default();
    let start = browser.get(&site.at("/auth/oauth/start"));
    assert_eq!(parameter(start.location(), "code_challenge"), None);
    let back = Browser::default().get(start.location());
    assert_eq!(browser.get(back.location()).location(), "/?login=success");
}

#[test]
fn all_requests_trust_only_the_authority_of_the_profile() {
    let simulator = Simulator::builder().tls().start().unwrap();
    let profile = people(&format!("issuer = \"{}\"", simulator.url()));
    let (status, out, said) = Folder::with(&profile).run(&[
        "--config",
        "wellspring.toml",
        "--profile",
        "people",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!((status, out.as_str(), said.lines().count()), (Some(1), "", 1), "{said}");

    let authority = &simulator.identity().unwrap().ca_pem;
    let folder =
        Folder::with(&format!("{profile}[profile.people.tls]\nca_certificate = \"\"\"\n{authority}\"\"\"\n"));
    let site = folder.site("people");
    register(&simulator, &site);
    let mut browser = Browser::default();
    let start = browser.get(&site.at("/auth/oauth/start"));
    let target = start.location().strip_prefix(&simulator.url()).unwrap();
    let now = simulator.clock().now();
    let back = simulator.world().answer(&Request::get(&format!("{target}&decision=allow")), now);
    assert_eq!(browser.get(back.header("location").unwrap()).location(), "/?login=success");
    assert!(browser.get(&site.at("/")).body.contains("<dd id=\"username\">user123</dd>"));
}

#[test]
fn without_a_configuration_the_program_starts_the_simulator_which_asks_the_user() {
    let folder = Folder::with("");
    let site = folder.site_without_profile(&["--title", "Tea <and> Cakes"]);
    let mut browser = Browser::default();
    assert!(browser.get(&site.at("/")).body.contains("Tea &lt;and&gt; Cakes"));
    let start = browser.get(&site.at("/auth/oauth/start"));
    assert!(Browser::default().get(start.location()).body.contains("id=\"allow\""));
    let back = Browser::default().get(&format!("{}&decision=allow", start.location()));
    assert_eq!(browser.get(back.location()).location(), "/?login=success");
    assert!(browser.get(&site.at("/account")).body.contains("user123"));
    assert!(!site.end().contains("secret_of_this_example"));
}
