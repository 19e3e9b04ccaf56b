//! Pages, funnels, campaigns and webhooks.

use super::{
    Question,
    truth::{Page, Step, counts, most},
};
use chrono::Duration;
use serde_json::Value;
use std::collections::HashSet;

pub const QUESTIONS: &[Question] = &[
    Question {
        asked: "Which steps does each funnel have, and are the pages live?",
        sql: "SELECT f.name, s.position, p.name, p.status FROM funnels f
              JOIN funnel_pages s ON s.funnelId = f.id LEFT JOIN pages p ON p.id = s.pageId
              ORDER BY f.name, s.position",
        answer: |truth| {
            let mut funnels: Vec<_> = truth.funnels.iter().collect();
            funnels.sort_by_key(|funnel| &funnel.name);
            let steps = funnels.into_iter().flat_map(|funnel| funnel.pages.iter().map(|step| (&funnel.name, step)));
            let row = |(funnel, step): (&String, &Step)| -> Vec<Value> {
                let page = truth.page(&step.id).unwrap();
                row![funnel, step.order, page.name, page.status]
            };
            steps.map(row).collect()
        },
    },
    Question {
        asked: "Which funnels lead to a page that is not published?",
        sql: "SELECT f.name, count(*) FROM funnels f JOIN funnel_pages s ON s.funnelId = f.id
              JOIN pages p ON p.id = s.pageId WHERE p.status <> 'published' GROUP BY f.id ORDER BY f.name",
        answer: |truth| {
            let broken = truth.funnels.iter().flat_map(|funnel| {
                let broken =
                    |step: &&Step| truth.page(&step.id).unwrap().status.as_deref().is_some_and(|of| of != "published");
                let steps = funnel.pages.iter().filter(broken);
                steps.map(|_| &funnel.name)
            });
            counts(broken).into_iter().map(|(name, count)| row![name, count]).collect()
        },
    },
    Question {
        asked: "Which live pages are in no funnel?",
        sql: "SELECT name, slug FROM pages WHERE status = 'published'
              AND id NOT IN (SELECT pageId FROM funnel_pages) ORDER BY slug",
        answer: |truth| {
            let used: HashSet<_> = truth.funnels.iter().flat_map(|of| &of.pages).map(|step| &step.id).collect();
            let free = |page: &&Page| page.is("published") && !used.contains(&page.id);
            let mut free: Vec<_> = truth.pages.iter().filter(free).collect();
            free.sort_by_key(|page| &page.slug);
            free.iter().map(|page| row![page.name, page.slug]).collect()
        },
    },
    Question {
        asked: "Which drafts has nobody touched for 90 days?",
        sql: "SELECT name FROM pages WHERE status = 'draft' AND updatedAt < datetime('now', '-90 days')
              ORDER BY updatedAt, name",
        answer: |truth| {
            let old = truth.now - Duration::days(90);
            let mut drafts: Vec<_> =
                truth.pages.iter().filter(|page| page.is("draft") && page.updated_at < old).collect();
            drafts.sort_by_key(|page| (page.updated_at, &page.name));
            drafts.iter().map(|page| row![page.name]).collect()
        },
    },
    Question {
        asked: "Which pages speak of a webinar or a recording?",
        sql: "SELECT slug, status FROM pages
              WHERE name || ' ' || coalesce(description, '') LIKE '%webinar%' OR description LIKE '%recording%'",
        answer: |truth| {
            let speaks = |page: &&Page| {
                let text = page.description.as_deref().unwrap_or_default().to_lowercase();
                page.name.to_lowercase().contains("webinar") || text.contains("webinar") || text.contains("recording")
            };
            truth.pages.iter().filter(speaks).map(|page| row![page.slug, page.status]).collect()
        },
    },
    Question {
        asked: "Which live pages lack a description?",
        sql: "SELECT name FROM pages WHERE status = 'published' AND coalesce(description, '') = ''",
        answer: |truth| {
            let bare = |page: &&Page| page.is("published") && page.description.is_none();
            truth.pages.iter().filter(bare).map(|page| row![page.name]).collect()
        },
    },
    Question {
        asked: "Which campaigns run by which channel?",
        sql: "SELECT type, status, count(*), group_concat(name, '; ') FROM
                (SELECT type, status, name FROM campaigns ORDER BY name)
              GROUP BY type, status ORDER BY count(*) DESC, type, status",
        answer: |truth| {
            let groups = most(counts(truth.campaigns.iter().map(|campaign| (&campaign.kind, &campaign.status))));
            let names = |kind: &String, status: &String| {
                let of = truth.campaigns.iter().filter(|of| (&of.kind, &of.status) == (kind, status));
                let mut names: Vec<_> = of.map(|of| of.name.as_str()).collect();
                names.sort_unstable();
                names.join("; ")
            };
            let row = |((kind, status), count)| row![kind, status, count, names(kind, status)];
            groups.into_iter().map(row).collect()
        },
    },
    Question {
        asked: "Who is told when a contact changes?",
        sql: "SELECT w.url, e.value FROM webhooks w, json_each(w.events) e WHERE e.value LIKE 'contact.%'",
        answer: |truth| {
            let all = truth.webhooks.iter().flat_map(|hook| hook.events.iter().map(|event| (&hook.url, event)));
            all.filter(|(_, event)| event.starts_with("contact.")).map(|(url, event)| row![url, event]).collect()
        },
    },
];
