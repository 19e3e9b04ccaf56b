//! Contacts by a phone number, however it is written there: an API may compare numbers letter by letter.

use super::{AccountService, scan};
use highlevel_catalog::{Invocation, ListAnswer, ListPaging, list::part};
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use highlevel_core::phone;
use serde_json::Value;

/// The longest list that is read for one number.
const MOST: u64 = 2_000;

impl AccountService {
    /// The contacts that have the number in one of the forms in which it may be stored; if none has, and the account is
    /// small, those that have it in any form.
    pub(super) async fn by_phone(&self, list: &Invocation, wanted: &str, context: &CallContext) -> Result<ListAnswer> {
        let forms = phone::forms(wanted);
        let mut found = ListAnswer::default();
        for form in &forms {
            let mut list = list.clone();
            list.arguments.set("phone", form.as_str());
            found = self.filtered(&list, context).await?;
            if !found.items.is_empty() {
                if form != wanted {
                    context.note(format!("The number is written `{form}` there."));
                }
                return Ok(found);
            }
        }
        let mut rest = list.clone();
        rest.arguments.take("phone");
        let first = self.api.page(&rest, 0, scan::PAGE, context).await.map_err(|failed| failed.error)?;
        let read = first.items.len() as u64;
        let written = forms.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(", ");
        if read == 0 || phone::national(wanted).is_empty() {
            return Ok(found);
        }
        if !first.whole && first.total.map_or(read == scan::PAGE, |total| total > MOST) {
            context.note(format!("No contact has the number written as {written}. search_crm finds it in any form."));
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
        context.note(format!("No contact has the number written as {written}: {count} were read and compared here."));
        let total = same.len();
        let window = list.window();
        let reported = [("total".to_owned(), total.into())].into_iter().collect();
        let items = part(same, window.offset, window.limit);
        Ok(ListAnswer { paging: ListPaging::reported(reported), ..ListAnswer::of(items) })
    }
}
