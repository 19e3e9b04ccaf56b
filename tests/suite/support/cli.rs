//! Runs the command line as a person or a script does.

use super::watch::Watch;
use serde_json::Value;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// The result of a command.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The parsed stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("stdout is no JSON: {self:?}"))
    }
}

/// Runs a command without input, on a blocking thread, so that this test's sandbox keeps serving.
pub async fn run(command: Command) -> Ran {
    run_with_input(command, "").await
}

/// Runs a command with this text on stdin.
pub async fn run_with_input(mut command: Command, input: &str) -> Ran {
    let input = input.to_owned();
    let watch = Watch::of(&mut command);
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that does not read its input closes it, which is not a failure.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    watch.text("stdout", &output.stdout);
    watch.text("stderr", &output.stderr);
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
