//! Answers that are files: saved in the allowed folder, whole or not at all.

use super::run;
use crate::official::fake::upstream::{self, Upstream};
use crate::support::{Account, Api, BINARY, Era, Host, Person};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, process::Command};
use tempfile::TempDir;

const RECORDING: &str = "conversations.get-message-recording";

const TRANSCRIPT: &str = "conversations.download-message-transcription";

/// An account in these manners, and a server that may write into the folder.
async fn start(manners: &str) -> (Account, Host, TempDir) {
    let account = Account::in_manners(Api::Official, manners.parse().unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--write-dir", folder.path().to_str().unwrap()];
    let host = Host::with(&account, &flags, Era::Modern, Person::Absent).await;
    (account, host, folder)
}

/// The files in a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// A recorded call: the message's id, and its seconds.
async fn call(account: &Account) -> (String, usize) {
    let call = account.find("messages", |message| message["transcript"].is_array()).await;
    let seconds = call["meta"]["callDuration"].as_str().unwrap().parse().unwrap();
    (call["id"].as_str().unwrap().to_owned(), seconds)
}

fn of(message: &str) -> Value {
    json!({"messageId": message})
}

/// Whether the bytes are a WAV file of so many seconds, by its own header: mono, 8 bits, 8 kHz.
fn is_wav(bytes: &[u8], seconds: usize) -> bool {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let samples = seconds * 8_000;
    (&bytes[..4], &bytes[8..16], &bytes[36..40]) == (b"RIFF", b"WAVEfmt ", b"data")
        && (number(4), number(24), number(40)) == (bytes.len() - 8, 8_000, samples)
        && bytes.len() == samples + 44
}

#[tokio::test]
async fn a_recording_is_saved_and_the_answer_says_where() {
    let (account, host, folder) = start("live").await;
    let (message, seconds) = call(&account).await;
    for name in [format!("message-recording-{message}.wav"), format!("message-recording-{message}-2.wav")] {
        let answer = host.answer("run_operation", run(RECORDING, of(&message))).await;
        let path = folder.path().join(&name);
        let expected = json!({"path": path, "bytes": seconds * 8_000 + 44, "contentType": "audio/x-wav"});
        assert_eq!(answer, expected);
        assert!(is_wav(&fs::read(&path).unwrap(), seconds));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(files(folder.path()).len(), 2);
}

#[tokio::test]
async fn without_a_folder_nothing_is_sent() {
    let account = Account::of(Api::Official).await;
    let (message, _) = call(&account).await;
    let missing = ["--write-dir", "/nowhere/at/all"];
    for flags in [[].as_slice(), &missing] {
        let host = Host::with(&account, flags, Era::Modern, Person::Absent).await;
        account.forget_requests().await;
        for operation in [RECORDING, TRANSCRIPT] {
            let error = host.error("run_operation", run(operation, of(&message))).await;
            assert_eq!(error["code"], "policy_denied", "{error}");
            let said = error["message"].as_str().unwrap();
            assert!(said.contains("--write-dir") && said.contains("GHL_WRITE_DIR"), "{said}");
        }
        // The server itself may read the location's name.
        let sent = account.requests().await;
        assert!(
            sent.iter().all(|request| request["path"] == "/locations/".to_owned() + &account.location_id()),
            "{sent:?}"
        );
    }
}

#[tokio::test]
async fn another_type_or_another_host_is_the_same_file() {
    for (manners, extension, content_type) in
        [("odd-files", "bin", "application/octet-stream"), ("signed-files", "bin", "binary/octet-stream")]
    {
        let (account, host, folder) = start(manners).await;
        let (message, seconds) = call(&account).await;
        let answer = host.answer("run_operation", run(RECORDING, of(&message))).await;
        assert_eq!(answer["contentType"], content_type, "{manners}: {answer}");
        let saved = files(folder.path());
        assert_eq!(saved.keys().collect::<Vec<_>>(), [&format!("message-recording-{message}.{extension}")]);
        assert!(saved.values().all(|bytes| is_wav(bytes, seconds)));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_no_half_file() {
    let (account, host, folder) = start("live").await;
    let (message, seconds) = call(&account).await;
    account.faults("truncate@read*1").await;
    host.answer("run_operation", run(RECORDING, of(&message))).await;
    let saved = files(folder.path());
    assert_eq!(saved.len(), 1, "{:?}", saved.keys());
    assert!(saved.values().all(|bytes| is_wav(bytes, seconds)), "it was asked for again");
    account.faults("truncate@read").await;
    let error = host.error("run_operation", run(RECORDING, of(&message))).await;
    assert_eq!(error["code"], "upstream_error", "{error}");
    assert_eq!(files(folder.path()), saved);
}

#[tokio::test]
async fn an_error_is_no_file() {
    for manners in ["plain", "live"] {
        let (account, host, folder) = start(manners).await;
        let missed = account.find("messages", |message| message["meta"]["callStatus"] == "no-answer").await;
        for message in [missed["id"].as_str().unwrap(), "nosuchmessage0000001"] {
            let error = host.error("run_operation", run(RECORDING, of(message))).await;
            assert_eq!(error["code"], "not_found", "{error}");
        }
        let (message, _) = call(&account).await;
        for (fault, code) in
            [("404@read", "not_found"), ("html@read", "upstream_error"), ("drop@read", "upstream_error")]
        {
            account.faults(fault).await;
            let error = host.error("run_operation", run(RECORDING, of(&message))).await;
            assert_eq!(error["code"], code, "{fault}: {error}");
        }
        assert!(files(folder.path()).is_empty());
    }
}

#[tokio::test]
async fn a_short_text_is_answered_and_a_long_one_is_saved() {
    let (account, host, folder) = start("live").await;
    let (message, _) = call(&account).await;
    let answer = host.answer("run_operation", run(TRANSCRIPT, of(&message))).await;
    let text = answer["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert!(text.starts_with("Thanks for calling Brightwater.\nI want to talk about"), "{text}");
    assert!(files(folder.path()).is_empty());

    // As some transcripts begin, which is no JSON.
    let long = "[00:01] Agent: what a long call".repeat(1_000);
    account.change("messages", &message, json!({"transcript": [{"transcript": long}]})).await;
    let answer = host.answer("run_operation", run(TRANSCRIPT, of(&message))).await;
    let path = folder.path().join(format!("message-transcription-{message}.txt"));
    assert_eq!(answer, json!({"path": path, "bytes": long.len() + 1, "contentType": "text/plain"}));
    assert_eq!(fs::read_to_string(path).unwrap(), format!("{long}\n"));
}

#[tokio::test]
async fn descriptions_say_that_a_file_is_saved() {
    let account = Account::of(Api::Official).await;
    let host = Host::with(&account, &[], Era::Modern, Person::Absent).await;
    for (operation, kind) in [(RECORDING, "audio/x-wav"), (TRANSCRIPT, "text/plain")] {
        let described = host.answer("describe_operation", json!({"operation": operation})).await;
        let returns = described["returns"].as_str().unwrap();
        assert!(returns.contains(kind) && returns.contains("--write-dir"), "{returns}");
    }
}

/// A PNG's beginning.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\0";

/// A server whose API answers a picture with this status to everything.
async fn of_pictures(status: u16) -> (Upstream, Host) {
    let answer = move |_: &_| {
        let headers = vec![("content-type".to_owned(), "image/png".to_owned())];
        Some(upstream::Reply::Answer { status, headers, body: PNG.to_vec() })
    };
    let api = Upstream::with(answer).await;
    let state = tempfile::tempdir().unwrap();
    let mut server = Command::new(BINARY);
    server.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
    server.env("GHL_BASE_URL", api.url().as_str()).env("GHL_TOKEN_ID", "pit-of-nobody");
    server.env("GHL_LOCATION_ID", "ve9EPM428h8vShlRW1KT");
    (api, Host::start(server, state, Era::Modern, Person::agrees()).await)
}

#[tokio::test]
async fn a_file_that_nobody_announced_is_no_text() {
    let (_api, host) = of_pictures(200).await;
    let timezones = json!({"operation": "locations.get-timezones"});
    let answer = host.answer("run_operation", timezones).await;
    assert_eq!((&answer["contentType"], &answer["bytes"]), (&json!("image/png"), &json!(PNG.len())), "{answer}");
    assert!(answer["note"].as_str().unwrap().contains("not kept") && answer.get("text").is_none(), "{answer}");
    let error = host.error("get_contact", json!({"id": "c1"})).await;
    assert_eq!(error["code"], "upstream_error", "{error}");
    assert!(error["message"].as_str().unwrap().contains("it is a file and no JSON"), "{error}");

    let (_api, host) = of_pictures(400).await;
    let error = host.error("get_contact", json!({"id": "c1"})).await;
    let said = error["message"].as_str().unwrap();
    assert!(!said.contains("PNG") && !said.contains('\u{fffd}'), "{error}");
}
