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
