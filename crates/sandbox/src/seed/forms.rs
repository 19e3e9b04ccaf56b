//! Sample forms and surveys with their submissions.

use super::contacts::Person;
use super::{AsOf, new_id, pick, put, word};
use crate::account::{Account, Fields, ObjectKind};
use crate::official::organization::{all, text};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

const FORMS: &[&str] = &["Free website audit", "Contact us", "Newsletter sign-up"];
const SURVEYS: &[&str] = &["Client satisfaction", "Onboarding questionnaire"];

/// The number of submissions: of the first two forms together, and of the first survey. The others have none.
const COUNTS: (i64, i64) = (48, 14);

const MESSAGES: &[&str] = &[
    "Please call me about a new website.",
    "How much is the SEO retainer?",
    "Our ads stopped working last week.",
    "We want to move from another CRM.",
    "Can you come by our office?",
];

const DAY: i64 = 24 * 60;

/// Adds forms, surveys and submissions, oldest first: one every eight or nine days, until this hour.
pub(super) fn fill(account: &mut Account, mut rng: ChaCha8Rng, people: &[Person], as_of: AsOf) {
    let rng = &mut rng;
    let forms = add(account, rng, ObjectKind::Forms, "form", FORMS);
    let surveys = add(account, rng, ObjectKind::Surveys, "survey", SURVEYS);
    let fields = all(account, ObjectKind::CustomFields);
    let field = |name: &str| fields.iter().find(|field| text(field, "name") == name).map(|field| text(field, "id"));
    let (industry, employees) = (field("industry").unwrap_or_default(), field("employees").unwrap_or_default());
    for number in 0..COUNTS.0 {
        let minutes = (COUNTS.0 - number) * 8 * DAY - rng.random_range(0..7 * DAY);
        let form = if number % 3 == 2 { 1 } else { 0 };
        let Some((form, name)) = forms.get(form).zip(FORMS.get(form)) else { continue };
        let mut answers = vec![("message", json!(word(rng, MESSAGES)))];
        if form == forms.first().unwrap_or(form) {
            let count = rng.random_range(2..60).to_string();
            answers.extend([("website", json!("https://client.example")), (employees, json!(count))]);
            answers.push((industry, json!(word(rng, &["Healthcare", "Legal", "Hospitality"]))));
        }
        let who = Who::draw(account, rng, people, number);
        let submission = submission(rng, ("formId", form, name), &who, &answers, as_of.minutes_ago(minutes));
        put(account, ObjectKind::FormSubmissions, &submission);
    }
    for number in 0..COUNTS.1 {
        let minutes = (COUNTS.1 - number) * 9 * DAY - rng.random_range(0..8 * DAY);
        let Some((survey, name)) = surveys.first().zip(SURVEYS.first()) else { continue };
        let score = rng.random_range(1..=10);
        let reasons = json!([word(rng, &["Speed", "Results"]), word(rng, &["Price", "Advice"])]);
        let answers = [("score", json!(score)), ("reasons", reasons), ("comment", json!(word(rng, MESSAGES)))];
        let who = Who::draw(account, rng, people, number + 1);
        let submission = submission(rng, ("surveyId", survey, name), &who, &answers, as_of.minutes_ago(minutes));
        put(account, ObjectKind::SurveySubmissions, &submission);
    }
}

fn add(account: &mut Account, rng: &mut ChaCha8Rng, kind: ObjectKind, is: &str, names: &[&str]) -> Vec<String> {
    let one = |name: &&str| {
        let id = new_id(rng);
        put(account, kind, &json!({ "id": id, "name": name, "type": is }));
        id
    };
    names.iter().map(one).collect()
}

/// The person who submits.
struct Who {
    contact: Option<String>,
    first: String,
    last: String,
    email: String,
    phone: String,
}

impl Who {
    /// A contact of the account, or for every seventh submission somebody who is none.
    fn draw(account: &Account, rng: &mut ChaCha8Rng, people: &[Person], number: i64) -> Self {
        let id = pick(rng, people).map(|person| person.id.as_str()).filter(|_| number % 7 != 6);
        let contact = id.and_then(|id| account.get(ObjectKind::Contacts, id));
        match contact {
            Some(contact) => Self {
                contact: id.map(str::to_owned),
                first: text(&contact, "firstName").to_owned(),
                last: text(&contact, "lastName").to_owned(),
                email: text(&contact, "email").to_owned(),
                phone: text(&contact, "phone").to_owned(),
            },
            None => Self {
                contact: None,
                first: "Robin".to_owned(),
                last: format!("Visitor {number}"),
                email: format!("visitor{number}@mailbox.example"),
                phone: String::new(),
            },
        }
    }
}

/// A submission. `of` is the member that names the form, its id, and its name.
fn submission(
    rng: &mut ChaCha8Rng,
    (member, form, form_name): (&str, &str, &str),
    who: &Who,
    answers: &[(&str, Value)],
    at: String,
) -> Value {
    let name = format!("{} {}", who.first, who.last);
    let mut others = Fields::new();
    let mut answer = |key: &str, value: Value| {
        if value.as_str().is_none_or(|text| !text.is_empty()) {
            others.insert(key.to_owned(), value);
        }
    };
    answer("full_name", json!(name));
    answer("first_name", json!(who.first));
    answer("last_name", json!(who.last));
    answer("email", json!(who.email));
    answer("phone", json!(who.phone));
    answers.iter().for_each(|(key, value)| answer(key, value.clone()));
    let order: Vec<_> = others.keys().cloned().collect();
    let page = json!({ "url": "https://brightwater.example/contact", "title": form_name });
    let event = json!({
        "page": page,
        "type": "page-visit",
        "domain": "brightwater.example",
        "medium": if member == "formId" { "form" } else { "survey" },
        "mediumId": form,
        "source": word(rng, &["Direct traffic", "Paid Search", "Organic Search"]),
    });
    others.insert("eventData".into(), event);
    others.insert("fieldsOriSequance".into(), json!(order));
    let mut submission =
        json!({ "id": new_id(rng), "createdAt": at, "name": name, "email": who.email, "others": others });
    if let Value::Object(submission) = &mut submission {
        submission.insert(member.to_owned(), form.into());
        submission.extend(who.contact.clone().map(|contact| ("contactId".to_owned(), contact.into())));
    }
    submission
}
