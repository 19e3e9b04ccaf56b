//! The mirror's tables: what `query_crm` sees. Columns carry the API's own names (SQLite does not care about case); the
//! few that could not are told by [`Table::remark`].

use serde_json::Value;
use std::fmt::Write;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text as the API gave it.
    Text,
    /// A number.
    Number,
    /// A date or a time, as SQLite's functions write them, so that both compare: `2025-11-03`, `2025-11-03 15:30:00` (UTC).
    Date,
    /// A day, which some accounts store as its first moment.
    Day,
    /// A list or an object as JSON text, for SQLite's JSON functions.
    Json,
}

/// One column and where in the object it comes from.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The member of the object, or of its member before the dot.
    pub from: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What a table of parts is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// A list of texts: one row a text.
    Tags,
    /// An object: one row a member.
    Fields,
    /// A funnel's pages.
    Pages,
}

/// A table that belongs to another: what an object has several of.
#[derive(Debug)]
pub struct Child {
    /// Its name.
    pub name: &'static str,
    /// The member of the object.
    pub from: &'static str,
    /// What it is made of.
    pub parts: Parts,
    /// Its columns; the first is the id of the object.
    pub columns: &'static [&'static str],
}

/// One kind of object.
#[derive(Debug)]
pub struct Table {
    /// Its name, the plural.
    pub name: &'static str,
    /// What one row is called.
    pub one: &'static str,
    /// The tool that reads its objects. Where that is hidden by a setting, the table is.
    pub tool: &'static str,
    /// Its columns, beside `id`, which comes first, and `other`, which comes last and holds, as JSON, what has no column.
    pub columns: &'static [Column],
    /// Its tables of parts.
    pub children: &'static [Child],
    /// Members that are not kept at all.
    pub dropped: &'static [&'static str],
    /// The columns that make up its name.
    pub title: &'static [&'static str],
    /// The further columns that are searched.
    pub searched: &'static [&'static str],
    /// The further columns that a search shows.
    pub shown: &'static [&'static str],
    /// Whether a list tells all that there is to know of an object, so that what is absent is empty.
    pub listed_whole: bool,
    /// What a reader should know.
    pub remark: &'static str,
}

const fn column(name: &'static str, from: &'static str, kind: Kind) -> Column {
    Column { name, from, kind }
}
const fn text(name: &'static str) -> Column {
    column(name, name, Kind::Text)
}
const fn number(name: &'static str) -> Column {
    column(name, name, Kind::Number)
}
const fn date(name: &'static str) -> Column {
    column(name, name, Kind::Date)
}
const fn day(name: &'static str) -> Column {
    column(name, name, Kind::Day)
}
const fn json(name: &'static str) -> Column {
    column(name, name, Kind::Json)
}
const fn within(name: &'static str, from: &'static str) -> Column {
    column(name, from, Kind::Text)
}

const PLAIN: Table = Table {
    name: "",
    one: "",
    tool: "",
    columns: &[],
    children: &[],
    dropped: &[],
    title: &["name"],
    searched: &[],
    shown: &[],
    listed_whole: true,
    remark: "",
};

/// Every table, the ones that are asked for most first.
pub static TABLES: &[Table] = &[
    Table {
        name: "contacts",
        one: "contact",
        tool: "list_contacts",
        columns: &[
            text("firstName"),
            text("lastName"),
            text("email"),
            text("phone"),
            text("companyName"),
            text("source"),
            text("assignedTo"),
            within("street", "address.street"),
            within("city", "address.city"),
            within("state", "address.state"),
            within("postalCode", "address.postalCode"),
            within("country", "address.country"),
            date("createdAt"),
            date("updatedAt"),
        ],
        children: &[
            Child { name: "contact_tags", from: "tags", parts: Parts::Tags, columns: &["contactId", "tag"] },
            Child {
                name: "contact_fields",
                from: "customFields",
                parts: Parts::Fields,
                columns: &["contactId", "key", "value"],
            },
        ],
        title: &["firstName", "lastName"],
        searched: &["email", "companyName", "phone"],
        ..PLAIN
    },
    Table {
        name: "opportunities",
        one: "opportunity",
        tool: "list_opportunities",
        columns: &[
            text("name"),
            text("contactId"),
            number("value"),
            text("currency"),
            text("status"),
            text("stage"),
            number("probability"),
            day("expectedCloseDate"),
            text("assignedTo"),
            date("createdAt"),
            date("updatedAt"),
        ],
        children: &[Child {
            name: "opportunity_tags",
            from: "tags",
            parts: Parts::Tags,
            columns: &["opportunityId", "tag"],
        }],
        shown: &["status", "stage", "value", "currency", "assignedTo", "contactId"],
        ..PLAIN
    },
    Table {
        name: "campaigns",
        one: "campaign",
        tool: "list_campaigns",
        columns: &[text("name"), text("type"), text("status"), text("template"), date("createdAt"), date("updatedAt")],
        ..PLAIN
    },
    Table {
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
    },
    Table {
        name: "funnels",
        one: "funnel",
        tool: "list_funnels",
        columns: &[text("name"), text("type"), date("createdAt")],
        children: &[Child {
            name: "funnel_pages",
            from: "pages",
            parts: Parts::Pages,
            columns: &["funnelId", "pageId", "name", "position"],
        }],
        ..PLAIN
    },
    Table {
        name: "webhooks",
        one: "webhook",
        tool: "list_webhooks",
        columns: &[text("url"), json("events"), text("status"), date("createdAt")],
        dropped: &["secret"],
        title: &["url"],
        ..PLAIN
    },
    Table {
        name: "locations",
        one: "location",
        tool: "list_locations",
        columns: &[text("name"), text("address"), text("phone"), text("email"), text("timezone"), json("settings")],
        searched: &["email", "phone"],
        listed_whole: false,
        remark: "all but the default one have only id and name",
        ..PLAIN
    },
    Table {
        name: "users",
        one: "user",
        tool: "get_user",
        columns: &[text("firstName"), text("lastName"), text("email"), text("role"), date("createdAt")],
        title: &["firstName", "lastName"],
        searched: &["email"],
        remark: "those that own something, and you",
        ..PLAIN
    },
];

