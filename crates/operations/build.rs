//! Packs the catalogue: one compressed file a group, and an index of all operations.

use flate2::{Compression, write::DeflateEncoder};
use serde_json::Value;
use std::{env, error::Error, fmt::Write as _, fs, io::Write as _, path::PathBuf};

const CATALOGUE: &str = "data/catalogue";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={CATALOGUE}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files: Vec<PathBuf> =
        fs::read_dir(CATALOGUE)?.map(|file| Ok(file?.path())).collect::<Result<_, std::io::Error>>()?;
    files.sort();
    let mut index = String::new();
    let mut packs = String::from("static PACKS: &[(&str, &[u8])] = &[\n");
    for file in files {
        let group = file.file_stem().ok_or("a file without a name")?.to_string_lossy().into_owned();
        let text = fs::read_to_string(&file)?;
        for line in text.lines() {
            writeln!(index, "{}", entry(&serde_json::from_str(line)?)?)?;
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes())?;
        fs::write(out.join(format!("{group}.z")), encoder.finish()?)?;
        writeln!(packs, "    ({group:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{group}.z\"))),")?;
    }
    packs.push_str("];\n");
    fs::write(out.join("packs.rs"), packs)?;
    fs::write(out.join("index.txt"), index)?;
    Ok(())
}

/// `name method path scopes`, where the scopes are separated by commas. `-` stands for none.
fn entry(operation: &Value) -> Result<String, Box<dyn Error>> {
    let text = |name: &str| operation[name].as_str().ok_or_else(|| format!("an operation without {name}"));
    let scopes = operation["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let scopes = scopes.collect::<Vec<_>>().join(",");
    let scopes = if scopes.is_empty() { "-" } else { &scopes };
    Ok(format!("{} {} {} {scopes}", text("name")?, text("method")?, text("path")?))
}
