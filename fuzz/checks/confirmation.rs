//! Sealed state and forms that come back from a host: only what was sealed here for this call opens, and only a yes is a
//! yes.

use highlevel_catalog::Catalog;
use highlevel_core::context::Caller;
use highlevel_mcp::{
    guard::{ANSWER_TIMEOUT, ApprovalTicket, PersonAnswer},
    mcp::{StateKey, answer_of},
};
use rmcp::model::{CallToolRequestParams, ElicitResult, JsonObject};
use serde_json::Value;

pub(crate) fn check(data: &[u8]) {
    sealed_state(data);
    form(data);
}

/// What was sealed here opens for its own call. It opens for no other call, and not with one character changed.
fn sealed_state(data: &[u8]) {
    let key = StateKey::new().unwrap();
    let session = Catalog::session();
    let (tool, other) = (session.find("delete_page").unwrap(), session.find("publish_page").unwrap());
    let with = |id: &str| JsonObject::from_iter([("id".to_owned(), Value::from(id))]);
    let call = |id: &str| CallToolRequestParams::new(tool.name.as_ref()).with_arguments(with(id));
    let opens = |tool, id: &str, state: &str| key.open(None, tool, &call(id), state).is_ok();
    let sealed = key.seal(None, tool, &with("p1"), &ApprovalTicket::from_text("ticket"), ANSWER_TIMEOUT);
    assert!(opens(tool, "p1", &sealed) && !opens(other, "p1", &sealed) && !opens(tool, "p2", &sealed));

    let caller = Caller { client: "claude".to_owned(), subject: None };
    assert!(key.open(Some(&caller), tool, &call("p1"), &sealed).is_err());

    let text = String::from_utf8_lossy(data).into_owned();
    assert!(!opens(tool, "p1", &text) || text == sealed);
    let at = data.first().map_or(0, |byte| usize::from(*byte)) % sealed.len();
    let touched: String = sealed.chars().enumerate().map(|(index, c)| if index == at { '~' } else { c }).collect();
    assert!(touched == sealed || !opens(tool, "p1", &touched));
}

/// Only an accepted form whose one field is true is a yes.
fn form(data: &[u8]) {
    let Ok(result) = serde_json::from_slice::<ElicitResult>(data) else { return };
    if answer_of(&result) == PersonAnswer::Accepted {
        let value = serde_json::to_value(&result).unwrap();
        assert_eq!(value["action"], "accept");
        assert_eq!(value["content"]["confirm"], true);
    }
}
