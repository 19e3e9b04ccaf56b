//! One mistake, put back.

use super::*;
use crate::support::{Api, CLIENT, Era, Manners, Person, in_all_manners, in_both_manners, on_both_apis};

in_all_manners!(
    a_mistaken_update_is_put_back_in_two_calls,
    an_undo_can_be_undone,
    several_writes_of_one_object_go_back_together
);
on_both_apis!(a_person_is_asked_once_and_may_decline);
in_both_manners!(deals_and_tasks_go_back, an_appointment_goes_back_to_its_time);

async fn a_mistaken_update_is_put_back_in_two_calls(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let (before, since) = (dump(&account, "contacts").await, now());
    let wrong = json!({
        "id": contact["id"], "firstName": "Wrong", "companyName": "Wrong Inc", "phone": "+15125550199", "source": "mistake",
        "address": {"city": "Nowhere"}, "customFields": {"industry": "Mistakes"}, "addTags": ["mistake"],
    });
    host.answer("update_contact", wrong).await;
    assert_ne!(before, dump(&account, "contacts").await);
    let plan = host.answer("undo_changes", json!({"since": since, "client": "this"})).await;
    assert_eq!(plan["calls"], json!({"update_contact": 1}), "{plan}");
    let sample = &plan["samples"][0];
    assert_eq!(
        (&sample["from"]["companyName"], &sample["to"]["companyName"]),
        (&json!("Wrong Inc"), &contact["companyName"]),
        "{plan}"
    );
    let done = run(&host, &plan).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&before, &dump(&account, "contacts").await);
    // The undo is journalled as every write is, with its job.
    let undone = entries(&account, &host).await.pop().unwrap();
    assert_eq!(undone["job"], json!({"id": plan["plan"], "row": 1}), "{undone}");
    assert_eq!((&undone["tool"], &undone["client"]["name"]), (&json!("update_contact"), &json!(CLIENT)), "{undone}");
    let again = host.answer("undo_changes", json!({"since": since})).await;
    assert_eq!((&again["calls"], &again["asBefore"]), (&json!({}), &json!(1)), "nothing is left to do: {again}");
}

async fn an_undo_can_be_undone(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let before = dump(&account, "contacts").await;
    let change = json!({
        "id": contact["id"], "companyName": "Right Inc", "addTags": ["right"], "removeTags": [contact["tags"][0]],
        "clear": ["phone"],
    });
    host.answer("update_contact", change).await;
    let changed = dump(&account, "contacts").await;
    let first = undo(&host, json!({"entry": newest(&account, &host).await})).await;
    same(&before, &dump(&account, "contacts").await);
    let second = undo(&host, json!({"job": first["job"]})).await;
    assert_eq!(second["rows"], json!({"done": 1}), "{second}");
    same(&changed, &dump(&account, "contacts").await);
    undo(&host, json!({"job": second["job"]})).await;
    same(&before, &dump(&account, "contacts").await);
}

/// Three writes become one row: from the newest value to the oldest one.
async fn several_writes_of_one_object_go_back_together(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let (id, since, before) = (&contact["id"], now(), dump(&account, "contacts").await);
    host.answer("update_contact", json!({"id": id, "companyName": "One", "addTags": ["one"]})).await;
    host.answer("update_contact", json!({"id": id, "companyName": "Two", "source": "two", "removeTags": ["one"]}))
        .await;
    host.answer("update_contact", json!({"id": id, "companyName": "Three", "addTags": ["three"]})).await;
    let plan = host.answer("undo_changes", json!({"since": since})).await;
    assert_eq!((&plan["calls"], &plan["entries"]), (&json!({"update_contact": 1}), &json!(3)), "{plan}");
    assert_eq!(plan["samples"][0]["from"]["companyName"], "Three", "{plan}");
    assert_eq!(plan["samples"][0]["to"]["companyName"], contact["companyName"], "{plan}");
    run(&host, &plan).await;
    same(&before, &dump(&account, "contacts").await);
}

