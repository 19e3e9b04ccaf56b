//! Requests to other servers than HighLevel's, which get no credential.

use super::{
    Runtime,
    http::{connect_fault, read},
};
use highlevel_core::error::{Code, Error, Result};
use std::time::Duration;
use url::Url;

/// The most bytes of an answer that are read. Nobody looks at them.
const ANSWER_BYTES: usize = 4 * 1024;

impl Runtime {
    /// Posts JSON once, without a credential, and gives the status of the answer. Redirects are not followed.
    ///
    /// # Errors
    /// `upstream_unreachable` without an answer in time.
    pub async fn post_json(&self, url: &Url, body: String, timeout: Duration) -> Result<u16> {
        let client = self.http().client(url.scheme()).await?;
        let post = client.post(url.clone()).header("content-type", "application/json").body(body).timeout(timeout);
        match post.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                drop(read(response, ANSWER_BYTES).await);
                Ok(status)
            }
            Err(fault) => {
                let why = connect_fault(&fault);
                Err(Error::new(Code::UpstreamUnreachable, format!("The server cannot be reached: {why}.")))
            }
        }
    }
}
