//! The questions of the daily jobs: the statements of the prompts, with the right answers computed from the sandbox's books.
//! docs/questions.md shows the same statements. Only the official API has what they need.

mod talks;

use super::{Rows, same_row, synced, truth::written};
use crate::support::{Account, Api, Host, Manners, in_both_manners};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use highlevel_mcp::mcp::{PROMPTS, Prompt};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// The days that the prompts look back.
const DAYS: i64 = 30;

/// Computes the right rows of a statement.
type Answer = fn(&Books) -> Rows;

/// The answers to the statements of a prompt, in their order.
const DAILY: &[(&str, &[Answer])] = &[
    ("waiting_contacts", &[talks::waiting]),
    ("no_shows", &[missed, missed_by_calendar, unmarked]),
    ("unpaid_invoices", &[owed, owing]),
    ("answer_times", &[talks::answer_times]),
    ("untouched_contacts", &[talks::untouched]),
];

in_both_manners!(the_prompts_statements_answer_as_the_books_do);

/// Dates count back from now, so that "in the last 30 days" has an answer.
async fn the_prompts_statements_answer_as_the_books_do(manners: Manners) {
    for contacts in [250, 1_000] {
        let config = SandboxConfig { manners: manners.clone(), ..super::config(Api::Official, contacts) };
        let account = Account::with(config).await;
        let host = synced(&account).await;
        let books = Books::of(&account).await;
        for (name, answers) in DAILY {
            let statements = statements(name);
            assert_eq!(statements.len(), answers.len(), "{name}");
            for (sql, answer) in statements.iter().zip(*answers) {
                is_right(&host, name, sql, &answer(&books)).await;
            }
        }
    }
}

async fn is_right(host: &Host, name: &str, sql: &str, expected: &Rows) {
    let answer = host.answer("query_crm", json!({"sql": sql})).await;
    assert_eq!(answer["complete"], true, "{name}: {answer}");
    assert!(!expected.is_empty(), "{name}: a question without an answer shows nothing\n{sql}");
    let rows: Rows = serde_json::from_value(answer["rows"].clone()).unwrap();
    let differ = rows.iter().zip(expected).position(|(row, right)| !same_row(row, right));
    if let Some(at) = differ {
        panic!("{name}, row {at}: {} instead of {}\n{sql}", json!(rows[at]), json!(expected[at]));
    }
    assert_eq!(rows.len(), expected.len(), "{name}: {answer}\n{sql}");
}

fn prompt(name: &str) -> &'static Prompt {
    PROMPTS.iter().find(|prompt| prompt.name == name).unwrap()
}

