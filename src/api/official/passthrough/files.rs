//! Files that calls upload. They come from folders that the operator allows.

use super::Official;
use highlevel_api_client::{FilePart, SendError};
use highlevel_catalog::{BodyForm, Invocation, Passthrough};
use highlevel_core::{
    error::{Code, Error, Result},
    folders::ReadFolders,
};
use serde_json::Value;
use std::io::Read;

/// The largest file. HighLevel takes 25 to 50 MB, by operation.
const MAX_BYTES: u64 = 50 * 1024 * 1024;

/// The types of files by their extensions, for those that HighLevel takes.
const TYPES: [(&str, &str); 19] = [
    ("aac", "audio/aac"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("gif", "image/gif"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webp", "image/webp"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("zip", "application/zip"),
];

/// A file in an allowed folder: its name, and what is in it.
fn read(folders: &ReadFolders, argument: &str, path: &str) -> Result<(String, Vec<u8>)> {
    let (file, path) = folders.open(argument, path)?;
    let mut content = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(|fault| Error::invalid(argument, format!("`{argument}` cannot be read: {fault}.")).caused_by(fault))?;
    if content.len() as u64 > MAX_BYTES {
        let most = MAX_BYTES / 1024 / 1024;
        return Err(Error::invalid(argument, format!("`{argument}` must be a file of at most {most} MB.")));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok((name.unwrap_or_default(), content))
}

impl Official {
    /// The files of a call whose body is a form. `None` for other bodies.
    pub(super) async fn files(
        &self,
        invocation: &Invocation,
        form: &Passthrough,
    ) -> std::result::Result<Option<Vec<FilePart>>, SendError> {
        if form.body != BodyForm::Form {
            return Ok(None);
        }
        let (folders, named) = (self.folders.read.clone(), named(invocation));
        let read = move || {
            let files = named.into_iter().map(|(part, path)| {
                let (file_name, content) = read(&folders, &part, &path)?;
                let content_type = content_type(&file_name);
                Ok(FilePart { name: part, file_name, content_type, content: content.into() })
            });
            files.collect::<Result<Vec<FilePart>>>()
        };
        let files = tokio::task::spawn_blocking(read).await;
        let files = files.map_err(|_| Error::new(Code::Internal, "The files could not be read.")).flatten();
        files.map(Some).map_err(SendError::not_sent)
    }
}

/// The parts of the form that are files, with their paths.
fn named(invocation: &Invocation) -> Vec<(String, String)> {
    let mut named = Vec::new();
    let mut add = |part: &str, path: &Value| named.extend(path.as_str().map(|path| (part.to_owned(), path.to_owned())));
    for (name, value) in invocation.arguments.iter().filter(|(name, _)| is_file(invocation, name)) {
        match value {
            Value::Array(paths) => paths.iter().for_each(|path| add(name, path)),
            Value::Object(parts) => parts.iter().for_each(|(part, path)| add(part, path)),
            path => add(name, path),
        }
    }
    named
}

/// Whether an argument is a file, a list of files, or an object of files whose names are those of the parts.
pub(super) fn is_file(invocation: &Invocation, name: &str) -> bool {
    let schema = invocation.spec.input_schema().get("properties").and_then(|properties| properties.get(name));
    schema.is_some_and(|schema| {
        let inner = [Some(schema), schema.get("items"), schema.get("additionalProperties")];
        inner.into_iter().flatten().any(|schema| schema.get("format").is_some_and(|format| format == "binary"))
    })
}

fn content_type(file_name: &str) -> &'static str {
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let known = TYPES.iter().find(|(known, _)| extension.as_deref() == Some(*known));
    known.map_or("application/octet-stream", |(_, kind)| *kind)
}