async fn a_person_is_asked_once_and_may_decline(api: Api) {
    let account = Account::of(api).await;
    for (person, goes_back) in [(Person::declines(), false), (Person::agrees(), true)] {
        let host = Host::with(&account, &[], Era::Handshake, person).await;
        let contact = full_contact(&account).await;
        let before = dump(&account, "contacts").await;
        host.answer("update_contact", json!({"id": contact["id"], "companyName": "Wrong Inc"})).await;
        let changed = dump(&account, "contacts").await;
        let plan = host.answer("undo_changes", json!({"entry": newest(&account, &host).await})).await;
        assert!(plan.get("confirmationToken").is_none(), "the host can ask: {plan}");
        let result = host.call("run_bulk", json!({"plan": plan["plan"]})).await;
        assert_eq!(host.asked().len(), 1, "{result:?}");
        if goes_back {
            ended(&host, &plan["plan"]).await;
            same(&before, &dump(&account, "contacts").await);
        } else {
            same(&changed, &dump(&account, "contacts").await);
            account
                .change("contacts", contact["id"].as_str().unwrap(), json!({"companyName": contact["companyName"]}))
                .await;
        }
    }
}

async fn deals_and_tasks_go_back(manners: Manners) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::new(&account, &[]).await;
    let deals = dump(&account, "opportunities").await;
    let listed = host.answer("list_opportunities", json!({"limit": 20})).await;
    let deal = listed["data"].as_array().unwrap().iter().find(|deal| deal["status"] == "open").unwrap().clone();
    let stages = host.answer("list_pipelines", json!({})).await;
    let pipelines = stages["data"].as_array().unwrap();
    let own = pipelines.iter().find(|pipeline| pipeline["id"] == deal["pipelineId"]).unwrap();
    let other = own["stages"].as_array().unwrap().iter().find(|stage| stage["id"] != deal["pipelineStageId"]).unwrap();
    let wrong = json!({"id": deal["id"], "name": "Wrong", "value": 1, "status": "lost", "stage": other["id"]});
    host.answer("update_opportunity", wrong).await;
    let done = undo(&host, json!({"entry": newest(&account, &host).await})).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&deals, &dump(&account, "opportunities").await);

    let contact = account.find("contacts", |_| true).await;
    let task =
        json!({"contactId": contact["id"], "title": "Call", "dueDate": "2030-01-02T10:00:00Z", "body": "About it"});
    let task = host.answer("create_task", task).await;
    let before = dump(&account, "tasks").await;
    let wrong =
        json!({"id": task["id"], "contactId": contact["id"], "title": "Wrong", "completed": true, "clear": ["body"]});
    host.answer("update_task", wrong).await;
    let done = undo(&host, json!({"entry": newest(&account, &host).await})).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&before, &dump(&account, "tasks").await);
}

async fn an_appointment_goes_back_to_its_time(manners: Manners) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::new(&account, &[]).await;
    let calendars = host.answer("list_calendars", json!({})).await;
    let (calendar, contact) = (&calendars["data"][0]["id"], account.find("contacts", |_| true).await);
    let from = (Utc::now() + chrono::TimeDelta::days(2)).format("%Y-%m-%d").to_string();
    let slots = host.answer("list_free_slots", json!({"calendar": calendar, "from": from})).await;
    let free: Vec<&str> = slots["slots"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let booking = json!({"calendar": calendar, "contactId": contact["id"], "startTime": free[0], "title": "First"});
    let found = host.answer("book_appointment", booking).await;
    let before = dump(&account, "appointments").await;
    let wrong = json!({"id": found["id"], "title": "Wrong", "startTime": free[free.len() - 1]});
    host.answer("update_appointment", wrong).await;
    host.answer("update_appointment", json!({"id": found["id"], "status": "cancelled"})).await;
    let entries = entries(&account, &host).await;
    let moved = &entries[entries.len() - 2];
    assert_eq!(moved["fields"], json!(["startTime", "title"]), "{moved}");
    let done = undo(&host, json!({"since": moved["time"]})).await;
    assert_eq!(done["rows"], json!({"done": 1}), "{done}");
    same(&before, &dump(&account, "appointments").await);
}
