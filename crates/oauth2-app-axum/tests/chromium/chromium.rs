//! A headless Chromium with an empty profile and its driver, all of it gone when this is dropped.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

/// How long anything on a page may take to appear. The bound only ends a hang, with a sentence.
const PATIENCE: Duration = Duration::from_secs(60);

/// The tests that may drive a browser at the same time. One browser is a dozen processes.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// Nothing that is not of this machine, and nothing that a browser does beside showing pages.
const ARGUMENTS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,700",
    // The pages of other people's servers ask for fonts from elsewhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/// Runs the whole of a test, and fails it when the driver stops answering. The wait for the permit does not count. A test
/// takes one permit for all its browsers: two tests with two browsers each cannot block one another.
pub(crate) async fn in_time(test: impl Future<Output = ()>) {
    let _permit = BROWSERS.acquire().await.unwrap();
    // What the sites log stands beside the message of a test that fails.
    let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_test_writer().try_init();
    timeout(5 * PATIENCE, test).await.expect("the browser answers");
}

pub(crate) struct Chromium {
    pub(crate) client: Client,
    session: String,
    driver: Driver,
}

impl Chromium {
    pub(crate) async fn start() -> Self {
        Self::with(&[], json!({})).await
    }

    /// With these arguments besides those of every test, and these of the driver's own options for Chromium.
    pub(crate) async fn with(arguments: &[&str], options: Value) -> Self {
        Self::that_waits(arguments, options, "normal").await
    }

    /// A browser whose commands do not wait until a page is there: it may be sent elsewhere meanwhile.
    pub(crate) async fn that_waits_for_no_page() -> Self {
        Self::that_waits(&[], json!({}), "none").await
    }

    async fn that_waits(arguments: &[&str], mut options: Value, strategy: &str) -> Self {
        let driver = Driver::start().await;
        let profile = format!("--user-data-dir={}", driver.profile.display());
        options["args"] = [&ARGUMENTS[..], arguments, &[&profile]].concat().into();
        let logs = json!({ "browser": "ALL", "performance": "ALL" });
        let capabilities = [
            ("goog:chromeOptions", options),
            ("goog:loggingPrefs", logs),
            ("pageLoadStrategy", json!(strategy)),
        ];
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("the driver starts Chromium: install `chromium` beside `chromium-driver`");
        let session = client.session_id().await.unwrap().unwrap();
        Self { client, session, driver }
    }

    /// The folder of everything that this browser keeps.
    pub(crate) fn profile(&self) -> &Path {
        &self.driver.profile
    }

    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn click(&self, id: &str) {
        self.wait_for(&format!("#{id}")).await;
        self.client.find(Locator::Id(id)).await.unwrap().click().await.unwrap();
    }

