//! The rules of pages: drafts may change, published pages stay, and a slug belongs to one page.

use super::account::{Account, Fields, Kind};
use super::answer::Answer;
use http::StatusCode;
use serde_json::Value;

fn conflict(message: impl Into<String>) -> Answer {
    Answer::refuse(StatusCode::CONFLICT, message)
}

fn text<'a>(page: &'a Fields, name: &str) -> &'a str {
    page.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Only a draft may be updated.
pub(super) fn may_update(page: &Fields) -> Result<(), Answer> {
    match text(page, "status") {
        "draft" => Ok(()),
        status => Err(conflict(format!("Page must be draft to update, it is {status}"))),
    }
}

/// Only an unpublished page may be deleted. That there is such a page is the caller's to check.
pub(super) fn may_delete(account: &Account, id: &str) -> Result<(), Answer> {
    match account.get(Kind::Pages, id) {
        Some(page) if text(&page, "status") == "published" => Err(conflict("Only unpublished pages can be deleted")),
        _ => Ok(()),
    }
}

/// No other page may have this slug.
pub(super) fn slug_is_free(account: &Account, id: &str, slug: &str) -> Result<(), Answer> {
    let taken = account.truth(Kind::Pages).any(|page| text(&page, "slug") == slug && text(&page, "id") != id);
    if taken { Err(conflict(format!("a page with the slug {slug} exists already"))) } else { Ok(()) }
}

/// The page as it is once published: live, at its address.
pub(super) fn published(account: &Account, mut page: Fields) -> Result<Fields, Answer> {
    match text(&page, "status") {
        "draft" => {}
        status => return Err(conflict(format!("Page must be draft to publish, it is {status}"))),
    }
    let location = account.first(Kind::Locations).unwrap_or_default();
    let domain = text(&location, "email").rsplit('@').next().unwrap_or_default();
    let url = format!("https://{domain}/{}", text(&page, "slug"));
    page.insert("status".into(), "published".into());
    page.insert("url".into(), url.into());
    Ok(page)
}
