//! The page around the requests: one document, with its style and its script in it, and nothing from elsewhere.

use super::{
    card::card,
    requests::{PageRequest, fingerprint},
    sessions::Session,
};
use axum::http::HeaderValue;
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use highlevel_core::{
    clean,
    error::{Code, Error},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most characters of an error's message.
const MESSAGE_CHARS: usize = 500;

pub(super) const WRONG_KEY: &str = "This is not the key of an approver.";
pub(super) const USED_LINK: &str =
    "This link was used or has expired. `highlevel-mcp approvals link` prints a new one.";
pub(super) const TOO_MANY: &str = "This is neither an approver's key nor a valid link, like many that came from your address before. A right one works.";

/// Everything that the page may load: its own style and script, by their hashes.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let hash = |text: &str| BASE64.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    HeaderValue::from_str(&policy).ok()
});

pub(super) fn policy() -> HeaderValue {
    POLICY.clone().unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// What a person is told about what they just did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    Agreed,
    Declined,
    Changed,
    Already,
    Gone,
    LoggedOut,
}

impl Notice {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Declined => "declined",
            Self::Changed => "changed",
            Self::Already => "already",
            Self::Gone => "gone",
            Self::LoggedOut => "logged-out",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Agreed, Self::Declined, Self::Changed, Self::Already, Self::Gone, Self::LoggedOut];
        all.into_iter().find(|notice| notice.name() == name)
    }

    /// Whether it is so: an address that somebody made up may say anything. `request`: what the person decided about.
    fn is_true_of(self, request: Option<&PageRequest>) -> bool {
        let Some(request) = request else { return self == Self::Gone };
        let approval = &request.approval;
        match self {
            Self::Agreed => approval.approved_at.is_some() && approval.declined_at.is_none(),
            Self::Declined => approval.declined_at.is_some(),
            Self::Changed => request.waits() && approval.changed_at.is_some(),
            Self::Already => !request.waits(),
            Self::Gone | Self::LoggedOut => false,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Agreed => "Agreed. Tell the assistant that you did, and it goes on.",
            Self::Declined => "Declined. Nothing is done.",
            Self::Changed => {
                "Not agreed: it changed since the page was loaded. Below is how it is now. Look at it, and decide again."
            }
            Self::Already => "Nothing was recorded: somebody has decided about it already.",
            Self::Gone => "This request is not here any more: it has expired, or it is for another account.",
            Self::LoggedOut => "You were logged out in between, so that nothing was recorded.",
        }
    }
}

fn document(title: &str, state: Option<&str>, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · highlevel-mcp" }
                style { (PreEscaped(STYLE)) }
            }
            body data-state=[state] {
                (body)
                @if state.is_some() { script { (PreEscaped(SCRIPT)) } }
            }
        }
    }
}

/// The requests of a person.
pub(super) fn list(
    session: &Session,
    requests: &[PageRequest],
    first: Option<&str>,
    notice: Option<Notice>,
    error: Option<&Error>,
) -> Markup {
    let is_first = |request: &&PageRequest| Some(request.id.as_str()) == first;
    let waiting = requests.iter().filter(|request| request.waits()).count();
    let title = if waiting == 0 { "Approvals".to_owned() } else { format!("({waiting}) Approvals") };
    let named = requests.iter().find(is_first);
    let notice = match first {
        // A link to a request that this person does not see.
        Some(_) if named.is_none() && error.is_none() => Some(Notice::Gone),
        Some(_) => notice.filter(|notice| notice.is_true_of(named)),
        None => None,
    };
    let body = html! {
        header {
            h1 { "Approvals" }
            form method="post" action="/approvals/logout" {
                input type="hidden" name="token" value=(session.form_token);
                span.meta { bdi { (clean::line(&session.approver.person, 60)) } }
                button.quiet type="submit" { "Log out" }
            }
        }
        main {
            @if let Some(notice) = notice {
                p.notice role="status" tabindex="-1" autofocus { (notice.words()) }
            }
            @if let Some(error) = error {
                p.notice.problem role="alert" tabindex="-1" autofocus {
                    "Not agreed. "
                    @if error.code != Code::PolicyDenied { "It could not be read again. " }
                    (clean::line(&error.message, MESSAGE_CHARS))
                }
            }
            p #news role="status" aria-live="polite" {}
            @for request in requests.iter().filter(is_first) { (card(session, request)) }
            @for request in requests.iter().filter(|request| request.waits() && !is_first(request)) {
                (card(session, request))
            }
            @if waiting == 0 {
                p.empty { "Nothing waits for you." }
            }
            @let decided: Vec<_> = requests.iter().filter(|request| !request.waits() && !is_first(request)).collect();
            @if !decided.is_empty() {
                details {
                    summary { "Decided in the last 24 hours (" (decided.len()) ")" }
                    @for request in decided.iter().rev() { (card(session, request)) }
                }
            }
        }
        (footer())
    };
    document(&title, Some(&fingerprint(requests)), body)
}

/// The form for an approver's key. `request`: what they came for.
pub(super) fn login(request: Option<&str>, problem: Option<&str>) -> Markup {
    let body = html! {
        main.narrow {
            h1 { "Approvals" }
            p { "An assistant asks before it does what cannot be taken back. Log in to see what waits for you." }
            form method="post" action="/approvals/login" {
                @if let Some(problem) = problem { p.notice.problem #problem role="alert" { (problem) } }
                @if let Some(request) = request { input type="hidden" name="request" value=(request); }
                label for="key" { "Your approval key" }
                input #key type="password" name="key" autocomplete="current-password" required autofocus
                    maxlength="200" aria-describedby=[problem.map(|_| "problem")];
                button.agree type="submit" { "Log in" }
            }
            p.meta {
                "Without a key, " code { "highlevel-mcp approvals link" }
                " prints a one-time link in a terminal of the machine that serves this page."
            }
        }
        (footer())
    };
    document("Log in", None, body)
}

/// What a one-time link leads to: a button, so that only a person spends it.
pub(super) fn link(key: &str, problem: Option<&str>) -> Markup {
    let body = html! {
        main.narrow {
            h1 { "Approvals" }
            @if let Some(problem) = problem {
                p.notice.problem role="alert" { (problem) }
                p { a href="/approvals" { "Log in with a key" } }
            } @else {
                p { "This link logs you in once." }
                form method="post" action="/approvals/open" {
                    input type="hidden" name="key" value=(key);
                    button.agree type="submit" autofocus { "Continue" }
                }
            }
        }
        (footer())
    };
    document("One-time link", None, body)
}

pub(super) fn message(title: &str, text: &str) -> Markup {
    let body = html! {
        main.narrow {
            h1 { (title) }
            p role="alert" { (clean::line(text, MESSAGE_CHARS)) }
            p { a href="/approvals" { "To the approval page" } }
        }
        (footer())
    };
    document(title, None, body)
}

/// A page that loads itself again at once.
pub(super) fn reload() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="refresh" content="0";
                title { "Approvals · highlevel-mcp" }
            }
            body { main { p { a href="" { "Continue to the approval page" } } } }
        }
    }
}

fn footer() -> Markup {
    html! { footer { p.meta { "highlevel-mcp. What you agree to is done once, and only as shown." } } }
}
