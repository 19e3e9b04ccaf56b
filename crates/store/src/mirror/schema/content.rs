//! Campaigns, pages, funnels and webhooks.

use super::{Child, PLAIN, Parts, Table, date, json, text};

pub(super) const CAMPAIGNS: Table = Table {
    name: "campaigns",
    one: "campaign",
    tool: "list_campaigns",
    columns: &[text("name"), text("type"), text("status"), text("template"), date("createdAt"), date("updatedAt")],
    ..PLAIN
};

pub(super) const PAGES: Table = Table {
    name: "pages",
    one: "page",
    tool: "list_pages",
    columns: &[
        text("name"),
        text("slug"),
        text("title"),
        text("description"),
        text("status"),
        text("url"),
        date("createdAt"),
        date("updatedAt"),
    ],
    // Lists do not tell them, and a column that is filled by chance would answer wrong.
    dropped: &["content", "seoTitle", "seoDescription", "seoKeywords"],
    searched: &["slug", "title"],
    remark: "content and SEO fields: only get_page",
    ..PLAIN
};

pub(super) const FUNNELS: Table = Table {
    name: "funnels",
    one: "funnel",
    tool: "list_funnels",
    columns: &[text("name"), text("type"), date("createdAt")],
    children: &[Child {
        name: "funnel_pages",
        from: "pages",
        parts: Parts::InOrder,
        columns: &["funnelId", "pageId", "name", "position"],
    }],
    ..PLAIN
};

pub(super) const WEBHOOKS: Table = Table {
    name: "webhooks",
    one: "webhook",
    tool: "list_webhooks",
    columns: &[text("url"), json("events"), text("status"), date("createdAt")],
    dropped: &["secret"],
    title: &["url"],
    ..PLAIN
};