impl Table {
    /// The names of the columns, in order.
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> {
        let own = self.columns.iter().map(|column| column.name);
        std::iter::once("id").chain(own).chain(std::iter::once("other"))
    }

    /// The table of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The table that a name, its own or that of a table of parts, belongs to, in any case as for SQLite.
    pub fn owning(name: &str) -> Option<&'static Self> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let has = |table: &&Self| is(table.name) || table.children.iter().any(|child| is(child.name));
        TABLES.iter().find(has)
    }
}

/// The names of these tables as a JSON list, for `json_each`.
pub(super) fn names(tables: &[&Table]) -> String {
    Value::from_iter(tables.iter().map(|table| table.name)).to_string()
}

/// What a query may read: every table's name with its columns.
pub fn readable() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    TABLES.iter().flat_map(|table| {
        let children = table.children.iter().map(|child| (child.name, child.columns.to_vec()));
        std::iter::once((table.name, table.column_names().collect())).chain(children)
    })
}

/// A stamp for each table. It gets another random value in each transaction that changes rows of the table, so that equal
/// stamps mean equal rows, also when the file was rebuilt.
pub(super) const REVISIONS: &str = "CREATE TABLE revisions (name TEXT PRIMARY KEY, stamp INTEGER NOT NULL) STRICT;
     INSERT INTO revisions SELECT name, random() FROM (SELECT name FROM scans UNION SELECT name FROM searchable);";

/// The clients of writes, for a file that was made without them.
pub(super) const CLIENTS: &str =
    "ALTER TABLE changes ADD COLUMN client TEXT; ALTER TABLE touched ADD COLUMN client TEXT;";

/// The type of a column of a table of parts. What may be text or number keeps the type of each value.
pub(super) fn part_type(column: &str) -> &'static str {
    match column {
        "value" | "position" => "",
        _ => "TEXT",
    }
}

/// The columns of a table with their types, beside `id` and `other`.
pub(super) fn typed_columns(table: &Table) -> String {
    table.columns.iter().fold(String::new(), |mut all, column| {
        let of = if column.kind == Kind::Number { "REAL" } else { "TEXT" };
        // Writing to a string does not fail.
        let _ = write!(all, ", \"{}\" {of}", column.name);
        all
    })
}

/// The statements that make an empty mirror.
pub(super) fn ddl() -> String {
    let mut sql = String::from(
        "CREATE TABLE scans (
             name TEXT PRIMARY KEY, owner TEXT, lease_until INTEGER NOT NULL DEFAULT 0, started_at INTEGER,
             next_offset INTEGER NOT NULL DEFAULT 0, place TEXT, total INTEGER, drifted INTEGER NOT NULL DEFAULT 0,
             spent_ms INTEGER NOT NULL DEFAULT 0, complete_at INTEGER, took_ms INTEGER, ended_at INTEGER,
             short TEXT, fault TEXT, lacking TEXT, lacks TEXT
         ) STRICT;
         CREATE TABLE scanning (name TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (name, id)) STRICT, WITHOUT ROWID;
         CREATE TABLE touched (
             name TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, tool TEXT, members TEXT, sent_at INTEGER NOT NULL,
             client TEXT, PRIMARY KEY (name, id)
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE changes (
             seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, change TEXT NOT NULL,
             title TEXT, fields TEXT, tool TEXT, client TEXT
         ) STRICT;
         CREATE INDEX changes_at ON changes (at);
         CREATE TABLE searchable (key INTEGER PRIMARY KEY, name TEXT NOT NULL, id TEXT NOT NULL, UNIQUE (name, id)) STRICT;
         CREATE VIRTUAL TABLE search USING fts5 (title, other, digits, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');\n",
    );
    for table in TABLES {
        let columns = typed_columns(table);
        // Not STRICT: what does not fit its column's type is kept as it came.
        let _ = writeln!(sql, "CREATE TABLE {} (id TEXT PRIMARY KEY NOT NULL{columns}, other TEXT);", table.name);
        // Each question counts the texts in number columns and reports them: this index keeps the count cheap.
        for Column { name, .. } in table.columns.iter().filter(|column| column.kind == Kind::Number) {
            let _ = writeln!(sql, "CREATE INDEX {0}_{name} ON {0} (id) WHERE typeof({name}) = 'text';", table.name);
        }
        for child in table.children {
            let [owner, rest @ ..] = child.columns else { continue };
            let rest = rest.iter().fold(String::new(), |mut all, name| {
                let _ = write!(all, ", {name} {}", part_type(name));
                all
            });
            let _ = writeln!(
                sql,
                "CREATE TABLE {0} ({owner} TEXT NOT NULL{rest}); CREATE INDEX {0}_owner ON {0} ({owner});",
                child.name
            );
        }
    }
    // By tag and contact: by the tag alone, whether one contact has it would be looked for among all that do.
    sql.push_str(
        "CREATE INDEX contacts_email ON contacts (email COLLATE NOCASE);
         CREATE INDEX opportunities_contact ON opportunities (contactId);
         CREATE INDEX contact_tags_tag ON contact_tags (tag, contactId);\n",
    );
    sql.push_str(REVISIONS);
    sql
}
