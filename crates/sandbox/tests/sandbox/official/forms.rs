//! Forms, surveys and their submissions.

use super::{Official, message};
use serde_json::{Value, json};

const LONG_AGO: &str = "&startAt=2015-01-01";

async fn submissions(peer: &Official, kind: &str, query: &str) -> Value {
    peer.get(&format!("/{kind}/submissions?locationId={}{query}", peer.home)).await.body
}

#[tokio::test]
async fn forms_and_surveys_are_listed() {
    let peer = Official::usual().await;
    let forms = peer.get(&format!("/forms/?locationId={}&limit=2&skip=1", peer.home)).await.body;
    assert_eq!((forms["forms"].as_array().unwrap().len(), &forms["total"]), (2, &json!(3)));
    assert_eq!(
        (&forms["forms"][0]["name"], &forms["forms"][0]["locationId"]),
        (&json!("Contact us"), &json!(peer.home))
    );
    let surveys = peer.get(&format!("/surveys/?locationId={}", peer.home)).await.body;
    assert_eq!((&surveys["surveys"][0]["name"], &surveys["total"]), (&json!("Client satisfaction"), &json!(2)));
    assert_eq!(peer.get(&format!("/forms/?locationId={}&limit=51", peer.home)).await.status, 422);
    assert_eq!(peer.get("/surveys/?locationId=elsewhere").await.status, 403);
}

#[tokio::test]
async fn submissions_are_paged_by_number_and_are_of_the_last_month_unless_days_are_given() {
    let peer = Official::usual().await;
    let stored = peer.peer.objects("formSubmissions").await;
    let month = submissions(&peer, "forms", "").await;
    let shown = month["submissions"].as_array().unwrap().len();
    assert!(0 < shown && shown < 7, "{shown} of {} are of the last month", stored.len());
    let first = submissions(&peer, "forms", &format!("{LONG_AGO}&limit=20")).await;
    let meta = |page: u64, next: Option<u64>, prev: Option<u64>| json!({ "total": stored.len(), "currentPage": page, "nextPage": next, "prevPage": prev });
    assert_eq!(first["meta"], meta(1, Some(2), None));
    let third = submissions(&peer, "forms", &format!("{LONG_AGO}&limit=20&page=3")).await;
    assert_eq!(third["meta"], meta(3, None, Some(2)));
    assert_eq!(third["submissions"].as_array().unwrap().len(), stored.len() - 40);
    let times: Vec<_> =
        first["submissions"].as_array().unwrap().iter().map(|one| one["createdAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| one >= next));
    let day = &times[4][..10];
    let of_day = submissions(&peer, "forms", &format!("&startAt={day}&endAt={day}")).await;
    assert_eq!(of_day["submissions"][0]["createdAt"], times[4]);
    let refused = peer.get(&format!("/forms/submissions?locationId={}&startAt=01-31-2026", peer.home)).await;
    assert_eq!((refused.status.as_u16(), message(&refused).contains("yyyy-mm-dd")), (422, true));
}

#[tokio::test]
async fn submissions_are_of_a_form_and_of_a_person() {
    let peer = Official::usual().await;
    let stored = peer.peer.objects("formSubmissions").await;
    let form = stored[0]["formId"].as_str().unwrap();
    let of_form = submissions(&peer, "forms", &format!("{LONG_AGO}&formId={form}")).await;
    let count = stored.iter().filter(|one| one["formId"] == form).count();
    assert_eq!(of_form["meta"]["total"], count);
    let known = stored.iter().find(|one| one["contactId"].is_string() && one["others"]["phone"].is_string()).unwrap();
    let phone = known["others"]["phone"].as_str().unwrap().replace('+', "%2B").replace(' ', "%20");
    for asked in [known["contactId"].as_str().unwrap(), known["email"].as_str().unwrap(), &phone] {
        let found = submissions(&peer, "forms", &format!("{LONG_AGO}&q={asked}")).await;
        let ids: Vec<_> = found["submissions"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert!(ids.contains(&&known["id"]), "{asked}");
    }
    let survey = submissions(&peer, "surveys", LONG_AGO).await;
    let one = &survey["submissions"][0];
    assert!(one["surveyId"].is_string() && one["others"]["score"].is_number(), "{one}");
    assert!(peer.peer.objects("contacts").await.iter().any(|contact| contact["id"] == known["contactId"]));
}
