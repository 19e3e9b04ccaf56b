//! A stream of writes by several tools, a few at a time, and the host's answers.

use super::contact;
use crate::support::Wire;
use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// The number of writes in flight.
const AT_ONCE: usize = 6;

/// A write that was sent: its tool and arguments.
type Write = (&'static str, Value);

/// What identifies a write in the journal, in the requests and in the account: the tool, and the id of its object or a
/// marker in the object that it creates. It is unique in a stream.
pub(super) fn key(tool: &str, arguments: &Value, object: &Value) -> String {
    let mark = match tool {
        "create_contact" => &arguments["email"],
        "create_opportunity" | "create_campaign" => &arguments["name"],
        "create_page" => &arguments["slug"],
        "create_webhook" => &arguments["url"],
        _ => object,
    };
    format!("{tool} {}", mark.as_str().unwrap_or_else(|| panic!("no mark: {tool} {arguments}")))
}

/// The writes of all server processes so far.
pub(super) struct Stream {
    number: usize,
    contacts: VecDeque<String>,
    /// Pages that were created and are still drafts, by the host's answers.
    drafts: VecDeque<String>,
    under_way: BTreeMap<i64, Write>,
    reported: BTreeMap<String, Value>,
}

impl Stream {
    pub(super) fn new(contacts: &[Value]) -> Self {
        let contacts = contacts.iter().map(|contact| contact["id"].as_str().unwrap().to_owned()).collect();
        let (drafts, under_way, reported) = Default::default();
        Self { number: 0, contacts, drafts, under_way, reported }
    }

    /// The host's answers, by key.
    pub(super) fn reported(&self) -> &BTreeMap<String, Value> {
        &self.reported
    }

    fn next(&mut self, random: &mut StdRng) -> Write {
        self.number += 1;
        let number = self.number;
        match random.random_range(0..10) {
            0 | 1 => ("create_contact", contact(&format!("kill{number}@example.com"))),
            2 => ("create_campaign", json!({"name": format!("Campaign {number}"), "type": "email"})),
            3 => {
                let arguments = json!({"name": format!("Deal {number}"), "contactId": self.contacts[0], "value": number, "status": "open"});
                ("create_opportunity", arguments)
            }
            4 => {
                let url = format!("https://example.com/hook/{number}");
                ("create_webhook", json!({"url": url, "events": ["contact.created"], "secret": "s3cret-of-a-hook"}))
            }
            5 if !self.drafts.is_empty() => ("delete_page", json!({"id": self.drafts.pop_front()})),
            6 if !self.drafts.is_empty() => ("publish_page", json!({"id": self.drafts.pop_front()})),
            7 | 8 => {
                // Each contact is updated once, so that its value shows whether the write was done.
                let id = self.contacts.pop_back().unwrap();
                ("update_contact", json!({"id": id, "phone": format!("+1-555-{number:07}")}))
            }
            _ => ("create_page", json!({"name": "Page", "slug": format!("page-{number}"), "content": "<p>x</p>"})),
        }
    }

    /// Keeps writes in flight until `n` are answered.
    pub(super) fn run(&mut self, wire: &mut Wire, answers: usize, random: &mut StdRng) {
        let mut answered = 0;
        loop {
            while self.under_way.len() < AT_ONCE {
                let write = self.next(random);
                self.send(wire, write);
            }
            if answered >= answers {
                return;
            }
            let line = wire.line();
            if let Some(confirmed) = self.take(&line) {
                self.send(wire, confirmed);
            }
            answered += 1;
        }
    }

    /// Reads the server's answers from before the kill.
    pub(super) fn drain(&mut self, wire: &mut Wire) {
        while let Some(line) = wire.line_within(Duration::from_millis(200)) {
            self.take(&line);
        }
        self.under_way.clear();
    }

    fn send(&mut self, wire: &mut Wire, (tool, arguments): Write) {
        let id = wire.send("tools/call", json!({"name": tool, "arguments": arguments.clone()}));
        self.under_way.insert(id, (tool, arguments));
    }

    /// Records an answer. Returns the second step of a write with two.
    fn take(&mut self, line: &Value) -> Option<Write> {
        let (tool, mut arguments) = self.under_way.remove(&line["id"].as_i64()?)?;
        let result = &line["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no result: {line}"));
        let said: Value = serde_json::from_str(text).unwrap();
        if let Some(token) = said["error"]["confirmationToken"].as_str() {
            arguments["confirmationToken"] = token.into();
            return Some((tool, arguments));
        }
        if tool == "create_page" && result["isError"] != true {
            self.drafts.push_back(said["id"].as_str().unwrap().to_owned());
        }
        self.reported.insert(key(tool, &arguments, &arguments["id"]), said);
        None
    }
}
