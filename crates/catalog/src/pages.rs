//! Pages.

use super::{
    id::Id,
    list::{Deleted, List, Paging},
    meaning::{Inverse, Lookup, LookupField, ReadBack, StateRule, States},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// The member of a page that callers read in parts.
const CONTENT: &str = "content";

/// A page.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Page {
    pub id: String,
    pub name: Option<String>,
    pub slug: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// The HTML. Lists leave it out; get_page may cut it.
    pub content: Option<String>,
    /// draft, published or archived; others are kept as they come.
    pub status: Option<String>,
    pub url: Option<String>,
    pub seo_title: Option<String>,
    pub seo_description: Option<String>,
    pub seo_keywords: Option<Vec<String>>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Page {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("page"));
}

/// A page's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum PageStatus {
    Draft,
    Published,
    Archived,
}

/// The optional fields of a page.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct PageDetails {
    pub title: Option<String>,
    pub description: Option<String>,
    /// HTML
    pub content: Option<String>,
    pub seo_title: Option<String>,
    pub seo_description: Option<String>,
    pub seo_keywords: Option<Vec<String>>,
}

/// List pages, without their content.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListPages {
    #[serde(flatten)]
    pub paging: Paging,
    pub status: Option<PageStatus>,
}

impl Operation for ListPages {
    type Output = List<Page>;
    const NAME: &'static str = "list_pages";
    const TITLE: &'static str = "List pages";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Pages;
    const SESSION: Route = Route::get("/page");
}

/// Get a page with its HTML content.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetPage {
    pub id: Id,
    /// Read on from here when content was cut
    pub content_offset: Option<u64>,
}

impl Operation for GetPage {
    type Output = Page;
    const NAME: &'static str = "get_page";
    const TITLE: &'static str = "Get page";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Pages;
    const SESSION: Route = Route::get("/page/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|page| &page.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(Self::NAME));
    const LONG_TEXT: Option<&'static str> = Some(CONTENT);
}

/// Create a page as a draft.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct CreatePage {
    pub name: String,
    pub slug: String,
    #[serde(flatten)]
    pub details: PageDetails,
}

impl Operation for CreatePage {
    type Output = Page;
    const NAME: &'static str = "create_page";
    const TITLE: &'static str = "Create page";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Pages;
    const SESSION: Route = Route::post("/page");
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListPages::NAME),
        fields: Cow::Borrowed(&[LookupField::compared("slug")]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetPage::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::by_id(DeletePage::NAME));
    const LONG_TEXT: Option<&'static str> = Some(CONTENT);
}

/// A part of a page's content, and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct Replacement {
    pub old: String,
    pub new: String,
}

/// Update a draft page. Only the fields given change.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct UpdatePage {
    pub id: Id,
    pub name: Option<String>,
    pub slug: Option<String>,
    #[serde(flatten)]
    pub details: PageDetails,
    /// In content; each old must occur once
    pub replace: Option<Vec<Replacement>>,
    /// Fields to empty
    pub clear: Option<Vec<String>>,
}

impl Operation for UpdatePage {
    type Output = Page;
    const NAME: &'static str = "update_page";
    const TITLE: &'static str = "Update page";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Pages;
    const SESSION: Route = Route::put("/page/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|page| &page.id);
    const CLEARABLE: &'static [&'static str] =
        &["title", "description", "content", "seoTitle", "seoDescription", "seoKeywords"];
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetPage::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::to_before(Self::NAME));
    const STATE_RULE: Option<StateRule> = Some(StateRule {
        field: "status",
        allowed: States::Only(&["draft"]),
        refusal: "only a draft can be updated",
        refusals: &[],
    });
    const LONG_TEXT: Option<&'static str> = Some(CONTENT);
}

/// Delete an unpublished page for good, once a person confirms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct DeletePage {
    pub id: Id,
}

impl Operation for DeletePage {
    type Output = Deleted;
    const NAME: &'static str = "delete_page";
    const TITLE: &'static str = "Delete page";
    const EFFECT: Effect = Effect::Delete;
    const TOOLSET: Toolset = Toolset::Pages;
    const SESSION: Route = Route::delete("/page/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|page| &page.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetPage::NAME));
    const STATE_RULE: Option<StateRule> = Some(StateRule {
        field: "status",
        allowed: States::AllBut(&["published"]),
        refusal: "a published page cannot be deleted, and nothing here unpublishes one",
        refusals: &[],
    });
}

/// Make a draft page public, once a person confirms. Nothing unpublishes it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct PublishPage {
    pub id: Id,
}

impl Operation for PublishPage {
    type Output = Page;
    const NAME: &'static str = "publish_page";
    const TITLE: &'static str = "Publish page";
    const EFFECT: Effect = Effect::Publish;
    const TOOLSET: Toolset = Toolset::Pages;
    const SESSION: Route = Route::post("/page/{id}/publish");
    const ID: Option<fn(&Self) -> &Id> = Some(|page| &page.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetPage::NAME));
    const STATE_RULE: Option<StateRule> = Some(StateRule {
        field: "status",
        allowed: States::Only(&["draft"]),
        refusal: "only a draft can be published",
        refusals: &[("published", "it is public already")],
    });
    const LONG_TEXT: Option<&'static str> = Some(CONTENT);
}
