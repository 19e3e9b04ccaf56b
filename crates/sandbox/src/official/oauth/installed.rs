//! `GET /oauth/installedLocations`: the agency's locations, and whether each has the app.

use super::super::checks::Query;
use super::super::errors::{other_location, unprocessable};
use super::super::organization::{COMPANY_ID, text};
use super::APP_ID;
use crate::account::Fields;
use crate::agency::Agency;
use crate::manners::Manners;
use crate::response::ApiResponse;
use serde_json::{Value, json};

/// One page of the locations. `count` is the number of all locations of the agency, whatever the page and the filters, as the
/// OpenAPI file says and users measure.
pub(crate) fn locations(agency: &Agency, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    if query.get("companyId") != Some(COMPANY_ID) {
        return Err(other_location());
    }
    if query.get("appId") != Some(APP_ID) {
        return Err(unprocessable("appId names no app of this agency: it is the part of client_id before the last -"));
    }
    if let Some(name) = ["versionId", "planId", "onTrial"].into_iter().find(|name| query.get(name).is_some()) {
        return Err(unprocessable(format!("this sandbox's app has no {name}")));
    }
    let wanted = query.get("isInstalled").map(|flag| flag == "true");
    let name = query.get("query").unwrap_or_default().to_lowercase();
    let all: Vec<_> = agency
        .location_objects()
        .map(|(index, location)| {
            let home = agency.location(index);
            let installed = home.installed && home.id() == text(&location, "id");
            (location, installed)
        })
        .collect();
    let fits = |(location, installed): &&(Fields, bool)| {
        wanted.is_none_or(|wanted| wanted == *installed)
            && text(location, "name").to_lowercase().contains(&name)
            && query.get("locationId").is_none_or(|id| id == text(location, "id"))
    };
    let (skip, limit) = (query.number("skip").unwrap_or(0), query.number("limit").unwrap_or(20));
    let page: Vec<_> = all.iter().filter(fits).skip(skip).take(manners.list_limit(limit)).map(shown).collect();
    let mut answer = Fields::from_iter([("locations".to_owned(), page.into())]);
    answer.extend(manners.list_total(all.len()).map(|total| ("count".to_owned(), total)));
    answer.insert("installToFutureLocations".into(), false.into());
    Ok(ApiResponse::ok(Value::Object(answer)))
}

fn shown((location, installed): &(Fields, bool)) -> Value {
    json!({
        "_id": location.get("id"),
        "name": location.get("name"),
        "address": location.get("address"),
        "isInstalled": installed,
    })
}
