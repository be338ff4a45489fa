//! Two processes of one application behind a round robin, which share their sessions and tokens in SQLite and are restarted
//! one after the other. The application is `examples/web-app`, which `cargo xtask browser` builds.

use std::path::Path;
use std::process::Command;

use wellspring_simulator::{OauthClient, Simulator};

use crate::chromium::{Chromium, in_time};
use crate::rigs::nginx::{Nginx, Plan};
use crate::rigs::oidc::Oidc;
use crate::rigs::process::{Folder, Process, free_port};

const CLIENT: &str = "shop";
const SECRETS: [&str; 2] = ["secret-of-the-shop-at-the-company", "secret-of-the-shop-at-the-forge"];

/// The application, its two processes and the proxy before them.
struct Shop {
    folder: Folder,
    company: Oidc,
    forge: Simulator,
    instances: Vec<(u16, Process)>,
    nginx: Nginx,
}

impl Shop {
    async fn open() -> Self {
        let plan = Plan::http();
        let callback = format!("{}/shop/oauth/callback", plan.url());
        let company = Oidc::knows(CLIENT, SECRETS[0], &callback, &format!("{}/shop", plan.url())).await;
        let client = OauthClient::confidential(CLIENT, SECRETS[1], &callback);
        let forge = Simulator::builder().client(client).start().unwrap();
        let folder = Folder::new();
        let mut instances = Vec::new();
        for _ in 0..2 {
            let port = free_port();
            instances.push((port, instance(&folder, &company, &forge, &plan.url(), port).await));
        }
        let [one, other] = [0, 1].map(|n| format!("127.0.0.1:{}", instances[n].0));
        let nginx = plan.start("location / { proxy_pass http://site; }", &[&one, &other]).await;
        Self { folder, company, forge, instances, nginx }
    }

    /// Ends one process after the other and starts it again. The other one serves meanwhile.
    async fn restarts_one_after_the_other(&mut self) {
        for n in 0..2 {
            let (port, mut old) = self.instances.remove(n);
            old.signal("INT");
            assert!(old.ends().await.success(), "{:?}", old.lines());
            let url = self.nginx.url();
            let new = instance(&self.folder, &self.company, &self.forge, &url, port).await;
            self.instances.insert(n, (port, new));
        }
    }

    /// How many requests each instance has answered.
    fn shares(&self) -> Vec<usize> {
        let log = self.nginx.log();
        let served = |port: u16| log.lines().filter(|line| line.contains(&format!(":{port} "))).count();
        self.instances.iter().map(|(port, _)| served(*port)).collect()
    }
}

/// A process of the application that serves at this port.
async fn instance(folder: &Folder, company: &Oidc, forge: &Simulator, url: &str, port: u16) -> Process {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("debug").join("web-app");
    let mut command = Command::new(&program);
    command.env_clear().current_dir(folder.path());
    command.env("SHOP_URL", format!("{url}/shop")).env("SHOP_LISTEN", format!("127.0.0.1:{port}"));
    command.env("SHOP_DATABASE", "shop.db").env("SHOP_TOKENS", "tokens.db");
    command.env("COMPANY_ISSUER", company.url()).env("COMPANY_SECRET", SECRETS[0]);
    command.env("FORGE_URL", format!("{}/api/oauth2", forge.url())).env("FORGE_SECRET", SECRETS[1]);
    let install = format!("there is no {}: `cargo xtask browser` builds it", program.display());
    let mut process = Process::start(&mut command, &install);
    process.says(|line| line.starts_with("listening ").then_some(())).await;
    process
}

#[tokio::test]
async fn two_instances_are_one_site_also_while_they_are_restarted() {
    in_time(async {
        let mut shop = Shop::open().await;
        let chromium = Chromium::start().await;
        chromium.open(&shop.nginx.at("/shop")).await;
        chromium.press_link("Company").await;
        chromium.logs_in_as("alice").await;
        chromium.says("username", "alice").await;
        for visit in 1..=4 {
            chromium.open(&shop.nginx.at("/shop/visits")).await;
            chromium.says("visits", &visit.to_string()).await;
            chromium.open(&shop.nginx.at("/shop/me")).await;
            chromium.says("me", "alice of the certified server (company)").await;
        }
        let shares = shop.shares();
        assert!(shares.iter().all(|share| *share >= 4), "{shares:?}");

        // While a tab asks without a pause, no answer says that the user is signed out.
        let poll = "window.answers = []; window.stopped = false; (async () => {
                while (!window.stopped) answers.push((await fetch('/shop/me')).status);
            })()";
        chromium.script(poll).await;
        shop.restarts_one_after_the_other().await;
        let so_far = chromium.script("return answers.length").await;
        chromium.until(&format!("answers.length > {so_far} + 4")).await;
        chromium.script("window.stopped = true").await;
        let others = chromium.script("return answers.filter((status) => status !== 200)").await;
        assert_eq!(others.as_array().map(Vec::len), Some(0), "{others}");

        // What was obtained before still works: the page asks the server for the user info.
        chromium.open(&shop.nginx.at("/shop")).await;
        chromium.says("username", "alice").await;
        chromium.open(&shop.nginx.at("/shop/visits")).await;
        chromium.says("visits", "5").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_that_two_restarts_interrupt_goes_on() {
    in_time(async {
        let mut shop = Shop::open().await;
        let chromium = Chromium::start().await;
        chromium.open(&shop.nginx.at("/shop/auth/oauth/start?with=forge&next=/shop/me")).await;
        chromium.wait_for("#allow").await;
        shop.restarts_one_after_the_other().await;
        chromium.click("allow").await;
        chromium.says("me", "(forge)").await;
        // The same callback at the other instance, and then again at the first.
        let callback = chromium.redirected_through("/shop/oauth/callback?").await;
        for _ in 0..2 {
            chromium.open(&callback).await;
            chromium.says("me", "(forge)").await;
        }
        // A sign-out at one instance holds at the other.
        chromium.open(&shop.nginx.at("/shop")).await;
        chromium.click("logout").await;
        chromium.press_link("Company").await;
        chromium.wait_for("input[name=login]").await;
        for _ in 0..2 {
            chromium.open(&shop.nginx.at("/shop")).await;
            chromium.until("document.body.textContent.includes('Forge')").await;
            assert!(!chromium.is_there("username").await);
        }
        chromium.end().await;
    })
    .await;
}
