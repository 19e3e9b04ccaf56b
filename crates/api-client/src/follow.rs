//! Redirects of a request for a file. They lead to a signed address at a host that keeps files.

use super::{
    Fate,
    attempt::{Wire, redirected},
    retry::AttemptFailure,
    urls::{Outgoing, is_loopback},
};
use highlevel_core::error::{Code, Error};
use http::{StatusCode, header};
use url::Url;

/// The most redirects that are followed.
const HOPS: usize = 3;

impl Wire {
    /// The answer itself, or that of the address which it points to. The token and the other headers of the API stay behind:
    /// the address carries what it needs, and such hosts refuse a request with two credentials.
    pub(crate) async fn follow(
        &self,
        response: reqwest::Response,
        out: &Outgoing,
    ) -> Result<reqwest::Response, AttemptFailure> {
        let mut response = response;
        let mut at = out.url.clone();
        for hop in 0..=HOPS {
            if !response.status().is_redirection() {
                return Ok(response);
            }
            if hop == HOPS {
                break;
            }
            let location = response.headers().get(header::LOCATION);
            let target = location.and_then(|value| at.join(value.to_str().ok()?).ok());
            let Some(target) = target.filter(|target| is_safe(target, &out.url)) else {
                return Err(redirected(response.status(), location, out));
            };
            at = target;
            response = self.get_file(&at).await?;
        }
        let host = at.host_str().unwrap_or_default();
        Err(AttemptFailure::lasting(upstream(format!("{host} redirects the file in a circle.")), Fate::Unknown))
    }

    /// Gets an address without any credential. The address itself is a secret: errors and logs name its host.
    async fn get_file(&self, url: &Url) -> Result<reqwest::Response, AttemptFailure> {
        let host = url.host_str().unwrap_or_default();
        tracing::debug!(host, "following a redirect to a file");
        let client = self.runtime.http().client(url.scheme()).await;
        let client = client.map_err(|error| AttemptFailure::lasting(error, Fate::Unknown))?;
        let sending = client.get(url.clone()).header(header::ACCEPT, "*/*").send();
        let passing = |message: String| AttemptFailure::passing(upstream(message), Fate::Unknown);
        let answered = tokio::time::timeout(self.runtime.attempt_timeout(), sending).await;
        let response = match answered {
            Ok(Ok(response)) => response,
            Ok(Err(_)) | Err(_) => {
                return Err(passing(format!("The API points to {host} for the file, which does not answer.")));
            }
        };
        let status = response.status();
        if status.is_success() || status.is_redirection() {
            return Ok(response);
        }
        let failure = passing(format!("The API points to {host} for the file, which answered {status}."));
        let may_pass = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Err(AttemptFailure { passing: may_pass, ..failure })
    }
}

/// Whether a file may be fetched from an address: over https, or on this machine if the API is on it too.
fn is_safe(target: &Url, api: &Url) -> bool {
    let is_plain = target.username().is_empty() && target.password().is_none();
    let is_local = target.scheme() == "http" && is_loopback(target) && is_loopback(api);
    is_plain && (target.scheme() == "https" || is_local)
}

fn upstream(message: String) -> Error {
    Error::new(Code::UpstreamError, message)
}
