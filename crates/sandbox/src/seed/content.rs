//! The sample agency's campaigns, pages, funnels and webhooks.

use super::{AsOf, add};
use crate::account::{Account, ObjectKind};
use serde_json::{Value, json};

const DAY: i64 = 24 * 60;

/// Name, type, status.
const CAMPAIGNS: &[(&str, &str, &str)] = &[
    ("Welcome series for new leads", "email", "active"),
    ("October newsletter", "email", "archived"),
    ("November newsletter", "email", "active"),
    ("Webinar 2025: reminders", "sms", "archived"),
    ("Webinar 2025: recording follow-up", "email", "paused"),
    ("Free website audit", "email", "active"),
    ("Review request after launch", "sms", "active"),
    ("Dormant clients win-back", "email", "paused"),
    ("Dentists in Texas: booking funnel", "email", "active"),
    ("Roofing season kick-off", "email", "archived"),
    ("Holiday hours notice", "sms", "draft"),
    ("Spring promotion 2026", "email", "draft"),
];

/// Name, slug, title, text, status.
const PAGES: &[(&str, &str, &str, &str, &str)] = &[
    ("Home", "home", "Marketing for local businesses", "We bring customers to your door.", "published"),
    ("Services", "services", "What we do", "Websites, search, ads and follow-up in one team.", "published"),
    ("About us", "about", "Who we are", "Eleven people in Austin, Denver and Dublin.", "published"),
    ("Contact us", "contact", "Talk to us", "Tell us about your business. We answer within a day.", "published"),
    ("Free website audit", "free-audit", "See what your website costs you", "A free audit in two days.", "published"),
    ("Thank you: audit", "free-audit-thanks", "Your audit is on its way", "Check your inbox.", "published"),
    ("Webinar 2025", "webinar-2025", "Fill your calendar in 30 days", "Watch the recording.", "published"),
    ("Pricing 2026", "pricing-2026", "Plain prices", "Three packages, no surprises.", "draft"),
    ("Case study: Hartley Dental", "case-hartley-dental", "62 new patients in a quarter", "How they did it.", "draft"),
    ("Spring promotion", "spring-promotion", "Spring clean your marketing", "A month free.", "draft"),
    ("Careers", "careers", "Work with us", "We are looking for an ads specialist in Denver.", "draft"),
    ("Booking: strategy call", "book-a-call", "Book a strategy call", "Thirty minutes, no pitch.", "draft"),
    ("Pricing 2024", "pricing-2024", "Our prices", "These prices have ended.", "archived"),
    ("Webinar 2024", "webinar-2024", "Local search in 2024", "This webinar has ended.", "archived"),
    ("Old home", "home-2023", "Brightwater Media", "Our former name.", "archived"),
];

/// Name, type, and the slugs of its pages in order.
const FUNNELS: &[(&str, &str, &[&str])] = &[
    ("Free audit", "lead", &["free-audit", "free-audit-thanks", "book-a-call"]),
    ("Webinar 2025", "webinar", &["webinar-2025", "book-a-call"]),
    ("Main site enquiry", "sales", &["services", "pricing-2026", "contact"]),
    ("Spring promotion", "sales", &["spring-promotion", "pricing-2026", "book-a-call"]),
];

/// Adds campaigns, pages, funnels and webhooks.
pub(crate) fn fill(account: &mut Account, as_of: AsOf) {
    for (number, (name, kind, status)) in (0..).zip(CAMPAIGNS) {
        let age = (400 - number * 33) * DAY;
        let campaign = json!({
            "name": name,
            "type": kind,
            "status": status,
            "template": format!("tpl_{}", slug(name)),
            "createdAt": as_of.minutes_ago(age),
            "updatedAt": as_of.minutes_ago(age / 3),
        });
        add(account, ObjectKind::Campaigns, campaign);
    }
    let mut pages: Vec<(&str, String, &str)> = Vec::new();
    for (number, (name, slug, ..)) in (0..).zip(PAGES) {
        let Some(row) = PAGES.iter().find(|row| row.1 == *slug) else { continue };
        pages.push((slug, add(account, ObjectKind::Pages, page(*row, (600 - number * 38) * DAY, as_of)), name));
    }
    for (number, (name, kind, slugs)) in (0..).zip(FUNNELS) {
        let steps = slugs.iter().filter_map(|slug| pages.iter().find(|page| page.0 == *slug)).zip(1..);
        let steps: Vec<_> =
            steps.map(|((_, id, name), order)| json!({ "id": id, "name": name, "order": order })).collect();
        let created = as_of.minutes_ago((300 - number * 60) * DAY);
        add(account, ObjectKind::Funnels, json!({ "name": name, "type": kind, "pages": steps, "createdAt": created }));
    }
    for (number, (url, events)) in (0..).zip(webhooks()) {
        let created = as_of.minutes_ago((200 - number * 90) * DAY);
        let webhook = json!({ "url": url, "events": events, "status": "active", "createdAt": created });
        add(account, ObjectKind::Webhooks, webhook);
    }
}

fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

fn page((name, slug, title, text, status): (&str, &str, &str, &str, &str), age: i64, as_of: AsOf) -> Value {
    let mut page = json!({
        "name": name,
        "slug": slug,
        "title": title,
        "description": text,
        "content": format!("<main><h1>{title}</h1><p>{text}</p><a href=\"/contact\">Talk to us</a></main>"),
        "status": status,
        "seoTitle": format!("{title} | Brightwater Digital"),
        "seoDescription": text,
        "seoKeywords": ["marketing agency", slug.replace('-', " ")],
        "createdAt": as_of.minutes_ago(age),
        "updatedAt": as_of.minutes_ago(age / 2),
    });
    if let Value::Object(fields) = &mut page
        && status != "draft"
    {
        fields.insert("url".into(), format!("https://brightwater.example/{slug}").into());
    }
    page
}

fn webhooks() -> [(&'static str, Vec<&'static str>); 2] {
    [
        ("https://hooks.brightwater.example/crm", vec!["contact.created", "contact.updated"]),
        ("https://reports.brightwater.example/ghl/opportunities", vec!["opportunity.created"]),
    ]
}
