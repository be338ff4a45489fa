//! A browser: it keeps cookies, follows no redirects by itself, and records every answer.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no redirect: {self:?}"))
    }
}

/// A browser with the cookies of one site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    /// Each answer with its URL.
    pub(crate) seen: Vec<(String, Page)>,
}

impl Browser {
    pub(crate) async fn get(&mut self, url: &str) -> Page {
        self.ask("GET", url, "Accept: text/html,*/*\r\n").await
    }

    pub(crate) async fn fetch(&mut self, url: &str) -> Page {
        self.ask("GET", url, "Accept: application/json\r\n").await
    }

    pub(crate) async fn post(&mut self, url: &str) -> Page {
        self.ask("POST", url, "Content-Length: 0\r\nSec-Fetch-Site: same-origin\r\n").await
    }

    pub(crate) async fn send(&mut self, url: &str, json: &str) -> Page {
        let length = json.len();
        let headers = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        self.ask_with("POST", url, &headers, json).await
    }

    pub(crate) async fn ask(&mut self, method: &str, url: &str, headers: &str) -> Page {
        self.ask_with(method, url, headers, "").await
    }

    pub(crate) async fn ask_with(&mut self, method: &str, url: &str, headers: &str, body: &str) -> Page {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let request = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\n{headers}Connection: close\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let page = Page { status, head: head.to_owned(), body: body.to_owned() };
        for line in head.lines() {
            if let Some(("set-cookie", cookie)) = line.split_once(": ") {
                let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
                let (name, value) = pair.split_once('=').unwrap();
                if attributes.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        self.seen.push((url.to_owned(), page.clone()));
        page
    }

    /// Goes to the authorization server and returns the callback's URL, which is not loaded yet.
    pub(crate) async fn sent_back(&mut self, start: &str) -> String {
        let away = self.get(start).await;
        assert_eq!(away.status, 302, "{away:?}");
        // Another site gets no cookie of this one.
        let mut elsewhere = Self::default();
        elsewhere.get(away.location()).await.location().to_owned()
    }
}
