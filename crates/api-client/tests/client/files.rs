//! Answers that are files.

use crate::{bounds::gzip, upstream::*, *};
use highlevel_api_client::{AnswerFile, Body, SaveFile, SendError};
use highlevel_core::{error::Code, folders::WriteFolder};
use std::fs;

const WAV: &[u8] = b"RIFF\x04\0\0\0WAVE";

/// The most bytes of a file in these tests.
const MOST: u64 = 100_000;

fn wav(body: &[u8]) -> Reply {
    Reply::Answer { status: 200, headers: vec![("content-type".into(), "audio/x-wav".into())], body: body.into() }
}

fn redirect(to: &str) -> Reply {
    Reply::Answer { status: 302, headers: vec![("location".into(), to.into())], body: Vec::new() }
}

/// Gets a file, and says what the folder has then.
async fn download(config: ClientConfig) -> (Result<Body, SendError>, Vec<Vec<u8>>) {
    let Fixture { client, dir: _dir } = fixture(config);
    let folder = tempfile::tempdir().unwrap();
    let save =
        SaveFile { folder: WriteFolder::new(Some(folder.path().into())), name: "call".to_owned(), max_bytes: MOST };
    let request = Request { save: Some(save), expect: Expect::Anything, ..get("/recording") };
    let answer = client.send(&request, &call()).await.map(|answer| answer.body);
    let files = fs::read_dir(folder.path()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    (answer, files.collect())
}

#[tokio::test]
async fn a_file_is_written_as_it_arrives_up_to_its_bound() {
    let whole = [WAV, &vec![0; 99_000]].concat();
    for body in [whole.as_slice(), WAV] {
        let upstream = Upstream::scripted([wav(body)]).await;
        // What is held in memory is bounded by less.
        let mut config = config(&upstream);
        config.api.max_body = 1_000;
        let (answer, files) = download(config).await;
        let Ok(Body::File(AnswerFile { path: Some(_), bytes, .. })) = answer else { panic!("{answer:?}") };
        assert_eq!((bytes, files), (body.len() as u64, vec![body.to_vec()]));
    }
    // Compressed, the answer announces no length.
    for reply in [wav(&vec![0; 150_000]), gzip(&vec![0; 150_000])] {
        let upstream = Upstream::scripted([reply]).await;
        let (answer, files) = download(config(&upstream)).await;
        assert_eq!((answer.unwrap_err().error.code, files.len()), (Code::TooLarge, 0));
    }
}

#[tokio::test]
async fn nothing_of_the_api_follows_a_redirect() {
    let files = Upstream::scripted([wav(WAV)]).await;
    let api = Upstream::scripted([redirect(&format!("{}signed/call.wav?signature=s3cret", files.url()))]).await;
    let mut config = config(&api);
    config.api.headers = vec![("x-extra".parse().unwrap(), "mine".parse().unwrap())];
    let (answer, saved) = download(config).await;
    assert!(matches!(answer, Ok(Body::File(_))), "{answer:?}");
    assert_eq!(saved, [WAV.to_vec()]);
    let (asked, followed) = (&api.seen()[0], &files.seen()[0]);
    assert_eq!(asked.header("token-id"), Some(TOKEN));
    assert_eq!(followed.line(), "GET /signed/call.wav?signature=s3cret");
    let mut names: Vec<&str> = followed.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
}

#[tokio::test]
async fn a_redirect_to_where_no_file_should_be_is_not_followed() {
    for target in ["http://192.0.2.1/call.wav", "ftp://127.0.0.1/call.wav", "http://user:pass@127.0.0.1:9/call.wav"] {
        let api = Upstream::scripted([redirect(target)]).await;
        let (answer, files) = download(config(&api)).await;
        let error = answer.unwrap_err().error;
        assert_eq!((error.code, files.len()), (Code::UpstreamError, 0), "{target}: {error}");
        assert!(!error.message.contains("pass"), "{error}");
    }
    // A circle ends.
    let api = Upstream::with(|seen| Some(redirect(&seen.target))).await;
    let (answer, _) = download(config(&api)).await;
    assert!(answer.unwrap_err().error.message.contains("in a circle"));
    assert_eq!(api.seen().len(), 4);
}

#[tokio::test]
async fn the_address_of_a_file_is_not_shown() {
    let files = Upstream::with(|_| Some(json(403, "{}"))).await;
    let target = format!("{}call.wav?signature=s3cret", files.url());
    let api = Upstream::scripted([redirect(&target)]).await;
    let (answer, _) = download(config(&api)).await;
    let error = answer.unwrap_err().error;
    assert!(error.message.contains("127.0.0.1 for the file, which answered 403"), "{error}");
    assert!(!format!("{error:#}").contains("s3cret"), "{error:#}");
}

#[tokio::test]
async fn what_is_no_file_is_judged_as_everywhere() {
    let failed = json(200, r#"{"statusCode": 404, "message": "No recording"}"#);
    let page = Reply::Answer { status: 200, headers: Vec::new(), body: b"<html><title>Log in</title>".to_vec() };
    let upstream = Upstream::scripted([failed, page.clone(), page.clone(), page, wav(b""), wav(b""), wav(b"")]).await;
    let (answer, files) = download(config(&upstream)).await;
    assert!(matches!(answer, Ok(Body::Json(_))) && files.is_empty(), "{answer:?}");
    for said in ["web page", "it is empty and no file"] {
        let (answer, files) = download(config(&upstream)).await;
        let error = answer.unwrap_err().error;
        assert!(error.message.contains(said) && files.is_empty(), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_does_not_come_times_out() {
    let upstream = Upstream::with(|_| Some(Reply::Hang)).await;
    let mut config = config(&upstream);
    config.attempt_timeout = Duration::from_millis(200);
    let (answer, files) = download(config).await;
    assert_eq!((answer.unwrap_err().error.code, files.len()), (Code::Timeout, 0));
    assert_eq!(upstream.seen().len(), 3);
}
