//! Bodies with files: `multipart/form-data` (RFC 7578).

use super::request::FilePart;
use bytes::Bytes;
use serde_json::Value;
use std::slice;

/// The content type and the body of a form: the members of `fields`, then the files. A list is one part for each item.
pub(crate) fn encode(fields: Option<&Value>, files: &[FilePart]) -> (String, Bytes) {
    // Random, so that no file can end its part and begin another one.
    let boundary = format!("highlevel-mcp-{:032x}", rand::random::<u128>());
    let mut body = Vec::new();
    let mut part = |head: String, content: &[u8]| {
        body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    for (name, value) in fields.and_then(Value::as_object).into_iter().flatten() {
        let values = value.as_array().map_or(slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            part(format!("name=\"{}\"", quoted(name)), text.as_bytes());
        }
    }
    for file in files {
        let (name, file_name) = (quoted(&file.name), quoted(&file.file_name));
        let head = format!("name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {}", file.content_type);
        part(head, &file.content);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body.into())
}

/// A name between quotes, as browsers escape it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_has_its_fields_and_files() {
        let file = FilePart {
            name: "file".to_owned(),
            file_name: "a \"b\"\r\n.txt".to_owned(),
            content_type: "text/plain",
            content: Bytes::from_static(b"--x\r\n"),
        };
        let (kind, body) = encode(Some(&json!({"hosted": true, "tags": ["one", "two"]})), &[file]);
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        let field = |name: &str, text: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a %22b%22%0D%0A.txt\"";
        let expected = [
            field("hosted", "true"),
            field("tags", "one"),
            field("tags", "two"),
            format!("--{boundary}\r\n{head}\r\nContent-Type: text/plain\r\n\r\n--x\r\n\r\n--{boundary}--\r\n"),
        ];
        assert_eq!(String::from_utf8(body.to_vec()).unwrap(), expected.concat());
    }
}