    /// Clicks the link with this text.
    pub(crate) async fn press_link(&self, text: &str) {
        self.until(&format!("[...document.links].some((link) => link.textContent.includes('{text}'))")).await;
        self.client
            .find(Locator::XPath(&format!("//a[contains(., '{text}')]")))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    /// What this returns in the page.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// Waits until this is true in the page.
    pub(crate) async fn until(&self, condition: &str) {
        let script = format!("return Boolean({condition})");
        let end = Instant::now() + PATIENCE;
        // While one page makes way for the next, there is none to ask.
        while self.client.execute(&script, vec![]).await.ok() != Some(Value::Bool(true)) {
            if Instant::now() > end {
                panic!("{condition} does not come true: {}", self.client.source().await.unwrap());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for the first element that this selects.
    pub(crate) async fn wait_for(&self, css: &str) {
        self.until(&format!("document.readyState === 'complete' && document.querySelector('{css}')")).await;
    }

    /// Waits until the element holds this text and can be seen.
    pub(crate) async fn says(&self, id: &str, text: &str) {
        let element = format!("document.getElementById('{id}')");
        self.until(&format!("{element}?.checkVisibility() && {element}.textContent.includes('{text}')"))
            .await;
    }

    pub(crate) async fn is_there(&self, id: &str) -> bool {
        self.script(&format!("return document.getElementById('{id}') !== null")).await == json!(true)
    }

    /// Presses keys wherever the focus is.
    pub(crate) async fn press(&self, keys: char) {
        self.client.active_element().await.unwrap().send_keys(&keys.to_string()).await.unwrap();
    }

    pub(crate) async fn here(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// A new tab, which is then the one that is driven.
    pub(crate) async fn tab(&self, url: &str) -> WindowHandle {
        let handle = self.client.new_window(true).await.unwrap().handle.try_into().unwrap();
        self.turn_to(&handle).await;
        self.open(url).await;
        handle
    }

    pub(crate) async fn turn_to(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.unwrap();
    }

    /// Waits for a window beside this one.
    pub(crate) async fn window_beside(&self, page: &WindowHandle) -> WindowHandle {
        let end = Instant::now() + PATIENCE;
        loop {
            let windows = self.client.windows().await.unwrap();
            if let Some(other) = windows.into_iter().find(|window| window != page) {
                return other;
            }
            assert!(Instant::now() < end, "no other window opens");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for this many windows beside this one.
    pub(crate) async fn windows_beside(&self, page: &WindowHandle, count: usize) -> Vec<WindowHandle> {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut windows = self.client.windows().await.unwrap();
            windows.retain(|window| window != page);
            if windows.len() == count {
                return windows;
            }
            assert!(Instant::now() < end, "{} other windows are open", windows.len());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until this is the only window.
    pub(crate) async fn is_alone(&self) {
        let end = Instant::now() + PATIENCE;
        while self.client.windows().await.unwrap().len() > 1 {
            assert!(Instant::now() < end, "the other window stays open");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A command of the browser's own protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.driver.ask("POST", &format!("/session/{}/goog/cdp/execute", self.session), body).await
    }

    /// What the browser has written down since the last time, `browser` (its console) or `performance` (each request).
    pub(crate) async fn log(&self, kind: &str) -> Vec<String> {
        let body = json!({ "type": kind });
        let log = self.driver.ask("POST", &format!("/session/{}/se/log", self.session), body).await;
        let lines = log.as_array().unwrap().iter();
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The URL with this in it that the browser has requested since the last look.
    pub(crate) async fn redirected_through(&self, part: &str) -> String {
        let log = self.log("performance").await;
        let events = log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        let mut urls =
            sent.map(|event| event["message"]["params"]["request"]["url"].as_str().unwrap().to_owned());
        urls.find(|url| url.contains(part)).expect("the browser has requested it")
    }

    pub(crate) async fn picture(&self, name: &str) {
        let path = format!("{}/login-{name}.png", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(path, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Closes the browser, in whose console nothing may stand of a page that did what its policy forbids.
    pub(crate) async fn end(self) {
        for line in self.log("browser").await {
            assert!(!line.contains("Content Security Policy"), "{line}");
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Closes every window and waits for the browser to be gone.
        let _ = self.driver.ask_now("DELETE", &format!("/session/{}", self.session), &Value::Null);
    }
}

/// The program that drives one Chromium.
struct Driver {
    process: Child,
    port: u16,
    profile: PathBuf,
}

impl Driver {
    async fn start() -> Self {
        // With port 0 the driver takes a free port of IPv4 and then the same port of IPv6. It ends if another process has
        // that one, and only another port helps.
        for _ in 0..20 {
            if let Some(driver) = Self::start_once().await {
                return driver;
            }
        }
        panic!("twenty drivers in a row found the port of IPv6 taken");
    }

    /// `None` if the driver says that its port is taken.
    async fn start_once() -> Option<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("oauth2-app-axum-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // With all it starts, so that all of it can be ended.
            .process_group(0)
            .spawn()
            .expect("this test drives Chromium: install it with `apt-get install chromium chromium-driver`");
        let output = BufReader::new(process.stdout.take().unwrap());
        // From here on a panic kills the driver, and with it ends the read below.
        let mut driver = Self { process, port: 0, profile: std::env::temp_dir().join(name) };
        let read = tokio::task::spawn_blocking(move || listens_at(output));
        let (port, output) =
            timeout(PATIENCE, read).await.expect("the driver says in time where it listens").unwrap()?;
        driver.port = port;
        // A driver whose output is closed would stop.
        driver.process.stdout = Some(output);
        Some(driver)
    }

    /// What the driver answers, beside the tasks that serve the pages.
    async fn ask(&self, method: &'static str, path: &str, body: Value) -> Value {
        let (port, path) = (self.port, path.to_owned());
        let answer = tokio::task::spawn_blocking(move || exchange(port, method, &path, &body)).await.unwrap();
        answer.unwrap()["value"].take()
    }

    fn ask_now(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        exchange(self.port, method, path, body)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("sh").args(["-c", "kill -KILL \"$0\"", &group]).stderr(Stdio::null()).status();
        let _ = self.process.kill();
        let _ = self.process.wait();
        // A killed process takes its time to vanish, and until then it may write to its folder.
        let end = Instant::now() + PATIENCE;
        while is_in_use(&self.profile) && Instant::now() < end {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether a process or a file of this browser is left. Removes the folder when no process is left.
fn is_in_use(profile: &Path) -> bool {
    if processes_of(profile).is_empty() {
        let _ = std::fs::remove_dir_all(profile);
        return profile.exists();
    }
    true
}

/// The command lines that name this folder. A zombie has an empty one, so it counts as gone.
pub(crate) fn processes_of(profile: &Path) -> Vec<String> {
    let profile = profile.to_str().unwrap();
    let all = std::fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| {
        let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    all.filter(|line| line.contains(profile)).collect()
}

/// The port that the driver names in its output; `None` if the driver says that its port is taken.
fn listens_at<R: Read>(mut output: BufReader<R>) -> Option<(u16, R)> {
    let mut said = String::new();
    loop {
        let before = said.len();
        let read = output.read_line(&mut said).unwrap();
        let line = said[before..].trim_end();
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return Some((port.trim_end_matches('.').parse().unwrap(), output.into_inner()));
        }
        if line.ends_with("port not available. Exiting...") {
            return None;
        }
        assert!(read > 0, "the driver ended without saying where it listens: {said}");
    }
}

#[test]
fn a_driver_whose_port_is_taken_is_told_from_one_that_listens() {
    let output = |line: &'static str| BufReader::new(line.as_bytes());
    assert!(listens_at(output("Starting\nIPv6 port not available. Exiting...\n")).is_none());
    let (port, _) =
        listens_at(output("Starting\nChromeDriver was started successfully on port 4711.\n")).unwrap();
    assert_eq!(port, 4711);
    let ended = std::panic::catch_unwind(|| listens_at(output("Starting\n")).is_some());
    assert!(ended.is_err());
}

fn exchange(port: u16, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    // The driver leaves the connection open, whatever it is asked.
    let (mut answer, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        if answer.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}