/// The statements of a prompt with its arguments' defaults.
fn statements(name: &str) -> Vec<String> {
    let text = prompt(name).fill(Map::new()).unwrap();
    let parts = text.split("```sql\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap().trim().to_owned()).collect()
}

/// The documented statements are those of the prompts.
#[test]
fn the_statements_are_documented() {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let documented = squeezed(include_str!("../../docs/questions.md"));
    for (name, _) in DAILY {
        assert!(documented.contains(&format!("`{name}`")), "docs/questions.md names {name}");
        for sql in statements(name) {
            assert!(documented.contains(&squeezed(&sql)), "docs/questions.md shows this statement of {name}:\n{sql}");
        }
    }
}

/// The sandbox's objects, read through its management endpoints and not by the server.
struct Books {
    now: DateTime<Utc>,
    /// As the API can report them.
    contacts: HashMap<String, Value>,
    users: HashMap<String, Value>,
    calendars: HashMap<String, Value>,
    appointments: Vec<Value>,
    invoices: Vec<Value>,
    conversations: Vec<Value>,
    messages: Vec<Value>,
    /// The e-mails of the threads among the messages.
    emails: Vec<Value>,
}

impl Books {
    async fn of(account: &Account) -> Self {
        let by_id = |objects: Vec<Value>| objects.into_iter().map(|object| (text(&object, "id"), object)).collect();
        Self {
            now: Utc::now(),
            contacts: by_id(account.reported("contacts").await),
            users: by_id(account.objects("users").await),
            calendars: by_id(account.objects("calendars").await),
            appointments: account.objects("appointments").await,
            invoices: account.objects("invoices").await,
            conversations: account.objects("conversations").await,
            messages: account.objects("messages").await,
            emails: account.objects("emails").await,
        }
    }

    fn since(&self) -> DateTime<Utc> {
        self.now - Duration::days(DAYS)
    }

    fn contact(&self, id: &Value) -> &Value {
        id.as_str().and_then(|id| self.contacts.get(id)).unwrap_or(&Value::Null)
    }

    fn calendar(&self, appointment: &Value) -> &Value {
        let id = appointment["calendarId"].as_str().unwrap();
        &self.calendars[id]["name"]
    }

    fn user(&self, id: &Value) -> Value {
        id.as_str().and_then(|id| self.users.get(id)).map_or(Value::Null, name)
    }
}

fn text(object: &Value, member: &str) -> String {
    object[member].as_str().unwrap_or_default().to_owned()
}

fn number(object: &Value, member: &str) -> f64 {
    object[member].as_f64().unwrap_or_default()
}

fn time(object: &Value, member: &str) -> DateTime<Utc> {
    text(object, member).parse().unwrap()
}

fn day(object: &Value, member: &str) -> NaiveDate {
    text(object, member)[..10].parse().unwrap()
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// A person's full name; null for nobody.
fn name(person: &Value) -> Value {
    match (person["firstName"].as_str(), person["lastName"].as_str()) {
        (Some(first), Some(last)) => format!("{first} {last}").trim().into(),
        _ => Value::Null,
    }
}

fn missed(books: &Books) -> Rows {
    let is_missed = |one: &&Value| one["appointmentStatus"] == "noshow" && time(one, "startTime") >= books.since();
    let again = |one: &Value| {
        let is_again = |other: &&Value| {
            other["contactId"] == one["contactId"]
                && time(other, "startTime") > time(one, "startTime")
                && ["new", "confirmed", "showed"].contains(&text(other, "appointmentStatus").as_str())
        };
        u8::from(books.appointments.iter().any(|other| is_again(&other)))
    };
    let mut all: Vec<_> = books.appointments.iter().filter(is_missed).collect();
    all.sort_by_key(|one| (again(one), std::cmp::Reverse(time(one, "startTime")), text(one, "id")));
    let row = |one: &&Value| {
        let contact = books.contact(&one["contactId"]);
        row![
            one["id"],
            one["contactId"],
            name(contact),
            contact["phone"],
            contact["email"],
            one["title"],
            written(time(one, "startTime")),
            books.calendar(one),
            books.user(&one["assignedUserId"]),
            again(one),
        ]
    };
    all.iter().take(50).map(row).collect()
}

fn missed_by_calendar(books: &Books) -> Rows {
    let mut calendars: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for one in &books.appointments {
        let (start, status) = (time(one, "startTime"), text(one, "appointmentStatus"));
        if start < books.since() || start > books.now || !["showed", "noshow"].contains(&status.as_str()) {
            continue;
        }
        let counts = calendars.entry(books.calendar(one).as_str().unwrap().to_owned()).or_default();
        counts.0 += u32::from(status == "noshow");
        counts.1 += 1;
    }
    let percent = |(missed, all): (u32, u32)| (1000.0 * f64::from(missed) / f64::from(all)).round() / 10.0;
    let mut all: Vec<_> = calendars.into_iter().collect();
    all.sort_by(|(name, counts), (other, others)| {
        percent(*others).total_cmp(&percent(*counts)).then_with(|| name.cmp(other))
    });
    all.into_iter().map(|(name, counts)| row![name, counts.0, counts.1, percent(counts)]).collect()
}

fn unmarked(books: &Books) -> Rows {
    let is_unmarked = |one: &&Value| {
        ["new", "confirmed"].contains(&text(one, "appointmentStatus").as_str())
            && time(one, "endTime") < books.now
            && time(one, "startTime") >= books.since()
    };
    vec![row![books.appointments.iter().filter(is_unmarked).count()]]
}

/// The invoices that somebody still owes.
fn open(books: &Books) -> impl Iterator<Item = &Value> {
    let is_open = |one: &&Value| {
        !["draft", "paid", "void"].contains(&text(one, "status").as_str()) && number(one, "amountDue") > 0.0
    };
    books.invoices.iter().filter(is_open)
}

fn owed(books: &Books) -> Rows {
    let today = books.now.date_naive();
    let mut sums: BTreeMap<String, (usize, f64, usize, f64)> = BTreeMap::new();
    for one in open(books) {
        let sum = sums.entry(text(one, "currency")).or_default();
        let (due, is_overdue) = (number(one, "amountDue"), day(one, "dueDate") < today);
        sum.0 += 1;
        sum.1 += due;
        sum.2 += usize::from(is_overdue);
        sum.3 += if is_overdue { due } else { 0.0 };
    }
    let row =
        |(currency, sum): (String, (usize, f64, usize, f64))| row![currency, sum.0, cents(sum.1), sum.2, cents(sum.3)];
    sums.into_iter().map(row).collect()
}

fn owing(books: &Books) -> Rows {
    let mut all: Vec<_> = open(books).collect();
    all.sort_by_key(|one| (day(one, "dueDate"), text(one, "id")));
    let row = |one: &&Value| {
        let of = &one["contactDetails"];
        let contact = books.contact(&of["id"]);
        let name = Some(name(contact)).filter(|name| !name.is_null()).unwrap_or_else(|| of["name"].clone());
        row![
            one["id"],
            one["invoiceNumber"],
            one["name"],
            of["id"],
            name,
            contact["email"],
            one["status"],
            one["amountDue"],
            one["total"],
            one["currency"],
            day(one, "dueDate").to_string(),
            (books.now.date_naive() - day(one, "dueDate")).num_days(),
        ]
    };
    all.iter().take(100).map(row).collect()
}
