//! Lists `providers/*.toml` for embedding, sorted by stem so that `catalog` can search by halves, each with what a list
//! of them shows: reading all files takes longer than a person should wait for one.
//! (Sorted by path, `github-app.toml` would stand before `github.toml`.)

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs, io};

use toml::{Table, Value};

/// The tables that say a way of authenticating, in the order of `WayIn::ALL`.
const WAYS: [&str; 8] =
    ["oauth2", "oauth1", "oauth1_token", "client_credentials", "api_key", "basic", "token_exchange", "signed_jwt"];

#[expect(clippy::disallowed_methods, reason = "cargo talks to a build script through the environment")]
fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=providers");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut files: Vec<PathBuf> = fs::read_dir(root.join("providers"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    let mut tables = BTreeMap::new();
    for file in &files {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("provider files have plain names");
        // One with mistakes is told by a test, with all of them.
        tables.insert(stem.to_owned(), (file, fs::read_to_string(file)?.parse::<Table>().unwrap_or_default()));
    }
    let entries: String = tables.keys().map(|id| entry(id, &tables)).collect();
    fs::write(out.join("providers.rs"), format!("&[\n{entries}]\n"))
}

fn entry(id: &str, tables: &BTreeMap<String, (&PathBuf, Table)>) -> String {
    let (file, table) = &tables[id];
    let path = file.to_str().expect("the path is Unicode");
    let texts = |value: Option<&Value>| -> Vec<String> {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let line = line_of(table, tables);
    let inherited = |key: &str| line.iter().find_map(|table| table.get(key));
    let name = inherited("name").and_then(Value::as_str).unwrap_or_default();
    let ways: Vec<&str> = WAYS.into_iter().filter(|way| inherited(way).is_some_and(Value::is_table)).collect();
    let bases: Vec<&str> = line.iter().filter_map(|table| table.get("extends")?.as_str()).collect();
    format!(
        "    Embedded {{ id: {id:?}, name: {name:?}, categories: &{:?}, aliases: &{:?}, ways: &{ways:?}, bases: &{bases:?}, text: include_str!({path:?}) }},\n",
        texts(inherited("categories")),
        texts(table.get("aliases")),
    )
}

/// Returns a file and those that it extends, the nearest first.
fn line_of<'a>(table: &'a Table, tables: &'a BTreeMap<String, (&PathBuf, Table)>) -> Vec<&'a Table> {
    let mut line = vec![table];
    while let Some(base) = line.last().and_then(|table| table.get("extends")).and_then(Value::as_str) {
        match tables.get(base) {
            Some((_, table)) if line.len() < 5 => line.push(table),
            _ => break,
        }
    }
    line
}
