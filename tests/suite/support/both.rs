//! Runs a test over both APIs and in several manners, and knows what the official API does not report.

pub use highlevel_sandbox::{Api, Manners};

use highlevel_catalog::{Catalog, Operation, users::GetCurrentUser};
use highlevel_mcp::api;
use serde_json::{Map, Value};

/// Makes two tests of each function that takes an [`Api`].
macro_rules! on_both_apis {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            $(#[$attribute])*
            async fn session() {
                super::$test($crate::support::Api::Session).await;
            }

            #[tokio::test]
            $(#[$attribute])*
            async fn official() {
                super::$test($crate::support::Api::Official).await;
            }
        }
    )+};
}
pub(crate) use on_both_apis;

/// Makes four tests of each function that takes an [`Api`] and [`Manners`]: on both APIs, plain and live.
macro_rules! in_all_manners {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {$(
        mod $test {
            use $crate::support::{Api, Manners, live};

            #[tokio::test]
            $(#[$attribute])*
            async fn session() {
                super::$test(Api::Session, Manners::plain()).await;
            }

            #[tokio::test]
            $(#[$attribute])*
            async fn session_live() {
                super::$test(Api::Session, live()).await;
            }

            #[tokio::test]
            $(#[$attribute])*
            async fn official() {
                super::$test(Api::Official, Manners::plain()).await;
            }

            #[tokio::test]
            $(#[$attribute])*
            async fn official_live() {
                super::$test(Api::Official, live()).await;
            }
        }
    )+};
}
pub(crate) use in_all_manners;

/// Makes two tests of each function that takes [`Manners`]: plain and live.
macro_rules! in_both_manners {
    ($($(#[$attribute:meta])* $test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            $(#[$attribute])*
            async fn plain() {
                super::$test($crate::support::Manners::plain()).await;
            }

            #[tokio::test]
            $(#[$attribute])*
            async fn live() {
                super::$test($crate::support::live()).await;
            }
        }
    )+};
}
pub(crate) use in_both_manners;

/// Live manners with a short lag, for tests with many steps.
pub fn live() -> Manners {
    "live,lag:300".parse().unwrap()
}

/// Whether a server over this API lists the tool.
pub fn has(api: Api, tool: &str) -> bool {
    assert!(Catalog::declared().find(tool).is_some(), "{tool} is a tool");
    match api {
        Api::Session => Catalog::session().find(tool).is_some(),
        // The sandbox's token is a private integration token, which belongs to no user.
        Api::Official => api::catalog(api::Api::Official).find(tool).is_some() && tool != GetCurrentUser::NAME,
    }
}

/// The path of a list in this API, given its path in the session API.
pub fn list_path(api: Api, path: &str, location: &str) -> String {
    match (api, path) {
        (Api::Session, path) => path.to_owned(),
        (Api::Official, "/contact") => "/contacts/search".to_owned(),
        (Api::Official, "/opportunity") => "/opportunities/search".to_owned(),
        (Api::Official, "/campaigns") => format!("/emails/locations/{location}/campaigns/emails"),
        (Api::Official, "/page") => "/funnels/page".to_owned(),
        (Api::Official, path) => panic!("no list is like {path}"),
    }
}

/// Members of a kind of object that the official API does not store or report.
fn unsupported_members(kind: &str) -> &'static [&'static str] {
    match kind {
        "opportunities" => &["currency", "probability", "expectedCloseDate", "tags"],
        // Accepted, but not reported.
        "campaigns" => &["template", "editorType", "timeZone", "userId"],
        "users" => &["createdAt"],
        // The official API's settings are different.
        "locations" => &["settings"],
        "pages" => &[
            "slug",
            "title",
            "description",
            "content",
            "status",
            "seoTitle",
            "seoDescription",
            "seoKeywords",
            "createdAt",
            "url",
        ],
        _ => &[],
    }
}

/// The official API's name for a status.
fn status<'a>(kind: &str, status: &'a str) -> &'a str {
    match (kind, status) {
        // The official API expresses the rest by a stage.
        ("opportunities", "negotiation") => "open",
        ("campaigns", "active") => "processing",
        _ => status,
    }
}

/// An object's members as this API reports or accepts them.
pub fn reported(api: Api, kind: &str, members: &Map<String, Value>) -> Map<String, Value> {
    let mut reported = members.clone();
    if api == Api::Official {
        reported.retain(|name, _| !unsupported_members(kind).contains(&name.as_str()));
        if let Some(Value::String(word)) = reported.get_mut("status") {
            *word = status(kind, word).to_owned();
        }
    }
    reported
}

/// The objects of a kind as this API reports them, out of all that the account has.
pub fn reported_objects(api: Api, kind: &str, objects: Vec<Value>, funnels: &[Value]) -> Vec<Value> {
    let is_reported = |object: &Value| match (api, kind) {
        (Api::Session, _) => true,
        (Api::Official, "webhooks") => false,
        (Api::Official, "campaigns") => object["type"] == "email",
        // The official API lists pages by funnel only.
        (Api::Official, "pages") => {
            let mut steps = funnels.iter().flat_map(|funnel| funnel["pages"].as_array().into_iter().flatten());
            steps.any(|step| step["id"] == object["id"])
        }
        (Api::Official, _) => true,
    };
    let objects = objects.into_iter().filter(is_reported);
    objects.map(|object| reported(api, kind, object.as_object().unwrap()).into()).collect()
}
