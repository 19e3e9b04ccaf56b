//! The prompts of the daily jobs: messages, appointments and invoices. Only the official API has their tools.

use super::{ArgumentKind, ArgumentPresence, Prompt, PromptArgument};

/// How far a prompt looks back.
const DAYS: PromptArgument = PromptArgument {
    name: "days",
    description: "How many days to look back; 30 if left out",
    kind: ArgumentKind::Days,
    presence: ArgumentPresence::Default("30"),
};

pub(super) const WAITING: Prompt = Prompt {
    name: "waiting_contacts",
    title: "Who waits for our answer",
    description: "Contacts whose last message nobody has answered, the longest wait first, with a draft answer for each.",
    arguments: &[],
    text: WAITING_TEXT,
};

pub(super) const NO_SHOWS: Prompt = Prompt {
    name: "no_shows",
    title: "Find no-shows",
    description: "Appointments that were missed and not booked again, and where that happens most.",
    arguments: &[DAYS],
    text: NO_SHOWS_TEXT,
};

pub(super) const UNPAID: Prompt = Prompt {
    name: "unpaid_invoices",
    title: "Unpaid and overdue invoices",
    description: "What is owed in each currency, by whom and for how long, with a next step for each.",
    arguments: &[],
    text: UNPAID_TEXT,
};

pub(super) const ANSWER_TIMES: Prompt = Prompt {
    name: "answer_times",
    title: "Speed to first answer",
    description: "How fast each owner's contacts get their first answer, and who got none.",
    arguments: &[DAYS],
    text: ANSWER_TIMES_TEXT,
};

pub(super) const UNTOUCHED: Prompt = Prompt {
    name: "untouched_contacts",
    title: "Contacts nobody spoke to",
    description: "Contacts of the last days that got no message, call or meeting, the newest first.",
    arguments: &[DAYS],
    text: UNTOUCHED_TEXT,
};

const WAITING_TEXT: &str = "\
Find the contacts that wait for our answer. Send nothing until I agree.

1. Call `query_crm`:
```sql
WITH said AS (
  SELECT v.*, v.lastMessageType LIKE '%EMAIL%' AS isMail, (
    SELECT m.id FROM messages m
    WHERE m.conversationId = v.id AND m.type NOT LIKE '%ACTIVITY%' AND m.type NOT LIKE '%INTERNAL%'
      AND NOT (m.direction = 'outbound' AND coalesce(m.status, '') IN ('failed', 'undelivered'))
    ORDER BY m.createdAt DESC LIMIT 1
  ) AS messageId
  FROM conversations v
)
SELECT s.contactId, coalesce(nullif(trim(c.firstName || ' ' || c.lastName), ''), s.contactName) AS contact,
  iif(isMail, s.lastMessageType, m.type) AS type, iif(isMail, s.lastMessageAt, m.createdAt) AS since,
  substr(iif(isMail, s.lastMessageBody, m.body), 1, 300) AS message, trim(u.firstName || ' ' || u.lastName) AS owner
FROM said s LEFT JOIN messages m ON m.id = s.messageId LEFT JOIN contacts c ON c.id = s.contactId
  LEFT JOIN users u ON u.id = c.assignedTo
WHERE iif(isMail, s.lastMessageDirection, m.direction) = 'inbound' AND (isMail OR coalesce(m.callStatus, '') <> 'completed')
ORDER BY since, s.id
LIMIT 50
```
2. Read the last messages of each with `list_messages` and their contactId. Leave out who only said thank you, and who does not
want to be written to (`get_contact`).
3. Give me a table, the longest wait first: contact, owner, channel, since when, what they want in a few words, and a draft
of an answer.
4. Ask which answers to send.

Say how old the data is, and say so if it is incomplete.";

const NO_SHOWS_TEXT: &str = "\
Find the appointments of the last {days} days that people missed. Change nothing until I agree.

1. Who missed one, and whether they have been here or are booked since. Call `query_crm`:
```sql
SELECT a.id, a.contactId, trim(c.firstName || ' ' || c.lastName) AS contact, c.phone, c.email, a.title, a.startTime,
  k.name AS calendar, trim(u.firstName || ' ' || u.lastName) AS owner,
  EXISTS (
    SELECT 1 FROM appointments b
    WHERE b.contactId = a.contactId AND b.startTime > a.startTime AND b.status IN ('new', 'confirmed', 'showed')
  ) AS bookedAgain
FROM appointments a LEFT JOIN contacts c ON c.id = a.contactId LEFT JOIN calendars k ON k.id = a.calendarId
  LEFT JOIN users u ON u.id = a.assignedTo
WHERE a.status = 'noshow' AND a.startTime >= datetime('now', '-{days} days')
ORDER BY bookedAgain, a.startTime DESC, a.id
LIMIT 50
```
2. Where it happens. Call `query_crm`:
```sql
SELECT k.name AS calendar, sum(a.status = 'noshow') AS missed, count(*) AS appointments,
  round(100.0 * sum(a.status = 'noshow') / count(*), 1) AS percent
FROM appointments a LEFT JOIN calendars k ON k.id = a.calendarId
WHERE a.status IN ('showed', 'noshow') AND a.startTime BETWEEN datetime('now', '-{days} days') AND datetime('now')
GROUP BY k.name
ORDER BY percent DESC, calendar
```
3. Past appointments that nobody marked. Call `query_crm`:
```sql
SELECT count(*) FROM appointments
WHERE status IN ('new', 'confirmed') AND endTime < datetime('now') AND startTime >= datetime('now', '-{days} days')
```
4. Give me the rate by calendar, then a table of those who are not booked again: contact, phone, what they missed and when,
and a suggestion (call, write, or offer another time from `list_free_slots`). If appointments are not marked, say that the
rate counts only marked ones.
5. Ask which to go on with. `list_appointments` shows what a contact has now.

