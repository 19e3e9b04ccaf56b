//! Files of calls: recordings as WAV, and transcripts as text.

use super::super::errors::{not_found, unprocessable};
use super::super::organization::check_location;
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::response::ApiResponse;
use crate::state::{RawRequest, SandboxState};
use http::{StatusCode, header};
use serde_json::Value;

/// Samples of a recording in a second: telephone quality, one byte each.
const RATE: u32 = 8_000;

/// The samples of one wave of the tone that a recording consists of.
const WAVE: u32 = 20;

const WAV: &str = "audio/x-wav";

/// The path of files at the other host, with `signed-files`.
const SIGNED: &str = "/files/recordings/";

/// The signature of their addresses.
const SIGNATURE: &str = "X-Amz-Signature=5a5db0c5";

/// The headers by which a request shows a credential of the API.
const CREDENTIALS: [&str; 2] = ["authorization", "token-id"];

/// The recording of a call.
pub(crate) fn recording(
    account: &Account,
    location: &str,
    id: &str,
    authority: &str,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    check_location(account, location)?;
    let message = account.get(ObjectKind::Messages, id).ok_or_else(|| not_found("Message"))?;
    let Some(seconds) = seconds(&message) else {
        // Users of the live service report 422.
        let said = "Recording not found";
        return Err(if manners.message_shapes { unprocessable(said) } else { ApiResponse::bad_request(said) });
    };
    if manners.signed_files {
        let port = authority.rsplit_once(':').map_or("80", |(_, port)| port);
        let address = format!("http://localhost:{port}{SIGNED}{id}.wav?{SIGNATURE}");
        let redirect = ApiResponse::error(StatusCode::FOUND, "Found");
        return Err(redirect.with_header(header::LOCATION, address));
    }
    let answer = ApiResponse::ok(Value::Null);
    Ok(match manners.odd_files {
        true => answer.with_file("application/octet-stream", wav(seconds)),
        false => answer
            .with_file(WAV, wav(seconds))
            .with_header(header::CONTENT_DISPOSITION, "Attachment; filename=audio.wav"),
    })
}

/// The seconds of a call that was recorded.
fn seconds(message: &Fields) -> Option<u32> {
    message.get("transcript")?;
    message.get("meta")?.get("callDuration")?.as_str()?.parse().ok()
}

/// A recording: a RIFF header, and a tone.
fn wav(seconds: u32) -> Vec<u8> {
    let samples = seconds.saturating_mul(RATE);
    let mut wav = Vec::new();
    let mut text = |text: &[u8; 4], number: u32| {
        wav.extend_from_slice(text);
        wav.extend_from_slice(&number.to_le_bytes());
    };
    text(b"RIFF", samples.saturating_add(36));
    text(b"WAVE", u32::from_le_bytes(*b"fmt "));
    // PCM in one channel.
    for number in [16, 0x0001_0001, RATE, RATE, 0x0008_0001] {
        wav.extend_from_slice(&number.to_le_bytes());
    }
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&samples.to_le_bytes());
    wav.extend((0..samples).map(|sample| if sample % WAVE < WAVE / 2 { 96 } else { 160 }));
    wav
}

/// The transcript of a call as a text file.
pub(crate) fn transcript(account: &Account, location: &str, id: &str) -> Result<ApiResponse, ApiResponse> {
    check_location(account, location)?;
    let message = account.get(ObjectKind::Messages, id).ok_or_else(|| not_found("Message"))?;
    let sentences = message.get("transcript").and_then(Value::as_array).ok_or_else(|| not_found("Transcription"))?;
    let lines = sentences.iter().filter_map(|sentence| sentence.get("transcript")?.as_str());
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let answer = ApiResponse::ok(Value::Null).with_file("text/plain", text.into_bytes());
    Ok(answer.with_header(header::CONTENT_DISPOSITION, "Attachment; filename=\"transcription.txt\""))
}

/// Answers as the host that signed addresses lead to. It refuses a request with a second credential, as S3 does.
pub(crate) fn signed(state: &SandboxState, raw: &RawRequest) -> Option<ApiResponse> {
    let id = raw.path.strip_prefix(SIGNED)?.strip_suffix(".wav")?;
    if !state.manners.signed_files {
        return None;
    }
    let refusal = |status, code: &str| {
        let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code></Error>");
        Some(ApiResponse::error(status, code).with_file("application/xml", xml.into_bytes()))
    };
    if CREDENTIALS.iter().any(|name| raw.headers.contains_key(*name)) {
        return refusal(StatusCode::BAD_REQUEST, "InvalidArgument");
    }
    if raw.query != SIGNATURE {
        return refusal(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
    }
    let found =
        state.agency.locations().find_map(|(_, location)| seconds(&location.account.get(ObjectKind::Messages, id)?));
    match found {
        Some(seconds) => Some(ApiResponse::ok(Value::Null).with_file("binary/octet-stream", wav(seconds))),
        None => refusal(StatusCode::NOT_FOUND, "NoSuchKey"),
    }
}
