//! The rules of pages: only drafts change, published pages cannot be deleted, and slugs are unique.

use crate::account::{Account, Fields, ObjectKind};
use crate::response::ApiResponse;
use http::StatusCode;
use serde_json::Value;

fn conflict(message: impl Into<String>) -> ApiResponse {
    ApiResponse::error(StatusCode::CONFLICT, message)
}

fn text<'a>(page: &'a Fields, name: &str) -> &'a str {
    page.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Refuses to update a page that is not a draft.
pub(crate) fn may_update(page: &Fields) -> Result<(), ApiResponse> {
    match text(page, "status") {
        "draft" => Ok(()),
        status => Err(conflict(format!("Page must be draft to update, it is {status}"))),
    }
}

/// Refuses to delete a published page. The caller checks that the page exists.
pub(crate) fn may_delete(account: &Account, id: &str) -> Result<(), ApiResponse> {
    match account.get(ObjectKind::Pages, id) {
        Some(page) if text(&page, "status") == "published" => Err(conflict("Only unpublished pages can be deleted")),
        _ => Ok(()),
    }
}

/// Refuses a slug that another page has.
pub(crate) fn slug_is_free(account: &Account, id: &str, slug: &str) -> Result<(), ApiResponse> {
    let taken = account.objects(ObjectKind::Pages).any(|page| text(&page, "slug") == slug && text(&page, "id") != id);
    if taken { Err(conflict(format!("a page with the slug {slug} exists already"))) } else { Ok(()) }
}

/// The page after publishing, with its status and URL.
pub(crate) fn published(account: &Account, mut page: Fields) -> Result<Fields, ApiResponse> {
    match text(&page, "status") {
        "draft" => {}
        status => return Err(conflict(format!("Page must be draft to publish, it is {status}"))),
    }
    let location = account.first(ObjectKind::Locations).unwrap_or_default();
    let domain = text(&location, "email").rsplit('@').next().unwrap_or_default();
    let url = format!("https://{domain}/{}", text(&page, "slug"));
    page.insert("status".into(), "published".into());
    page.insert("url".into(), url.into());
    Ok(page)
}
