//! A fake official API: its lists change, fail and recover while a server runs.

use crate::support::{BINARY, Era, Host, Person};
use serde_json::{Value, json};
use std::{
    process::Command,
    sync::{Arc, Mutex},
};
use upstream::{Reply, Seen, Upstream};

#[path = "../../../crates/api-client/tests/client/upstream.rs"]
#[allow(dead_code, reason = "the client's tests use the rest")]
pub mod upstream;

pub const LOCATION: &str = "ve9EPM428h8vShlRW1KT";

/// A list, or the refusal in its place.
pub type List = Result<Value, (u16, Value)>;

/// The API's data and answers.
#[derive(Debug, Clone)]
pub struct World {
    pub fields: List,
    pub users: List,
    pub pipelines: List,
    pub contact: Value,
    pub deal: Value,
    /// The results of the search.
    pub found: Value,
}

/// The answer to a token without a scope.
pub fn no_scope() -> List {
    Err((401, json!({"statusCode": 401, "message": "The token is not authorized for this scope."})))
}

pub struct Fake {
    pub world: Arc<Mutex<World>>,
    upstream: Upstream,
    pub host: Host,
}

impl Fake {
    pub async fn new(world: World) -> Self {
        let state = tempfile::tempdir().unwrap();
        let world = Arc::new(Mutex::new(world));
        let (upstream, host) = start(&world, state).await;
        Self { world, upstream, host }
    }

    /// Changes the API's data.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    /// The bodies of requests with this method.
    pub fn bodies(&self, method: &str) -> Vec<Value> {
        let seen = self.upstream.seen().into_iter();
        seen.filter(|seen| seen.method == method)
            .map(|seen| serde_json::from_str(&seen.body).unwrap_or_default())
            .collect()
    }

    /// The last custom fields in a request, as `{id or key: value}`.
    pub fn fields_sent(&self) -> Value {
        let body =
            ["PUT", "POST"].iter().flat_map(|method| self.bodies(method)).rfind(|body| body["customFields"].is_array());
        let sent = body.unwrap_or_default()["customFields"].clone();
        let items = sent.as_array().into_iter().flatten().map(|item| {
            let name = item["id"].as_str().or(item["key"].as_str()).unwrap().to_owned();
            (name, item["field_value"].clone())
        });
        items.collect::<serde_json::Map<_, _>>().into()
    }

    /// The number of requests to this path.
    pub fn count(&self, path: &str) -> usize {
        self.upstream.seen().iter().filter(|seen| seen.target.split('?').next() == Some(path)).count()
    }
}

async fn start(world: &Arc<Mutex<World>>, state: tempfile::TempDir) -> (Upstream, Host) {
    let known = Arc::clone(world);
    let upstream = Upstream::with(move |seen| Some(answer(&known.lock().unwrap(), seen))).await;
    let mut server = Command::new(BINARY);
    server.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
    server.env("GHL_BASE_URL", upstream.url().as_str()).env("GHL_TOKEN_ID", "pit-of-nobody");
    server.env("GHL_LOCATION_ID", LOCATION);
    let host = Host::start(server, state, Era::Modern, Person::Absent).await;
    (upstream, host)
}

fn answer(world: &World, seen: &Seen) -> Reply {
    let path = seen.target.split('?').next().unwrap_or_default();
    let list = |name: &str, list: &List| match list {
        Ok(list) => upstream::json(200, &json!({(name): list}).to_string()),
        Err((status, body)) => upstream::json(*status, &body.to_string()),
    };
    let one = |name: &str, object: &Value| upstream::json(200, &json!({(name): object}).to_string());
    match (seen.method.as_str(), path) {
        (_, path) if path.ends_with("/customFields") => list("customFields", &world.fields),
        (_, "/users/") => list("users", &world.users),
        (_, "/opportunities/pipelines") => list("pipelines", &world.pipelines),
        ("POST", "/contacts/search") => {
            let total = world.found.as_array().map_or(0, Vec::len);
            upstream::json(200, &json!({"contacts": world.found, "total": total}).to_string())
        }
        (_, path) if path.starts_with("/contacts/") => one("contact", &world.contact),
        (_, path) if path.starts_with("/opportunities/") => one("opportunity", &world.deal),
        (_, path) if path.starts_with("/locations/") => one("location", &json!({"id": LOCATION, "name": "Here"})),
        _ => upstream::json(404, "{\"message\": \"no such path\"}"),
    }
}

/// Data with a custom field of each type.
pub fn world() -> World {
    let field = |id: &str, key: &str, name: &str, kind: &str, options: &[&str]| {
        json!({"id": id, "fieldKey": format!("contact.{key}"), "name": name, "dataType": kind, "model": "contact",
            "picklistOptions": options})
    };
    let fields = json!([
        field("FtextAAAAAAAAAAAAAA1", "industry", "Industry", "TEXT", &[]),
        field("FnumbAAAAAAAAAAAAAA1", "employees", "Number of employees", "NUMERICAL", &[]),
        field("FmoneAAAAAAAAAAAAAA1", "revenue", "Revenue", "MONETORY", &[]),
        field("FdateAAAAAAAAAAAAAA1", "renewal_date", "Renewal date", "DATE", &[]),
        field("FoneoAAAAAAAAAAAAAA1", "plan", "Plan", "SINGLE_OPTIONS", &["Gold", "Silver"]),
        field("FradiAAAAAAAAAAAAAA1", "newsletter", "Newsletter", "RADIO", &["Yes", "No"]),
        field("FmultAAAAAAAAAAAAAA1", "interests", "Interests", "MULTIPLE_OPTIONS", &["Golf", "Tennis", "Arts, crafts"]),
        field("FchecAAAAAAAAAAAAAA1", "terms", "Terms", "CHECKBOX", &["Accepted"]),
        field("FboxeAAAAAAAAAAAAAA1", "measures", "Measures", "TEXTBOX_LIST", &["Height", "Width"]),
        field("FtwinAAAAAAAAAAAAAA1", "region", "Region", "TEXT", &[]),
        field("FtwinAAAAAAAAAAAAAA2", "region_2", "Region", "TEXT", &[]),
        {"id": "FbudgAAAAAAAAAAAAAA1", "fieldKey": "opportunity.budget", "name": "Budget", "dataType": "MONETORY",
            "model": "opportunity"},
        {"id": "FpartAAAAAAAAAAAAAA1", "fieldKey": "opportunity.partner", "name": "Partner", "dataType": "SINGLE_OPTIONS",
            "model": "opportunity", "picklistOptions": ["Acme", "Initech"]},
    ]);
    let stages = json!([{"id": "stageAAAAAAAAAAAAAA1", "name": "New", "position": 0}]);
    World {
        fields: Ok(fields),
        users: Ok(json!([
            {"id": "userAAAAAAAAAAAAAAA1", "name": "Ada Lovelace", "email": "ada@x.example"},
            {"id": "userAAAAAAAAAAAAAAA2", "name": "Sam Smith", "email": "sam@x.example"},
            {"id": "userAAAAAAAAAAAAAAA3", "name": "Sam Smith", "email": "sam.s@x.example"},
        ])),
        pipelines: Ok(json!([{"id": "pipeAAAAAAAAAAAAAAA1", "name": "Sales", "stages": stages}])),
        contact: json!({"id": "c1", "locationId": LOCATION, "firstName": "Ada"}),
        deal: json!({"id": "d1", "locationId": LOCATION, "name": "Deal", "status": "open"}),
        found: json!([]),
    }
}
