//! A headless Chromium and its driver, both gone when this is dropped.

use core::time::Duration;
use std::process::Stdio;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long anything on a page may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// The whole of a test, which ends with a sentence where the driver says nothing any more.
pub(crate) async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(3 * PATIENCE, test).await.expect("the browser answers");
}

pub(crate) struct Chromium {
    pub(crate) client: Client,
    _driver: Child,
    /// A driver whose output nobody takes would stop.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Chromium {
    /// With these arguments besides those of every test, and these of the driver's own options for Chromium.
    pub(crate) async fn start(arguments: &[&str], mut options: Value) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("this test drives Chromium: install it with `apt-get install chromium chromium-driver`");
        let mut output = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = output.next_line().await.unwrap().expect("the driver says where it listens");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let mut all = vec!["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
        all.extend(arguments);
        options["args"] = json!(all);
        let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("the driver starts Chromium: install `chromium` beside `chromium-driver`");
        Self { client, _driver: driver, _output: output }
    }

    pub(crate) async fn click(&self, id: &str) {
        self.wait_for(&format!("#{id}")).await;
        self.client.find(Locator::Id(id)).await.unwrap().click().await.unwrap();
    }

    /// Waits for the first element that this selects.
    pub(crate) async fn wait_for(&self, css: &str) {
        let wait = self.client.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::Css(css)).await;
        if found.is_err() {
            panic!("{css} does not appear: {}", self.client.source().await.unwrap());
        }
    }

    /// Waits until the element holds this text.
    pub(crate) async fn says(&self, id: &str, text: &str) {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let said = match self.client.find(Locator::Id(id)).await {
                Ok(element) => element.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if said.contains(text) {
                return;
            }
            if tokio::time::Instant::now() > end {
                panic!("#{id} says {said:?} and not {text:?}: {}", self.client.source().await.unwrap());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn is_there(&self, id: &str) -> bool {
        self.client.find(Locator::Id(id)).await.is_ok()
    }

    pub(crate) async fn picture(&self, name: &str) {
        let path = format!("{}/login-{name}.png", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(path, self.client.screenshot().await.unwrap()).unwrap();
    }

    pub(crate) async fn end(self) {
        self.client.close().await.unwrap();
    }
}
