//! Answers that are files. They go into the folder that the operator allows.

use super::Official;
use highlevel_api_client::{AnswerFile, SaveFile, SendError};
use highlevel_catalog::{Invocation, OperationSpec, Passthrough};
use serde_json::{Value, json};

/// The largest file. An hour of a call in WAV has 60 to 120 MB.
const MAX_BYTES: u64 = 200 * 1024 * 1024;

/// The words of an operation's name that say nothing of the file.
const VERBS: [&str; 3] = ["get-", "download-", "export-"];

/// The answer's note for a file that HighLevel's OpenAPI files do not announce.
const UNANNOUNCED: &str =
    "The answer is a file, which HighLevel's description of the operation does not announce. It is not kept.";

impl Official {
    /// Where the answer of a call is saved, if it is a file.
    ///
    /// # Errors
    /// `policy_denied` where no file can be written. Nothing is sent then.
    pub(super) async fn save(
        &self,
        invocation: &Invocation,
        form: &Passthrough,
    ) -> Result<Option<SaveFile>, SendError> {
        if form.file.is_none() {
            return Ok(None);
        }
        let (folder, name) = (self.folders.write.clone(), file_name(invocation));
        let save = SaveFile { folder, name, max_bytes: MAX_BYTES };
        save.check().await.map_err(SendError::not_sent)?;
        Ok(Some(save))
    }
}

/// What the operation gets, and the ids in its path: `message-recording-ID`.
fn file_name(invocation: &Invocation) -> String {
    let spec = invocation.spec;
    let name = spec.name.split_once('.').map_or(&*spec.name, |(_, id)| id);
    let what = VERBS.iter().find_map(|verb| name.strip_prefix(verb)).unwrap_or(name);
    let ids = ids(spec).filter_map(|id| invocation.arguments.text(id));
    [what].into_iter().chain(ids).collect::<Vec<_>>().join("-")
}

/// The parameters in the operation's path, but those that name the location.
fn ids(spec: &OperationSpec) -> impl Iterator<Item = &str> {
    let path = spec.route.as_http().map(|route| &*route.path).unwrap_or_default();
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.filter(|name| !spec.scope_fields.iter().any(|field| field.name == *name))
}

/// The answer that says where a file is.
pub(super) fn saved(file: AnswerFile) -> Value {
    let AnswerFile { path, bytes, content_type } = file;
    match path {
        Some(path) => json!({"path": path.to_string_lossy(), "bytes": bytes, "contentType": content_type}),
        None => json!({"contentType": content_type, "bytes": bytes, "note": UNANNOUNCED}),
    }
}
