//! The prompts. A text says what to do, step by step; the tools' own descriptions say how.

use super::{ArgumentKind, ArgumentPresence, Prompt, PromptArgument, daily};

/// The prompts in the order in which hosts list them.
pub static PROMPTS: [Prompt; 9] = [
    Prompt {
        name: "pipeline_review",
        title: "Review the pipeline",
        description: "Where the open deals stand, what is overdue, what changed this week, and what to do next.",
        arguments: &[],
        text: PIPELINE_REVIEW,
    },
    Prompt {
        name: "stale_deals",
        title: "Find stale deals",
        description: "Open deals that nobody has touched for some time, with their owners and a next step for each.",
        arguments: &[
            PromptArgument {
                name: "days",
                description: "Days without a change; 30 if left out",
                kind: ArgumentKind::Days,
                presence: ArgumentPresence::Default("30"),
            },
            PromptArgument {
                name: "owner",
                description: "The id of the user whose deals to look at; everybody's if left out",
                kind: ArgumentKind::Id("users"),
                presence: ArgumentPresence::Optional,
            },
        ],
        text: STALE_DEALS,
    },
    Prompt {
        name: "contact_cleanup",
        title: "Clean up contacts",
        description: "Likely duplicates and contacts that cannot be reached, and the changes that would put them right.",
        arguments: &[],
        text: CONTACT_CLEANUP,
    },
    Prompt {
        name: "page_checklist",
        title: "Check a page before it goes public",
        description: "What has to be right before a page is published, checked one by one.",
        arguments: &[PromptArgument {
            name: "page",
            description: "The page's id",
            kind: ArgumentKind::Id("pages"),
            presence: ArgumentPresence::Required,
        }],
        text: PAGE_CHECKLIST,
    },
    daily::WAITING,
    daily::NO_SHOWS,
    daily::UNPAID,
    daily::ANSWER_TIMES,
    daily::UNTOUCHED,
];

const PIPELINE_REVIEW: &str = "\
Review the sales pipeline of this account. Change nothing.

1. Call `describe_crm` to see the stages, the statuses and how fresh the data is.
2. Where the open deals stand. Call `query_crm`:
```sql
SELECT currency, stage, count(*) AS deals, sum(value) AS value, sum(value * probability / 100) AS weighted
FROM opportunities
WHERE status NOT IN ('won', 'lost')
GROUP BY currency, stage
ORDER BY currency, value DESC
```
3. What is overdue. Call `query_crm`:
```sql
SELECT id, name, value, currency, stage, expectedCloseDate, assignedTo
FROM opportunities
WHERE status NOT IN ('won', 'lost') AND expectedCloseDate < date('now')
ORDER BY expectedCloseDate
LIMIT 20
```
4. What was won and lost lately. Call `query_crm`:
```sql
SELECT status, currency, count(*) AS deals, sum(value) AS value
FROM opportunities
WHERE status IN ('won', 'lost') AND updatedAt >= datetime('now', '-30 days')
GROUP BY status, currency
```
5. Call `changes_since` with the day seven days ago and the table opportunities.
6. Call `chart_crm` with kind bar and this statement, for the currency with the most deals:
```sql
SELECT stage, sum(value) AS value
FROM opportunities
WHERE status NOT IN ('won', 'lost') AND currency = ?
GROUP BY stage
ORDER BY value DESC
```

Then write one page: the totals for each currency, the stages where deals pile up, the overdue deals with their owners'
names (`get_user`), what changed, and at most five things to do this week, the most valuable first. Never add up values
across currencies. Say how old the data is, and say so if it is incomplete.";

const STALE_DEALS: &str = "\
Find the open deals that nobody has touched for {days} days. Change nothing until I agree.

1. Call `describe_crm` to see how fresh the data is.
2. Call `query_crm`:
```sql
SELECT o.id, o.name, o.value, o.currency, o.stage, o.expectedCloseDate, o.assignedTo, o.updatedAt, o.contactId,
  c.firstName, c.lastName, c.email, c.phone
FROM opportunities o LEFT JOIN contacts c ON c.id = o.contactId
WHERE o.status NOT IN ('won', 'lost') AND o.updatedAt < datetime('now', '-{days} days')
  AND o.assignedTo = '{owner}'
ORDER BY o.currency, o.value DESC
LIMIT 50
```
3. Call `get_user` once for each owner, to name them.
4. Give me a table by owner: deal, value with its currency, stage, days without a change, contact, and one next step
(call, write, give a new closing date, or close as lost). Add up each currency by itself.
5. Ask which of the steps I want. Only then change deals.

Say how old the data is, and say so if it is incomplete.";

const CONTACT_CLEANUP: &str = "\
Help me clean up the contacts of this account. Change nothing until I agree to a list of changes.

1. Call `find_duplicates`. For each group, read its contacts with `get_contact`.
2. Which deals belong to them. Call `query_crm` with the contacts' ids:
```sql
SELECT contactId, count(*) AS deals FROM opportunities WHERE contactId IN (?, ?) GROUP BY contactId
```
3. Who cannot be reached. Call `query_crm`:
```sql
SELECT id, firstName, lastName, companyName, createdAt
FROM contacts
WHERE coalesce(email, '') = '' AND coalesce(phone, '') = ''
ORDER BY createdAt
LIMIT 50
```
4. Show me for each group: why these look like one person, which contact to keep (the one with deals, then the one with
more filled in, then the older), and which fields it lacks that another has. When in doubt, treat them as two people.
5. Ask which groups to go on with. For those, call `update_contact`: fill in the contact to keep, and add the
tag `duplicate` to each other one. Tags replace the whole set, so send the old ones too.

No tool here merges or deletes a contact: at the end list the tagged ones, so that I can merge them in GoHighLevel.";

const PAGE_CHECKLIST: &str = "\
Check whether the page with the id {page} is ready to go public. Change nothing until I agree.

1. Call `get_page` with that id, and read on where the content was cut. It must be a draft.
2. Call `list_pages` with the fields name, slug and status, to the end: no other page has its slug.
3. Call `list_funnels`: which funnel is it in, and at which step?
4. Check each of these, and quote what is wrong:
- name, title and slug match; the slug is short, in lower case, without spaces
- seoTitle is set and has at most 60 characters; seoDescription is set and has at most 160
- exactly one main heading, and it says what the page offers
- no placeholder is left: lorem ipsum, TODO, xxx, example.com, empty brackets or unfilled merge fields
- every link leads somewhere and not to `#`; none is plain http; pictures have an alternative text
- prices, dates, names and telephone numbers are the same everywhere on the page
- spelling; and an imprint, a privacy notice or consent where the page asks for personal data
5. Give me a table: check, pass or fail, what to do. Then one sentence: ready or not.
6. If I agree to corrections, make them with `update_page`, and check again.
7. Only if I ask for it, call `publish_page`. A person has to confirm it, and nothing here unpublishes a page.";