Say how old the data is, and say so if it is incomplete.";

const UNPAID_TEXT: &str = "\
Show what is owed to us. Change nothing until I agree.

1. The sums. Call `query_crm`:
```sql
SELECT currency, count(*) AS invoices, round(sum(amountDue), 2) AS due,
  sum(dueDate < date('now')) AS overdue, round(sum(iif(dueDate < date('now'), amountDue, 0)), 2) AS overdueAmount
FROM invoices
WHERE status NOT IN ('draft', 'paid', 'void') AND amountDue > 0
GROUP BY currency
ORDER BY currency
```
2. Who owes it. Call `query_crm`:
```sql
SELECT i.id, i.number, i.name, i.contactId, coalesce(nullif(trim(c.firstName || ' ' || c.lastName), ''), i.contactName) AS contact,
  c.email, i.status, i.amountDue, i.total, i.currency, i.dueDate,
  CAST(julianday(date('now')) - julianday(i.dueDate) AS INTEGER) AS daysOverdue
FROM invoices i LEFT JOIN contacts c ON c.id = i.contactId
WHERE i.status NOT IN ('draft', 'paid', 'void') AND i.amountDue > 0
ORDER BY i.dueDate, i.id
LIMIT 100
```
3. Give me the sums for each currency by itself, then a table, the longest overdue first: contact, invoice, what is due, since
when, and a next step (remind, call, or wait because a payment is being processed). Check with `list_invoices` before you
remind anybody.

Never add up values across currencies. Say how old the data is, and say so if it is incomplete.";

const ANSWER_TIMES_TEXT: &str = "\
How fast do contacts get their first answer? Look at the last {days} days. Change nothing.

1. Call `query_crm`:
```sql
WITH asked AS (
  SELECT contactId, min(createdAt) AS at
  FROM messages
  WHERE direction = 'inbound' AND createdAt >= datetime('now', '-{days} days') AND coalesce(callStatus, '') <> 'completed'
    AND type NOT LIKE '%EMAIL%' AND type NOT LIKE '%ACTIVITY%'
  GROUP BY contactId
), answered AS (
  SELECT contactId, at, (
    SELECT min(m.createdAt) FROM messages m
    WHERE m.contactId = asked.contactId AND m.createdAt >= asked.at AND m.direction = 'outbound' AND m.userId <> ''
      AND coalesce(m.status, '') NOT IN ('failed', 'undelivered')
      AND m.type NOT LIKE '%ACTIVITY%' AND m.type NOT LIKE '%INTERNAL%'
  ) AS answer
  FROM asked
)
SELECT coalesce(nullif(trim(u.firstName || ' ' || u.lastName), ''), c.assignedTo, 'nobody') AS owner, count(*) AS contacts,
  count(a.answer) AS answered, round(avg(unixepoch(a.answer) - unixepoch(a.at)) / 60.0) AS minutes,
  round(max(unixepoch(a.answer) - unixepoch(a.at)) / 60.0) AS longest
FROM answered a LEFT JOIN contacts c ON c.id = a.contactId LEFT JOIN users u ON u.id = c.assignedTo
GROUP BY c.assignedTo
ORDER BY minutes, owner
```
2. Call `chart_crm` with kind bar and the same statement, with only owner and minutes in the last SELECT.
3. Give me a table by owner: contacts, how many got an answer, and how long that took on average and at most, in words such as
2 h 10 min. Name who got none with `list_conversations`.

Only messages that a person sent count as answers, and answers to e-mails are not counted: a thread of e-mails is one row.
Say how old the data is, and say so if it is incomplete.";

const UNTOUCHED_TEXT: &str = "\
Find the contacts of the last {days} days that nobody has spoken to. Change nothing until I agree.

1. Call `query_crm`:
```sql
SELECT c.id, trim(c.firstName || ' ' || c.lastName) AS contact, c.phone, c.email, c.source, c.createdAt,
  trim(u.firstName || ' ' || u.lastName) AS owner
FROM contacts c LEFT JOIN users u ON u.id = c.assignedTo
WHERE c.createdAt >= datetime('now', '-{days} days')
  AND NOT EXISTS (
    SELECT 1 FROM messages m
    WHERE m.contactId = c.id AND m.type NOT LIKE '%ACTIVITY%' AND m.type NOT LIKE '%INTERNAL%'
      AND (m.callStatus = 'completed' OR (m.direction = 'outbound' AND coalesce(m.status, '') NOT IN ('failed', 'undelivered')))
  )
  AND NOT EXISTS (
    SELECT 1 FROM conversations v
    WHERE v.contactId = c.id AND v.lastMessageType LIKE '%EMAIL%'
      AND (v.lastMessageDirection = 'outbound' OR v.lastManualMessageAt <> '')
  )
  AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.contactId = c.id AND a.status = 'showed')
ORDER BY c.createdAt DESC, c.id
LIMIT 100
```
2. Notes are in no table. For those that look important, see with `list_notes` whether somebody noted a talk, and with
`list_messages` whether an e-mail was answered.
3. Give me a table by owner: contact, how to reach them, where they came from, since when, and a next step.
4. Ask for which of them to create tasks.

Say how old the data is, and say so if it is incomplete.";
