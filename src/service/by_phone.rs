//! Lists of contacts by a phone number in any notation. The API may compare numbers character by character.

use super::{AccountService, scan};
use highlevel_catalog::{Invocation, ListAnswer, ListPaging, list::part};
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use highlevel_core::phone;
use serde_json::Value;

/// The longest list that is read and compared here for one number.
const MAX_COMPARED: u64 = 2_000;

impl AccountService {
    /// The contacts with this number. Asks the API for each usual notation first. If none matches and the account is
    /// small, all contacts are read and compared here.
    pub(super) async fn by_phone(&self, list: &Invocation, wanted: &str, context: &CallContext) -> Result<ListAnswer> {
        let forms = phone::forms(wanted);
        let mut found = ListAnswer::default();
        for form in &forms {
            let mut list = list.clone();
            list.arguments.set("phone", form.as_str());
            found = self.filtered(&list, context).await?;
            if !found.items.is_empty() {
                if form != wanted {
                    context.note(format!("The account stores the number as `{form}`."));
                }
                return Ok(found);
            }
        }
        let mut rest = list.clone();
        rest.arguments.take("phone");
        let first = self.api.page(&rest, 0, scan::PAGE, context).await.map_err(|failed| failed.error)?;
        let read = first.items.len() as u64;
        let notations = forms.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(", ");
        if read == 0 || phone::national(wanted).is_empty() {
            return Ok(found);
        }
        if !first.whole && first.total.map_or(read == scan::PAGE, |total| total > MAX_COMPARED) {
            context.note(format!(
                "No contact has the number written as {notations}. search_crm finds it in any notation."
            ));
            return Ok(found);
        }
        let items = match read < scan::PAGE || first.whole {
            true => first.items,
            false => scan::all(&self.api, &rest, context).await.map_err(|failed| failed.error)?.items,
        };
        let count = items.len();
        let is_same =
            |item: &Value| item.get("phone").and_then(Value::as_str).is_some_and(|text| phone::same(text, wanted));
        let same: Vec<Value> = items.into_iter().filter(is_same).collect();
        context.note(format!(
            "No contact has the number written as {notations}: {count} contacts were read and compared here."
        ));
        let total = same.len();
        let window = list.window();
        let reported = [("total".to_owned(), total.into())].into_iter().collect();
        let items = part(same, window.offset, window.limit);
        Ok(ListAnswer { paging: ListPaging::reported(reported), ..ListAnswer::of(items) })
    }
}
