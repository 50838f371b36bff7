//! Lists `providers/*.toml` for embedding, sorted by stem so that `catalog` can search by halves.
//! (Sorted by path, `github-app.toml` would stand before `github.toml`.)

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo talks to a build script through the environment")]
fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=providers");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut files: Vec<PathBuf> = fs::read_dir(root.join("providers"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort_by(|one, other| one.file_stem().cmp(&other.file_stem()));
    let entries: String = files.iter().map(|file| entry(file)).collect();
    fs::write(out.join("providers.rs"), format!("&[\n{entries}]\n"))
}

fn entry(file: &Path) -> String {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("provider files have plain names");
    format!("    ({stem:?}, include_str!({:?})),\n", file.to_str().expect("the path is Unicode"))
}
