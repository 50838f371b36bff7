use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Who may use whom. A room may always use itself and `model`.
fn may_use(room: &str) -> Option<&'static [&'static str]> {
    Some(match room {
        "model" => &[],
        "settings" | "auth" | "listener" | "catalog" => &["model"],
        "store" | "vault" | "system" => &["model", "settings"],
        "sandbox" => &["model", "listener"],
        "api" => &["model", "auth"],
        "service" => {
            &["model", "settings", "catalog", "store", "vault", "auth", "api", "listener", "system", "sandbox"]
        }
        // The same use cases at another host; whatever is done with the tokens is `service`'s.
        "remote" => &["model", "settings", "auth", "service"],
        "backend" => &["model", "settings", "service", "remote"],
        "cli" | "tui" => &["model", "settings", "service", "backend"],
        "http" => &["model", "settings", "service", "backend", "listener"],
        // They build everything and hand it over.
        "main" | "start" | "lib" | "build" => return None,
        other => panic!("`{other}` is a room that the picture in lib.rs does not know"),
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                found.push(entry);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.sort();
    found
}

/// The room a file belongs to, and the path of its module below the crate.
fn module_of(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut parts: Vec<String> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// Collects the rooms that a file names, outside its tests.
struct Arrows {
    module: Vec<String>,
    rooms: BTreeSet<String>,
}

impl Arrows {
    /// Resolves the beginning of a path; returns the room it leads to.
    fn room_of(&self, path: &[String]) -> Option<String> {
        match path.first()?.as_str() {
            "crate" | "hallpass" => path.get(1).cloned(),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let base = &self.module[..self.module.len().saturating_sub(ups)];
                base.first().cloned().or_else(|| path.get(ups).cloned())
            }
            _ => None,
        }
    }

    fn take(&mut self, path: &[String]) {
        if let Some(room) = self.room_of(path) {
            self.rooms.insert(room);
        }
    }

    fn take_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            syn::UseTree::Path(path) => self.take_tree(&with(path.ident.to_string()), &path.tree),
            syn::UseTree::Name(name) => self.take(&with(name.ident.to_string())),
            syn::UseTree::Rename(rename) => self.take(&with(rename.ident.to_string())),
            syn::UseTree::Glob(_) => self.take(before),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.take_tree(before, tree)),
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}

impl<'ast> Visit<'ast> for Arrows {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.take_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.take(&parts);
        syn::visit::visit_path(self, path);
    }
}

/// Returns the wrong arrows of a file.
fn wrong_arrows(module: Vec<String>, text: &str) -> Vec<String> {
    let room = module.first().cloned().unwrap();
    let Some(allowed) = may_use(&room) else { return Vec::new() };
    let mut arrows = Arrows { module, rooms: BTreeSet::new() };
    arrows.visit_file(&syn::parse_file(text).unwrap());
    let known: BTreeSet<String> = sources().iter().map(|file| module_of(file).remove(0)).collect();
    let is_wrong = |used: &&String| known.contains(*used) && **used != room && !allowed.contains(&used.as_str());
    arrows.rooms.iter().filter(is_wrong).map(|used| format!("{room} → {used}")).collect()
}

#[test]
fn no_room_uses_one_that_it_must_not_know() {
    let mut wrong = BTreeMap::new();
    for file in sources() {
        if file.ends_with("template_tests.rs") || file.to_str().unwrap().ends_with("_tests.rs") {
            continue;
        }
        let found = wrong_arrows(module_of(&file), &std::fs::read_to_string(&file).unwrap());
        if !found.is_empty() {
            wrong.insert(file.strip_prefix(root()).unwrap().display().to_string(), found);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_planted_wrong_arrow_is_found_however_it_is_written() {
    let planted = [
        (vec!["store"], "use crate::auth::Client;"),
        (vec!["store", "configs"], "use crate::{model::Config, vault::{Vault as V}};"),
        (vec!["cli", "config"], "use super::super::store::Store;"),
        (vec!["tui", "app", "press"], "fn f() { let _ = crate::vault::DEADLINE; }"),
        (vec!["auth"], "pub use crate::store::*;"),
        (vec!["model"], "mod inner { use crate::service::Service; }"),
        (vec!["cli"], "type T = crate::tui::app::App;"),
    ];
    for (module, text) in planted {
        let module: Vec<String> = module.into_iter().map(str::to_owned).collect();
        assert_eq!(wrong_arrows(module, text).len(), 1, "{text}");
    }
    let right = "use crate::model::Config; #[cfg(test)] mod tests { use crate::service::Service; }";
    assert!(wrong_arrows(vec!["store".to_owned()], right).is_empty());
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut problems = Vec::new();
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        let own: Vec<&str> = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect();
        let shown = file.strip_prefix(root()).unwrap().display();
        let is_test_file = file.to_str().unwrap().ends_with("_tests.rs");
        if own.len() > 400 && !is_test_file {
            problems.push(format!("{shown} has {} lines without its tests; 400 are let in", own.len()));
        }
        let needs_words = own.len() > 80 || file.ends_with("mod.rs");
        if needs_words && !text.starts_with("//!") && !is_test_file {
            problems.push(format!("{shown} does not begin with `//!`"));
        }
        let stem = file.file_stem().unwrap().to_str().unwrap();
        if ["util", "utils", "common", "helpers", "helper", "manager", "misc"].contains(&stem) {
            problems.push(format!("{shown} is named after nothing"));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let mut found = Vec::new();
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            if ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("].iter().any(|mark| line.contains(mark)) {
                found.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
