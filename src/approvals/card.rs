//! One request on the page.

use super::{
    requests::PageRequest,
    routes::NOTE_CHARS,
    sessions::Session,
    values::{Change, Shown},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use highlevel_core::clean;
use maud::{Markup, html};
use serde_json::Value;

/// The most characters of a client's name.
const NAME_CHARS: usize = 120;

pub(super) fn card(session: &Session, request: &PageRequest) -> Markup {
    let PageRequest { approval, id, .. } = request;
    let shown = Shown::of(&approval.asked.tool, &approval.asked.preview);
    html! {
        article.card aria-labelledby={ "title-" (id) } id={ "request-" (id) } {
            h2 id={ "title-" (id) } { bdi { (shown.sentence) } }
            p.meta { (who(&approval.asked.asker)) " asked " (ago(approval.asked.asked_at)) (until(request)) }
            @if shown.is_irreversible { p.badge { "Cannot be taken back" } }
            @if let Some(changed) = approval.changed_at {
                p.changed { "It changed " (ago(changed)) ", after the assistant had asked. This is how it is now." }
            }
            (facts("Account", &shown.account))
            (facts("What it is about", &shown.object))
            @if let Some(more) = &shown.not_shown { p.meta { "Not shown: " (more) } }
            (changes(&shown.changes))
            (facts("What is sent", &shown.arguments))
            @if request.waits() { (form(session, request)) } @else { (outcome(request)) }
        }
    }
}

fn who(asker: &Value) -> Markup {
    let name = |member: &str| {
        let name = asker.get(member).and_then(Value::as_str)?;
        Some(clean::line(name, NAME_CHARS)).filter(|name| !name.is_empty())
    };
    let client = name("caller").or_else(|| name("client")).unwrap_or_else(|| "An assistant".to_owned());
    html! {
        bdi.client { (client) }
        @if let Some(subject) = name("subject") { " for " bdi { (subject) } }
    }
}

fn until(request: &PageRequest) -> Markup {
    let expires = request.approval.asked.expires_at;
    html! { @if request.waits() { ", and it waits until " (moment(expires)) } "." }
}

/// Names and values.
fn facts(heading: &str, rows: &[(String, String)]) -> Markup {
    html! {
        @if !rows.is_empty() {
            h3 { (heading) }
            dl {
                @for (name, value) in rows {
                    div { dt { bdi { (name) } } dd { (text(Some(value))) } }
                }
            }
        }
    }
}

/// What is there beside what takes its place.
fn changes(changes: &[Change]) -> Markup {
    html! {
        @if !changes.is_empty() {
            h3 { "What changes" }
            dl.changes {
                @for Change { name, old, new } in changes {
                    div {
                        dt { bdi { (name) } }
                        @if old == new {
                            dd { (text(old.as_ref())) " " span.meta { "(stays)" } }
                        } @else {
                            dd.old { span.label { "Now" } del { (text(old.as_ref())) } }
                            dd.new { span.label { "Then" } ins { (text(new.as_ref())) } }
                        }
                    }
                }
            }
        }
    }
}

fn text(value: Option<&String>) -> Markup {
    match value {
        Some(value) if !value.is_empty() => html! { bdi.value { (value) } },
        _ => html! { span.meta { "nothing" } },
    }
}

fn form(session: &Session, request: &PageRequest) -> Markup {
    let id = &request.id;
    html! {
        form method="post" action="/approvals/decide" {
            input type="hidden" name="request" value=(id);
            input type="hidden" name="seen" value=(request.approval.asked.object_hash);
            input type="hidden" name="token" value=(session.form_token);
            label for={ "note-" (id) } { "A note, if you like" }
            textarea id={ "note-" (id) } name="note" rows="2" maxlength=(NOTE_CHARS)
                aria-describedby={ "about-note-" (id) } {}
            p.meta id={ "about-note-" (id) } { "It goes to the journal. If you decline, the assistant reads it." }
            div.buttons {
                button.agree type="submit" name="decision" value="agree" aria-describedby={ "title-" (id) } { "Agree" }
                button.decline type="submit" name="decision" value="decline" aria-describedby={ "title-" (id) } { "Decline" }
            }
        }
    }
}

/// What became of a request that was decided.
fn outcome(request: &PageRequest) -> Markup {
    let approval = &request.approval;
    let person = approval
        .person
        .clone()
        .map_or_else(|| "Somebody in a terminal".to_owned(), |name| clean::line(&name, NAME_CHARS));
    html! {
        p.outcome {
            @match (approval.declined_at, approval.approved_at) {
                (Some(at), _) => { strong { "Declined" } " by " bdi { (person) } " " (ago(at)) "." }
                (None, Some(at)) => {
                    strong { "Agreed" } " by " bdi { (person) } " " (ago(at)) "."
                    @if approval.spent_at.is_some() { " The assistant has gone on." }
                    @else { " The assistant can go on: tell it that you agreed." }
                }
                (None, None) => { strong { "Over" } ". The call was made in another way." }
            }
        }
        @if let Some(note) = &approval.note { p.note { "“" bdi { (clean::text(note).0) } "”" } }
    }
}

/// How long ago a moment is.
fn ago(at: DateTime<Utc>) -> Markup {
    let passed = Utc::now() - at;
    let words = match passed {
        passed if passed < TimeDelta::minutes(1) => "just now".to_owned(),
        passed if passed < TimeDelta::hours(1) => count(passed.num_minutes(), "minute"),
        passed => count(passed.num_hours(), "hour"),
    };
    html! { time datetime=(machine(at)) title=(human(at)) { (words) } }
}

fn count(number: i64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural} ago")
}

fn moment(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(machine(at)) { (human(at)) } }
}

fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn human(at: DateTime<Utc>) -> String {
    at.format("%-d %B, %H:%M UTC").to_string()
}
