//! A browser as far as the approval page needs one: a cookie, the headers by which browsers say where a form comes from,
//! and the hidden fields of forms.

use reqwest::{StatusCode, redirect};
use std::{net::IpAddr, sync::Mutex};

/// An answer of the page.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub html: String,
}

impl Page {
    /// The value of the first hidden field of this name, after `from` in the page.
    pub fn hidden(&self, name: &str) -> String {
        self.html
            .split(&format!("name=\"{name}\" value=\""))
            .nth(1)
            .unwrap_or_else(|| panic!("no field {name}: {}", self.html))
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    }

    pub fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    pub fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }
}

pub struct Browser {
    http: reqwest::Client,
    /// The scheme, host and port of the page.
    pub origin: String,
    cookie: Mutex<Option<String>>,
}

impl Browser {
    /// A browser for the page at this address.
    pub fn at(url: &str) -> Self {
        Self::from(url, None)
    }

    /// The same on a machine with this address.
    pub fn from(url: &str, address: Option<IpAddr>) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).local_address(address);
        let http = http.build().unwrap();
        let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
        Self { http, origin, cookie: Mutex::default() }
    }

    /// The same person in another tab.
    pub fn another_tab(&self) -> Self {
        let cookie = Mutex::new(self.cookie.lock().unwrap().clone());
        Self { http: self.http.clone(), origin: self.origin.clone(), cookie }
    }

    pub async fn get(&self, path: &str) -> Page {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.origin) };
        self.sent(self.http.get(url).header("sec-fetch-site", "none")).await
    }

    /// Sends a form as the page does.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        let own = [("origin", self.origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.post_with(path, form, &own).await
    }

    /// Sends a form with these headers.
    pub async fn post_with(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.http.post(format!("{}{path}", self.origin)).body(body);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.sent(request).await
    }

    async fn sent(&self, mut request: reqwest::RequestBuilder) -> Page {
        if let Some(cookie) = self.cookie.lock().unwrap().as_ref() {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        if let Some(cookie) = headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            *self.cookie.lock().unwrap() = Some(cookie);
        }
        Page { status, headers, html: String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap() }
    }

    /// Logs in with an approver's key.
    pub async fn log_in(&self, key: &str) -> Page {
        let page = self.post("/approvals/login", &[("key", key)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        page
    }

    /// Decides about a request as `shown` has it.
    pub async fn decide(&self, shown: &Page, decision: &str, note: &str) -> Page {
        let (request, seen, token) = (shown.hidden("request"), shown.hidden("seen"), shown.hidden("token"));
        let form =
            [("request", &*request), ("seen", &*seen), ("token", &*token), ("decision", decision), ("note", note)];
        let page = self.post("/approvals/decide", &form).await;
        match page.status {
            StatusCode::SEE_OTHER => self.get(page.location()).await,
            _ => page,
        }
    }
}
