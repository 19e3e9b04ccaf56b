//! Users, locations and funnels, which have only read tools.

use super::{Contract, id};
use crate::support::{Api, Manners, in_all_manners};
use serde_json::json;

in_all_manners!(
    users,
    locations,
    funnels,
    fields_are_chosen_here_and_never_sent,
    an_empty_list_is_no_filter_and_a_whole_number_may_be_written_as_a_fraction,
);

async fn users(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    if contract.account.has("get_current_user") {
        let me = contract.call("get_current_user", json!({}), &[("GET", "/users/me", "", None)]).await;
        contract.agrees(&me, "users", &contract.truth("users", &me["id"]).await);
    }
    let other = contract.account.objects("users").await.remove(1);
    let path = format!("/users/{}", id(&other));
    let user = contract.call("get_user", json!({"userId": id(&other)}), &[("GET", &path, "", None)]).await;
    contract.agrees(&user, "users", &other);
    assert!(user["role"].is_string() && user["email"].is_string(), "{user}");
}

async fn locations(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let default = contract.call("get_default_location", json!({}), &[("GET", "/location", "", None)]).await;
    contract.agrees(&default, "locations", &contract.truth("locations", &default["id"]).await);
    assert!(default["settings"].is_object(), "{default}");
    let path = format!("/location/{}", id(&default));
    let same = contract.call("get_location", json!({"id": id(&default)}), &[("GET", &path, "", None)]).await;
    assert_eq!(same, default);
    let all = contract.call("list_locations", json!({}), &[("GET", "/locations", "", None)]).await;
    assert_eq!((&all["meta"]["total"], all["data"].as_array().unwrap().len()), (&json!(3), 3), "{all}");
    let second = json!({"limit": 1, "offset": 1});
    let second = contract.call("list_locations", second, &[("GET", "/locations", "limit=1&offset=1", None)]).await;
    assert_eq!(second["data"][0]["id"], all["data"][1]["id"]);
    assert_eq!(second["meta"], json!({"total": 3, "limit": 1, "offset": 1, "nextOffset": 2}));
    let last = json!({"limit": 1, "offset": 2});
    let last = contract.call("list_locations", last, &[("GET", "/locations", "limit=1&offset=2", None)]).await;
    assert!(last["meta"].get("nextOffset").is_none(), "this was the end: {last}");
}

async fn funnels(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let sent = [("GET", "/funnel", "limit=2&offset=1", None)];
    let funnels = contract.call("list_funnels", json!({"limit": 2, "offset": 1}), &sent).await;
    let truth = contract.account.objects("funnels").await;
    assert_eq!(funnels["data"].as_array().unwrap().len(), 2);
    let first = &funnels["data"][0];
    contract.agrees(first, "funnels", truth.iter().find(|funnel| funnel["id"] == first["id"]).unwrap());
    assert!(first["pages"][0]["order"].is_u64() && first["pages"][0]["name"].is_string(), "{first}");
}

async fn fields_are_chosen_here_and_never_sent(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let arguments = json!({"limit": 2, "fields": ["email", "lastName"]});
    let list = contract.call("list_contacts", arguments, &[("GET", "/contact", "limit=2", None)]).await;
    for item in list["data"].as_array().unwrap() {
        let mut names: Vec<&String> = item.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["email", "id", "lastName"], "{item}");
    }
    assert!(list.get("note").is_none(), "{list}");
    let odd = json!({"limit": 1, "fields": ["emial"]});
    let odd = contract.call("list_contacts", odd, &[("GET", "/contact", "limit=1", None)]).await;
    assert!(odd["note"].as_str().unwrap().contains("`email`"), "{odd}");
}

async fn an_empty_list_is_no_filter_and_a_whole_number_may_be_written_as_a_fraction(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let arguments = json!({"limit": 2.0, "tags": [], "phone": null});
    let list = contract.call("list_contacts", arguments, &[("GET", "/contact", "limit=2", None)]).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}
