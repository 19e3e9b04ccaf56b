//! The API client's part of the settings: addresses, headers, quota, bounds.

use super::Settings;
use crate::api::Api;
use highlevel_api_client::{ApiConfig, Scheme, ServiceUrls, default_base_url};
use highlevel_catalog::Id;
use highlevel_core::error::{Error, Result};
use http::{HeaderName, HeaderValue};
use std::time::Duration;
use url::Url;

/// The most that one attempt may take. For short calls it is half of the call's time, which leaves time to find out
/// whether an unanswered write took effect.
const MAX_ATTEMPT: Duration = Duration::from_secs(30);

impl Settings {
    /// How the API is reached, by whichever of a login's accounts.
    ///
    /// # Errors
    /// `invalid_arguments` naming the setting that is wrong.
    pub fn api_config(&self) -> Result<ApiConfig> {
        let headers = self.headers.iter().filter(|line| !line.trim().is_empty());
        Ok(ApiConfig {
            urls: self.urls()?,
            scheme: self.scheme(),
            api_version: self.api_version.clone(),
            headers: headers.map(|line| header(line)).collect::<Result<_>>()?,
            rate_limit: self.rate_limit,
            rate_window: self.rate_window.map(Duration::from_secs),
            rate_share: self.rate_share,
            max_body: self.max_body,
        })
    }

    /// How long one attempt of a request may take.
    pub fn attempt_timeout(&self) -> Duration {
        MAX_ATTEMPT.min(self.timeout() / 2)
    }

    /// The location that every request to the official API names.
    ///
    /// # Errors
    /// `invalid_arguments` when it is missing or is not an id.
    pub fn official_location(&self) -> Result<String> {
        let id = self.location_id.as_ref().ok_or_else(|| {
            Error::invalid(
                "--location-id",
                "The official API needs a location's id. Set --location-id or GHL_LOCATION_ID; in HighLevel, the id is part of the address of every page of the sub-account: /location/ID/….",
            )
        })?;
        match id.parse::<Id>() {
            Ok(id) => Ok(id.as_str().to_owned()),
            Err(problem) => Err(Error::invalid("--location-id", format!("--location-id {problem}."))),
        }
    }

    fn scheme(&self) -> Scheme {
        match self.effective_api() {
            Api::Session => Scheme::TokenId,
            Api::Official => Scheme::Bearer,
        }
    }

    fn urls(&self) -> Result<ServiceUrls> {
        let common = match &self.base_url {
            Some(url) => url.clone(),
            None => default_base_url(self.scheme())?,
        };
        let own = |setting, url: &Option<Url>| match url {
            Some(url) => (setting, url.clone()),
            None => ("--base-url", common.clone()),
        };
        ServiceUrls::new(
            own("--backend-url", &self.backend_url),
            own("--location-url", &self.location_url),
            own("--page-builder-url", &self.page_builder_url),
        )
    }
}

fn header(line: &str) -> Result<(HeaderName, HeaderValue)> {
    let wrong = || Error::invalid("--header", "--header takes NAME=VALUE, such as channel=APP.");
    let (name, value) = line.trim().split_once('=').ok_or_else(wrong)?;
    let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
    let value: HeaderValue = value.trim().parse().map_err(|_| wrong())?;
    Ok((name, value))
}
