//! The `sandbox` command: it serves the embedded account, and prints settings that a call can use.

use crate::support::{BINARY, run};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// Kills the process at the end of the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_output_is_settings_for_either_api() {
    for (flags, lines) in [(&[][..], 2), (&["--api", "official"], 4)] {
        let mut sandbox = Command::new(BINARY);
        sandbox.env_clear().args(["sandbox", "--listen", "127.0.0.1:0", "--contacts", "7", "--rate-limit", "50"]);
        let mut child = sandbox.args(flags).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let _ends = Ends(child);
        let settings: Vec<String> = output.lines().map_while(Result::ok).take(lines).collect();
        assert_eq!(settings.len(), lines, "{flags:?}: {settings:?}");
        let state = tempfile::tempdir().unwrap();
        let mut call = Command::new(BINARY);
        call.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
        call.envs(settings.iter().map(|line| line.split_once('=').unwrap()));
        call.args(["query", "select count(*) from contacts", "--format", "csv"]);
        let ran = run(call).await;
        assert_eq!(ran.stdout.lines().nth(1), Some("7"), "{flags:?}: {}", ran.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn further_locations_are_printed_as_comments_with_their_settings() {
    let mut sandbox = Command::new(BINARY);
    sandbox.env_clear().args(["sandbox", "--listen", "127.0.0.1:0", "--contacts", "7", "--api", "official"]);
    let mut child = sandbox.args(["--locations", "3"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let _ends = Ends(child);
    let lines: Vec<String> = output.lines().map_while(Result::ok).take(6).collect();
    for (line, name) in lines[4..].iter().zip(["Smile Dental", "Smile Dental North"]) {
        let settings = line.strip_prefix(&format!("# {name}: ")).unwrap_or_else(|| panic!("{lines:?}"));
        let state = tempfile::tempdir().unwrap();
        let mut call = Command::new(BINARY);
        call.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
        // A later value replaces that of the first location.
        let all = lines[..4].iter().map(String::as_str).chain(settings.split(' '));
        call.envs(all.map(|setting| setting.split_once('=').unwrap()));
        call.args(["call", "get_default_location"]);
        let ran = run(call).await;
        assert!(ran.code == Some(0) && ran.stdout.contains(&format!("\"{name}\"")), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_locations_need_the_official_api() {
    let mut sandbox = Command::new(BINARY);
    sandbox.env_clear().args(["sandbox", "--listen", "127.0.0.1:0", "--locations", "2"]);
    let ran = run(sandbox).await;
    assert!(ran.code != Some(0) && ran.stderr.contains("--locations 2 needs --api official"), "{ran:?}");
}
