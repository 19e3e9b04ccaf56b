//! Sending: who is asked and shown what, who is left alone, and what becomes of a message.

use super::{MANNERS, account, contact, count, data, effects, host, sms, text};
use crate::support::{Account, Era, Host, Person};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_person_is_shown_to_whom_it_goes_and_by_what() {
    for manners in MANNERS {
        let account = account(manners).await;
        let ada = json!({"firstName": "Ada", "lastName": "Byron", "phone": "+15125550123", "email": "ada@x.example"});
        let ada = contact(&account, ada).await;
        let host = host(&account).await;
        let sent = host.answer("send_message", sms(&ada, "Are you in?")).await;
        let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
        for words in [
            "Send message \"Ada Byron\"?",
            "cannot be recalled",
            "channel: SMS",
            "to: +15125550123",
            "body: Are you in?",
        ] {
            assert!(asked.contains(words), "{manners}: no {words} in {asked}");
        }
        let stored = account.find("messages", |message| message["id"] == sent["id"]).await;
        assert_eq!((&stored["body"], &stored["messageType"]), (&json!("Are you in?"), &json!("TYPE_SMS")));
        let mail =
            json!({"contactId": ada["id"], "channel": "Email", "subject": "Offer", "body": "Dear Ada,\nA & B\n\nBest"});
        let mail = host.answer("send_message", mail).await;
        assert!(host.asked()[1]["message"].as_str().unwrap().contains("to: ada@x.example"));
        let stored = account.find("emails", |email| email["id"] == mail["id"]).await;
        assert_eq!(stored["body"], "<p>Dear Ada,<br>A &amp; B</p><p>Best</p>");
        let reply = json!({"contactId": ada["id"], "channel": "Email", "body": "PS", "replyTo": mail["id"], "cc": ["b@x.example"]});
        let reply = host.answer("send_message", reply).await;
        assert_eq!((&reply["threadId"], &reply["channel"]), (&mail["threadId"], &json!("Email")), "{reply}");
        assert_eq!(effects(&account).await, (3, 0));
        let later =
            json!({"contactId": ada["id"], "channel": "SMS", "body": "Later", "at": "2099-03-01T09:00:00-05:00"});
        let later = host.answer("send_message", later).await;
        let stored = account.find("messages", |message| message["id"] == later["id"]).await;
        assert_eq!((&stored["status"], &stored["scheduledFor"]), (&json!("scheduled"), &json!(4_076_056_800_i64)));
    }
}

/// Checks that a call is refused with this code before anybody is asked, and that nothing was sent.
async fn refused(account: &Account, call: Value, code: &str, word: &str) {
    for flags in [&[][..], &["--confirm", "auto"]] {
        let host = Host::with(account, flags, Era::Modern, Person::agrees()).await;
        let error = host.error("send_message", call.clone()).await;
        assert_eq!(error["code"], code, "{call}: {error}");
        assert!(text(&error, "message").contains(word), "{call}: {error}");
        assert!(host.asked().is_empty(), "{call}: nobody is asked");
    }
    assert_eq!(count(account, "POST /conversations/messages").await, 0, "{call}");
}

#[tokio::test]
async fn who_wants_no_messages_gets_none() {
    for manners in MANNERS {
        let account = account(manners).await;
        let active = |channel: &str, status: &str| json!({"dndSettings": {channel: {"status": status}}});
        for (unwanted, channel) in [
            (json!({"dnd": true}), "SMS"),
            (json!({"dnd": true}), "Live_Chat"),
            (active("SMS", "active"), "SMS"),
            (active("SMS", "permanent"), "RCS"),
            (active("Email", "permanent"), "Email"),
            (active("WhatsApp", "active"), "WhatsApp"),
            (active("FB", "active"), "FB"),
            (json!({"inboundDndSettings": {"all": {"status": "active"}}}), "SMS"),
        ] {
            let mut members = json!({"phone": "+15125550123", "email": "a@x.example"});
            members.as_object_mut().unwrap().extend(unwanted.as_object().unwrap().clone());
            let quiet = contact(&account, members).await;
            let call = json!({"contactId": quiet["id"], "channel": channel, "body": "Hi"});
            refused(&account, call, "policy_denied", "does not want to be disturbed").await;
            let cleared = json!({"dnd": null, "dndSettings": null, "inboundDndSettings": null});
            account.change("contacts", text(&quiet, "id"), cleared).await;
        }
        let choosy = contact(&account, active("SMS", "active")).await;
        account.change("contacts", text(&choosy, "id"), json!({"email": "a@x.example"})).await;
        let mail = json!({"contactId": choosy["id"], "channel": "Email", "body": "Hi"});
        host(&account).await.answer("send_message", mail).await;
        assert_eq!(effects(&account).await.0, 1, "{manners}: another channel is open");
    }
}

