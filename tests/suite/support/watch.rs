//! Checks that no server in any test shows its token. Servers log at trace level, and logs, answers and files must contain
//! neither the given token nor a refreshed one. Only the store's table of refreshed tokens may hold those.

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::NamedTempFile;

/// The first characters of each token that a sandbox issues, and so of each refreshed one: `{"alg":` in base64.
const ISSUED: &str = "eyJhbGci";

/// How much of a log is shown when its test fails.
const SHOWN: usize = 4_000;

/// A variable with further tokens to watch for, one a line. The server does not read it.
pub const WATCHED: &str = "TEST_WATCHED_TOKENS";

/// Watches one server process. Checks its log and files when it is dropped.
pub struct Watch {
    given: Vec<String>,
    state: Option<PathBuf>,
    log: Option<NamedTempFile>,
}

impl Watch {
    /// Watches the process of this command. Its log goes to a file, at trace level unless the test chooses another.
    pub fn logging(command: &mut Command) -> Self {
        let mut watch = Self::of(command);
        watch.log = Some(NamedTempFile::new().unwrap());
        command.stderr(watch.reopened());
        watch
    }

    /// The log file, for the process to write to.
    pub fn reopened(&self) -> fs::File {
        self.log.as_ref().expect("it logs to a file").reopen().unwrap()
    }

    /// The same without a log file: the caller reads the process's output.
    pub fn of(command: &mut Command) -> Self {
        let variable = |name: &str| {
            let mut all = command.get_envs();
            all.find_map(|(other, value)| (other == name).then(|| value.map(OsStr::to_owned)).flatten())
        };
        let text = |name: &str| variable(name).and_then(|text| text.into_string().ok()).unwrap_or_default();
        let further = text(WATCHED);
        let given = std::iter::once(text("GHL_TOKEN_ID")).chain(further.lines().map(str::to_owned));
        let given = given.filter(|token| !token.is_empty()).collect();
        let state = variable("GHL_STATE_DIR").map(PathBuf::from);
        if variable("GHL_LOG").is_none() {
            command.env("GHL_LOG", "trace");
        }
        Self { given, state, log: None }
    }

    /// Watches a server in this process, which has no log.
    pub fn in_process(given: &str, state: &Path) -> Self {
        Self { given: vec![given.to_owned()], state: Some(state.to_owned()), log: None }
    }

    /// The log so far.
    pub fn log(&self) -> String {
        let read = self.log.as_ref().map(|log| fs::read(log.path()).unwrap());
        String::from_utf8_lossy(&read.unwrap_or_default()).into_owned()
    }

    /// Checks an answer of the server.
    pub fn said(&self, value: &Value) {
        self.text("an answer", value.to_string().as_bytes());
    }

    /// Checks a text that the process wrote.
    pub fn text(&self, what: &str, text: &[u8]) {
        for secret in self.given.iter().map(String::as_str).chain([ISSUED]) {
            let shown = String::from_utf8_lossy(text);
            assert!(!holds(text, secret), "{what} shows a token: {shown}");
        }
    }

    fn files(&self, directory: &Path) {
        // A test may have removed the directory.
        for entry in fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_string_lossy().into_owned();
            match name.as_str() {
                _ if entry.is_dir() => self.files(&entry),
                // `auth set` stores the token here.
                name if name == "token" || name.starts_with("token-") => {}
                "state.db" | "journal.db" => self.database(&entry),
                // SQLite's journals of the same tables.
                "state.db-wal" | "state.db-shm" => {}
                // SQLite, or a server that is still shutting down, may remove a file at any moment.
                _ => self.text(&name, &fs::read(&entry).unwrap_or_default()),
            }
        }
    }

    fn database(&self, path: &Path) {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        db.busy_timeout(Duration::from_secs(5)).unwrap();
        let Ok(mut names) = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'") else {
            // A test put something else there.
            return self.text("a file that is no database", &fs::read(path).unwrap());
        };
        let tables: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in tables {
            let mut rows = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    let (ValueRef::Text(value) | ValueRef::Blob(value)) = row.get_ref(column).unwrap() else {
                        continue;
                    };
                    match self.given.first() {
                        // This table holds refreshed tokens, but never the given one.
                        _ if table != "renewed" => self.text(&format!("table {table}"), value),
                        Some(given) => assert!(!holds(value, given), "the store holds the given token"),
                        None => {}
                    }
                }
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let log = self.log();
        if std::thread::panicking() {
            let _ = std::io::stderr().write_all(&log.as_bytes()[log.len().saturating_sub(SHOWN)..]);
            return;
        }
        self.text("the log", log.as_bytes());
        if let Some(state) = &self.state {
            self.files(state);
        }
    }
}

fn holds(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}

/// The watch detects planted tokens, and accepts those in their table.
#[tokio::test]
async fn a_shown_token_is_detected() {
    let given = "canary-of-the-watch";
    let renewed = format!("{ISSUED}OiJIUzI1NiJ9.e30.x");
    let passes = |plant: &dyn Fn(&Path)| {
        let state = tempfile::tempdir().unwrap();
        plant(state.path());
        let watch = Watch::in_process(given, state.path());
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(watch))).is_ok()
    };
    let file = |name: &'static str, text: &str| {
        let text = format!("before {text} after");
        move |state: &Path| fs::write(state.join(name), &text).unwrap()
    };
    let table = |table: &'static str, text: &str| {
        let insert = format!("CREATE TABLE {table} (value TEXT); INSERT INTO {table} VALUES ('{text}')");
        move |state: &Path| Connection::open(state.join("state.db")).unwrap().execute_batch(&insert).unwrap()
    };
    assert!(passes(&file("token", given)) && passes(&table("renewed", &renewed)) && passes(&file("x", "nothing")));
    assert!(!passes(&file("journal.jsonl", given)) && !passes(&file("journal.jsonl", &renewed)));
    assert!(!passes(&table("renewed", given)) && !passes(&table("approvals", &renewed)));
    let mut command = Command::new("sh");
    command.args(["-c", "echo \"$GHL_TOKEN_ID\" >&2"]).env("GHL_TOKEN_ID", given);
    let watch = Watch::logging(&mut command);
    assert!(command.status().unwrap().success());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(watch))).is_err());
}
