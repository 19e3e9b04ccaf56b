//! Files that run_operation uploads: from allowed folders only, as parts of a form.

use super::run;
use crate::official::fake::upstream::{self, Upstream};
use crate::support::{BINARY, Era, Host, Person};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const LOCATION: &str = "ve9EPM428h8vShlRW1KT";

const UPLOAD: &str = "conversations.upload-file-attachments";

/// An API that takes every request, and a server that may upload from `folder`.
async fn start(folder: Option<&Path>) -> (Upstream, Host) {
    let folder = folder.into_iter().flat_map(|folder| ["--read-dir".as_ref(), folder.as_os_str()]);
    start_with(|server| _ = server.args(folder)).await
}

async fn start_with(settings: impl FnOnce(&mut Command)) -> (Upstream, Host) {
    let api = Upstream::with(|_| Some(upstream::json(200, &json!({"location": {"id": LOCATION}}).to_string()))).await;
    let state = tempfile::tempdir().unwrap();
    let mut server = Command::new(BINARY);
    server.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
    server
        .env("GHL_BASE_URL", api.url().as_str())
        .env("GHL_TOKEN_ID", "pit-of-nobody")
        .env("GHL_LOCATION_ID", LOCATION);
    settings(&mut server);
    (api, Host::start(server, state, Era::Modern, Person::agrees()).await)
}

fn upload(path: &str) -> Value {
    run(UPLOAD, json!({"conversationId": "c1", "fileAttachment": path}))
}

fn posts(api: &Upstream) -> Vec<upstream::Seen> {
    api.seen().into_iter().filter(|seen| seen.method == "POST").collect()
}

#[tokio::test]
async fn a_file_of_an_allowed_folder_is_a_part_of_the_form() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("offers")).unwrap();
    let file = folder.path().join("offers/Spring.pdf");
    fs::write(&file, "%PDF-1.7 spring").unwrap();
    let (api, host) = start(Some(folder.path())).await;
    for path in ["offers/Spring.pdf", file.to_str().unwrap()] {
        host.answer("run_operation", upload(path)).await;
        let sent = posts(&api).pop().unwrap();
        assert_eq!(sent.target, "/conversations/messages/upload");
        let boundary = sent.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
        let parts: Vec<&str> = sent.body.split(&format!("--{boundary}")).map(str::trim).collect();
        let field = |name: &str, value: &str| format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}");
        assert!(parts.contains(&field("conversationId", "c1").as_str()), "{parts:?}");
        assert!(parts.contains(&field("locationId", LOCATION).as_str()), "{parts:?}");
        let head = "Content-Disposition: form-data; name=\"fileAttachment\"; filename=\"Spring.pdf\"";
        let expected = format!("{head}\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7 spring");
        assert!(parts.contains(&expected.as_str()), "{parts:?}");
    }
    assert_eq!(posts(&api).len(), 2);
}

#[tokio::test]
async fn no_other_file_is_read() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    let folder = tempfile::tempdir_in(outside.path()).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.path().join("link.txt")).unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let (api, host) = start(Some(folder.path())).await;
    let absolute = outside.path().join("secret.txt");
    for path in ["../secret.txt", absolute.to_str().unwrap(), "link.txt", "missing.txt", "empty"] {
        let error = host.error("run_operation", upload(path)).await;
        assert_eq!(error["code"], "invalid_arguments", "{path}: {error}");
        assert!(error["message"].as_str().unwrap().contains("`fileAttachment` must be a file in "), "{error}");
    }
    let (closed, without) = start(None).await;
    let error = without.error("run_operation", upload("secret.txt")).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert!(error["message"].as_str().unwrap().contains("--read-dir"), "{error}");
    assert_eq!((posts(&api).len(), posts(&closed).len()), (0, 0));
}

#[tokio::test]
async fn the_variable_takes_a_list_of_folders_as_path_does() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    fs::write(folders[1].path().join("Spring.pdf"), "%PDF-1.7 spring").unwrap();
    let list = std::env::join_paths(folders.iter().map(tempfile::TempDir::path)).unwrap();
    let (api, host) = start_with(|server| _ = server.env("GHL_READ_DIR", list)).await;
    host.answer("run_operation", upload("Spring.pdf")).await;
    assert_eq!(posts(&api).len(), 1);
}