#[tokio::test]
async fn what_cannot_arrive_is_refused_before_it_is_sent() {
    let account = account("live,lag:0").await;
    let mute = contact(&account, json!({"phone": null, "email": "a@x.example"})).await;
    refused(&account, sms(&mute, "Hi"), "invalid_arguments", "no phone number").await;
    let mail = |more: Value| {
        let mut call = json!({"contactId": mute["id"], "channel": "Email", "body": "Hi"});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    refused(&account, mail(json!({"to": "b@other.example"})), "invalid_arguments", "among the contact's addresses")
        .await;
    refused(&account, mail(json!({"at": "2020-01-01T00:00:00Z"})), "invalid_arguments", "past").await;
    refused(&account, mail(json!({"at": "tomorrow"})), "invalid_arguments", "offset").await;
    refused(&account, mail(json!({"body": " "})), "invalid_arguments", "body").await;
    refused(&account, mail(json!({"contactId": "nobody12345"})), "not_found", "").await;
    // The API knows more: the contact never wrote by this channel.
    let host = host(&account).await;
    let chat = json!({"contactId": mute["id"], "channel": "IG", "body": "Hi"});
    let error = host.error("send_message", chat).await;
    assert_ne!(error["code"], "outcome_unknown", "{error}");
    assert_eq!(effects(&account).await.0, 0);
}

#[tokio::test]
async fn a_number_out_of_service_is_sent_to_once_and_shows_as_failed() {
    for manners in MANNERS {
        let account = account(manners).await;
        let dead = contact(&account, json!({"phone": "+15125550199"})).await;
        let host = host(&account).await;
        let sent = host.answer("send_message", sms(&dead, "Hello?")).await;
        assert!(["pending", "failed"].contains(&text(&sent, "status")), "{sent}");
        let settled = async {
            loop {
                let listed = host.answer("list_messages", json!({"contactId": dead["id"]})).await;
                if data(&listed).iter().any(|one| one["id"] == sent["id"] && one["status"] == "failed") {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), settled).await.unwrap();
        assert_eq!(effects(&account).await.0, 1, "{manners}");
    }
}

#[tokio::test]
async fn nothing_is_sent_without_a_yes_or_by_a_server_that_only_reads() {
    let account = account("plain").await;
    let ada = contact(&account, json!({"phone": "+15125550123"})).await;
    let no = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    assert_eq!(no.error("send_message", sms(&ada, "Hi")).await["code"], "declined");
    let absent = Host::new(&account, &[]).await;
    let first = absent.error("send_message", sms(&ada, "Hi")).await;
    assert_eq!(first["code"], "confirmation_required", "{first}");
    let mut other = sms(&ada, "Other words");
    other["confirmationToken"] = first["confirmationToken"].clone();
    assert_eq!(absent.error("send_message", other).await["code"], "confirmation_invalid");
    assert_eq!(effects(&account).await.0, 0);
    let reader = Host::new(&account, &["--read-only"]).await;
    let listed: Vec<_> = reader.session.list_all_tools().await.unwrap();
    for tool in ["send_message", "add_to_workflow"] {
        assert!(listed.iter().all(|known| known.name != tool), "{tool}");
        assert_eq!(reader.error(tool, sms(&ada, "Hi")).await["code"], "policy_denied");
    }
    assert!(listed.iter().any(|known| known.name == "list_messages"));
}
