//! The agency's login: its lists of locations, and the tokens that it gets for them.

use super::super::schemas::faults;
use super::{Agency, text};
use serde_json::{Value, json};

const APP: &str = "companyId=bRiGhTwAtErDiGiTaL01&appId=sandbox";

fn ids(list: &Value, name: &str) -> Vec<String> {
    list["locations"].as_array().unwrap().iter().map(|location| text(location, name).to_owned()).collect()
}

#[tokio::test]
async fn installed_locations_are_listed_by_name_in_pages() {
    let agency = Agency::of(9).await;
    let login = agency.log_in(None).await;
    let token = text(&login, "access_token");
    let installed = async |query: &str| {
        let reply = agency.get(token, &format!("/oauth/installedLocations?{APP}&{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        assert_eq!(faults("oauth GET /oauth/installedLocations", &reply), [""; 0], "{}", reply.text);
        // All locations of the agency: two offices have no app and no account.
        assert_eq!(reply.body["count"], 11, "{query}");
        reply.body
    };
    let own: Vec<String> = agency.homes.iter().map(|home| home.id.clone()).collect();
    assert_eq!(ids(&installed("isInstalled=true").await, "_id"), own);
    let names: Vec<&str> = agency.homes.iter().map(|home| home.name.as_str()).collect();
    assert_eq!(ids(&installed("isInstalled=true").await, "name"), names);
    let mut paged = Vec::new();
    for skip in [0, 4, 8, 12] {
        paged.extend(ids(&installed(&format!("limit=4&skip={skip}")).await, "_id"));
    }
    assert_eq!((paged.len(), &paged), (11, &ids(&installed("").await, "_id")));
    let without = installed("isInstalled=false").await;
    assert_eq!(ids(&without, "name"), ["Brightwater Digital – Denver", "Brightwater Digital – Dublin"]);
    assert_eq!(ids(&installed("query=smile%20dental").await, "_id").len(), 7, "any case, no SmileDental");
    assert_eq!(ids(&installed(&format!("locationId={}", own[5])).await, "_id"), own[5..6]);
}

#[tokio::test]
async fn the_list_of_installed_locations_is_strict() {
    let agency = Agency::of(2).await;
    let login = agency.log_in(None).await;
    let token = text(&login, "access_token");
    let company = "companyId=bRiGhTwAtErDiGiTaL01";
    for (query, status) in [
        (APP.to_owned(), 200),
        (company.to_owned(), 422),
        ("appId=sandbox".to_owned(), 422),
        (format!("{company}&appId=sandbox-client"), 422),
        ("companyId=elsewhere&appId=sandbox".to_owned(), 403),
        (format!("{APP}&limit=none"), 422),
        (format!("{APP}&isInstalled=yes"), 422),
        (format!("{APP}&planId=p"), 422),
        (format!("{APP}&order=asc"), 422),
    ] {
        let reply = agency.get(token, &format!("/oauth/installedLocations?{query}")).await;
        assert_eq!(reply.status.as_u16(), status, "{query}: {}", reply.text);
    }
    let path = format!("/oauth/installedLocations?{APP}");
    let private = agency.get(&agency.homes[0].token, &path).await;
    assert!(private.status == 401 && private.message().contains("authClass"), "{}", private.text);
    let bare = agency.peer.bare("GET", &path).bearer_auth(token).header("version", "v3");
    assert_eq!(crate::support::send(bare).await.unwrap().status, 422, "v3 does not have it");
}

#[tokio::test]
async fn the_search_shows_an_agency_all_and_a_location_its_own() {
    let agency = Agency::of(9).await;
    let login = agency.log_in(None).await;
    let token = text(&login, "access_token");
    let mut found = Vec::new();
    for skip in [0, 5, 10] {
        let reply = agency.get(token, &format!("/locations/search?limit=5&skip={skip}")).await;
        assert_eq!(faults("locations GET /locations/search", &reply), [""; 0], "{}", reply.text);
        found.extend(ids(&reply.body, "id"));
    }
    assert_eq!(found.len(), 11);
    assert!(agency.homes.iter().all(|home| found.contains(&home.id)));
    let mut reversed = ids(&agency.get(token, "/locations/search?limit=20&order=desc").await.body, "id");
    reversed.reverse();
    assert_eq!(reversed, found);
    assert_eq!(ids(&agency.get(token, "/locations/search").await.body, "id").len(), 10, "ten without a limit");
    for home in &agency.homes[1..] {
        assert_eq!(ids(&agency.get(&home.token, "/locations/search").await.body, "id"), std::slice::from_ref(&home.id));
        let one = agency.get(token, &format!("/locations/{}", home.id)).await.body;
        assert_eq!(one["location"]["name"], home.name.as_str());
        let user = agency.one(home, "users").await;
        let user = agency.get(token, &format!("/users/{user}")).await.body;
        assert_eq!(user["roles"]["locationIds"], json!([home.id]));
    }
    assert_eq!(agency.get(token, "/locations/elsewhere").await.status, 403);
    assert_eq!(agency.get(token, "/users/nobody").await.status, 401);
}

#[tokio::test]
async fn the_agencys_token_is_exchanged_for_each_locations() {
    let agency = Agency::of(4).await;
    let login = agency.log_in(None).await;
    for home in &agency.homes {
        let reply = agency.exchange(&login, &home.id).await;
        assert_eq!((reply.status.as_u16(), text(&reply.body, "locationId")), (200, home.id.as_str()), "{}", reply.text);
        assert_eq!(faults("oauth POST /oauth/locationToken", &reply), [""; 0], "{}", reply.text);
        let user = agency.one(home, "users").await;
        assert_eq!(text(&reply.body, "userId"), user);
        for other in &agency.homes {
            let status = agency.reads(text(&reply.body, "access_token"), other).await;
            assert_eq!(status, if other.id == home.id { 200 } else { 403 });
        }
    }
    let denver = agency.objects(&agency.homes[0], "locations").await[1].clone();
    for id in [text(&denver, "id"), "elsewhere"] {
        assert_eq!(agency.exchange(&login, id).await.status, 403, "no app there");
    }
    // The agency's own requests are in nobody else's books.
    let own = agency.stats("agency").await;
    assert_eq!(own["byOperation"], json!({ "POST /oauth/token": 1, "POST /oauth/locationToken": 6 }));
    let first = agency.stats(&agency.homes[0].id).await;
    assert_eq!(first["byOperation"], json!({ "GET /opportunities/pipelines": 4 }));
}

#[tokio::test]
async fn the_consent_page_chooses_a_location() {
    let agency = Agency::of(3).await;
    let home = &agency.homes[2];
    let redirect = "http://127.0.0.1:9/callback";
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", "sandbox-client"), ("redirect_uri", redirect)])
        .finish();
    let reply = agency.peer.manage("GET", &format!("oauth?{query}&location={}", home.id), "").await;
    let address = url::Url::parse(reply.headers["location"].to_str().unwrap()).unwrap();
    let code = address.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let client = [("client_id", "sandbox-client"), ("client_secret", "sandbox-client-secret")];
    let grant = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", redirect)];
    let reply = agency.form(None, "/oauth/token", &[&client[..], &grant].concat()).await;
    assert_eq!(faults("oauth POST /oauth/token", &reply), [""; 0], "{}", reply.text);
    assert_eq!(text(&reply.body, "locationId"), home.id);
    assert_eq!(agency.reads(text(&reply.body, "access_token"), home).await, 200);
    let refresh = text(&reply.body, "refresh_token");
    let next = agency.grant("refresh_token", "refresh_token", refresh).await.body;
    assert_eq!(text(&next, "locationId"), home.id, "a chain stays with its location");
    let stats = agency.stats(&home.id).await;
    assert_eq!((&stats["refreshes"], &stats["liveRefreshTokens"]), (&json!(2), &json!(1)));
    for query in [format!("{query}&location=nobody"), format!("{query}&location=")] {
        assert_eq!(agency.peer.manage("GET", &format!("oauth?{query}"), "").await.status, 400);
    }
    assert_eq!(agency.peer.manage("POST", "oauth?location=nobody", "{}").await.status, 400);
}
