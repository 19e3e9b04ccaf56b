//! Lists of conversations and messages.

use super::{MANNERS, account, data, host, text};
use serde_json::{Value, json};
use std::collections::HashSet;

fn ids(list: &[Value]) -> Vec<String> {
    list.iter().map(|item| text(item, "id").to_owned()).collect()
}

#[tokio::test]
async fn conversations_are_listed_whole_and_by_what_waits() {
    for manners in MANNERS {
        let account = account(manners).await;
        // Two conversations at the same time at the border of a page.
        let stored = account.objects("conversations").await;
        let same = stored[0]["lastMessageDate"].clone();
        account.change("conversations", text(&stored[1], "id"), json!({"lastMessageDate": same})).await;
        let host = host(&account).await;
        let all = host.answer("list_conversations", json!({"limit": 100})).await;
        assert_eq!(ids(data(&all)).iter().collect::<HashSet<_>>().len(), stored.len(), "{manners}");
        assert!(data(&all).is_sorted_by(|one, next| text(one, "lastMessageAt") >= text(next, "lastMessageAt")));
        assert_eq!(all["meta"].get("nextOffset"), None, "{manners}: {}", all["meta"]);
        for limit in [1, 7] {
            let (mut paged, mut offset) = (Vec::new(), json!(0));
            while offset.is_u64() {
                let page = host.answer("list_conversations", json!({"limit": limit, "offset": offset})).await;
                paged.extend(ids(data(&page)));
                offset = page["meta"]["nextOffset"].clone();
            }
            assert_eq!(paged, ids(data(&all)), "{manners}, pages of {limit}");
        }
        let waiting = host.answer("list_conversations", json!({"status": "unanswered", "limit": 100})).await;
        let expected = stored.iter().filter(|one| one["lastMessageDirection"] == "inbound").count();
        assert_eq!(data(&waiting).len(), expected, "{manners}");
        assert!(data(&waiting).iter().all(|one| one["lastMessageDirection"] == "inbound"));
        let one = &data(&all)[4];
        let of_contact = host.answer("list_conversations", json!({"contactId": one["contactId"]})).await;
        assert_eq!(ids(data(&of_contact)), [text(one, "id")]);
        assert!(one["contactName"].is_string() && one["unreadCount"].is_number(), "{one}");
        let owner = account.find("users", |user| user["firstName"] == "Keisha").await;
        let owned = host.answer("list_conversations", json!({"assignedTo": "keisha bryant", "limit": 100})).await;
        assert!(data(&owned).iter().all(|one| one["assignedTo"] == owner["id"]), "{manners}");
    }
}

#[tokio::test]
async fn a_contacts_messages_have_the_texts_of_emails_and_what_was_said_in_calls() {
    for manners in MANNERS {
        let account = account(manners).await;
        let host = host(&account).await;
        let email = account.find("emails", |email| email["subject"] == "Invoice question").await;
        let listed = host.answer("list_messages", json!({"contactId": email["contactId"]})).await;
        let said: Vec<_> = data(&listed).iter().map(|one| (text(one, "body"), text(one, "direction"))).collect();
        let expected = [
            ("Got it. The amount is still wrong, it should be $450.", "inbound"),
            ("Thanks for telling us, a corrected invoice is on its way.", "outbound"),
            ("Hello, the last invoice lists the ads twice. Could you check?", "inbound"),
        ];
        assert_eq!(said, expected, "{manners}");
        assert!(data(&listed).iter().all(|one| one["channel"] == "Email" && one["subject"] == "Invoice question"));
        assert_eq!(listed["meta"]["total"], 3);
        let second = json!({"conversationId": email["conversationId"], "offset": 1, "limit": 1});
        assert_eq!(text(&data(&host.answer("list_messages", second).await)[0], "body"), expected[1].0);

        let call = account.find("messages", |message| message["meta"]["callStatus"] == "completed").await;
        let listed = host.answer("list_messages", json!({"contactId": call["contactId"], "channel": "Call"})).await;
        let call = &data(&listed)[0];
        assert_eq!((&call["callDuration"], &call["callStatus"]), (&json!(184.0), &json!("completed")), "{manners}");
        assert_eq!(call["transcript"], "Thanks for calling Brightwater. I want to talk about our website.");
        assert_eq!(data(&listed).len(), 1, "the text after it is another channel's");
        account.forget_requests().await;
        let brief = json!({"contactId": email["contactId"], "fields": ["threadId"]});
        assert_eq!(data(&host.answer("list_messages", brief).await).len(), 3);
        let requests = account.requests().await;
        assert!(requests.iter().all(|request| !text(request, "path").contains("/email/")), "bodies that nobody wants");
    }
}

#[tokio::test]
async fn the_whole_account_is_exported_newest_first() {
    for manners in MANNERS {
        let account = account(manners).await;
        let host = host(&account).await;
        let stored = account.objects("messages").await;
        let (mut all, mut offset) = (Vec::new(), json!(0));
        while offset.is_u64() {
            let page = host.answer("list_messages", json!({"limit": 11, "offset": offset})).await;
            all.extend(data(&page).clone());
            offset = page["meta"]["nextOffset"].clone();
        }
        assert_eq!(all.len(), stored.len(), "{manners}");
        assert_eq!(ids(&all).iter().collect::<HashSet<_>>().len(), stored.len(), "{manners}: each once");
        assert!(all.is_sorted_by(|one, next| text(one, "createdAt") >= text(next, "createdAt")), "{manners}");
        let threads = all.iter().filter(|one| one["channel"] == "Email");
        assert!(threads.clone().count() > 0 && threads.clone().all(|one| one["emailIds"][0].is_string()));
        let failed = host.answer("list_messages", json!({"channel": "SMS", "limit": 100})).await;
        assert!(data(&failed).iter().any(|one| one["status"] == "failed"), "{manners}");
        assert!(data(&failed).iter().all(|one| one["type"] == "TYPE_SMS"));
        let middle = text(&all[all.len() / 2], "createdAt").to_owned();
        let late = host.answer("list_messages", json!({"since": middle, "limit": 100})).await;
        let expected = all.iter().filter(|one| text(one, "createdAt") >= middle.as_str()).count();
        assert_eq!(data(&late).len(), expected, "{manners}");
        let error = host.error("list_messages", json!({"channel": "TIKTOK"})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("channel")), "{error}");
    }
}
