//! The catalog of provider templates: embedded ones, and the user's own over them.
//!
//! Files are parsed when they are used: one takes microseconds, and a command needs one.
//! Deliberately not here: anything that talks to a provider.

pub mod absent;
pub mod check;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::{Provider, ProviderId, search, untrusted};

/// A file that is built in, with what a list of them shows.
struct Embedded {
    id: &'static str,
    name: &'static str,
    categories: &'static [&'static str],
    aliases: &'static [&'static str],
    ways: &'static [&'static str],
    /// The files that it extends.
    bases: &'static [&'static str],
    text: &'static str,
}

/// The embedded files, sorted by id.
static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/providers.rs"));

/// How deep `extends` may go.
const DEEPEST: usize = 4;

/// A provider that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is none of that id.
    #[error("there is no provider `{id}`{}", why.map(|why| format!(": {why}")).unwrap_or_default())]
    Unknown {
        /// What was asked for, made harmless for a terminal.
        id: String,
        /// The ids most like it.
        near: Vec<String>,
        /// Why it is not there, where that is known.
        why: Option<&'static str>,
    },
    /// Its file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its file is not what it should be.
    #[error("the provider file `{file}` has mistakes in it:\n{}", problems.join("\n"))]
    Malformed {
        /// The file.
        file: String,
        /// One line each.
        problems: Vec<String>,
    },
}

/// What a list of providers shows of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The id.
    pub id: ProviderId,
    /// The name.
    pub name: String,
    /// What it is for.
    pub categories: Vec<String>,
    /// Old ids.
    pub aliases: Vec<String>,
    /// The words for its ways of authenticating.
    pub ways: Vec<String>,
}

impl Listed {
    fn of(id: ProviderId, provider: &Provider) -> Self {
        let ways = provider.way_words().into_iter().map(str::to_owned).collect();
        let (name, categories) = (provider.name.clone(), provider.categories.clone());
        Self { id, name, categories, aliases: provider.aliases.clone(), ways }
    }

    fn of_embedded(id: ProviderId, file: &Embedded) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            id,
            name: file.name.to_owned(),
            categories: texts(file.categories),
            aliases: texts(file.aliases),
            ways: texts(file.ways),
        }
    }
}

/// All providers there are.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    own_folder: Option<PathBuf>,
    added: Vec<(ProviderId, String)>,
}

impl Catalog {
    /// Returns the catalog whose own files lie in `own_folder` (which need not exist).
    pub fn new(own_folder: Option<PathBuf>) -> Self {
        Self { own_folder, added: Vec::new() }
    }

    /// Adds a file that exists only in memory, as one of the user's own: the sandbox's.
    #[must_use]
    pub fn with(mut self, id: ProviderId, text: String) -> Self {
        self.added.push((id, text));
        self
    }

    /// Returns the provider `id`, or the one that was called so earlier.
    pub fn get(&self, id: &str) -> Result<(ProviderId, Provider), CatalogError> {
        let wanted = id.trim().to_ascii_lowercase();
        if let Some(source) = self.source(&wanted)? {
            return Ok((source.id.clone(), self.parse(&source)?));
        }
        let mut listed = self.list().into_iter().filter_map(|(_, listed)| listed.ok());
        let is_wanted = |listed: &Listed| listed.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&wanted));
        if let Some(source) =
            listed.find(is_wanted).map(|listed| self.source(listed.id.as_str())).transpose()?.flatten()
        {
            return Ok((source.id.clone(), self.parse(&source)?));
        }
        let ids = self.ids();
        Err(CatalogError::Unknown {
            id: untrusted::line(id),
            near: search::nearest(&wanted, ids.iter().map(ProviderId::as_str)),
            why: absent::reason(&wanted),
        })
    }

    /// Returns every id, sorted.
    pub fn ids(&self) -> Vec<ProviderId> {
        let embedded = EMBEDDED.iter().filter_map(|file| ProviderId::new(file.id).ok());
        let added = self.added.iter().map(|(id, _)| id.clone());
        let own = self.own_files().into_iter().map(|(id, _)| id);
        embedded.chain(added).chain(own).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Returns what a list shows of every provider, sorted by id, without reading the files that are built in.
    pub fn list(&self) -> Vec<(ProviderId, Result<Listed, CatalogError>)> {
        let own = self.own_files().into_iter().map(|(id, _)| id).chain(self.added.iter().map(|(id, _)| id.clone()));
        let own: BTreeSet<String> = own.map(|id| id.as_str().to_owned()).collect();
        let is_own = |id: &str| own.contains(id);
        let listed = |id: ProviderId| match embedded(&id).filter(|_| !is_own(id.as_str())) {
            // One that extends a file of the user's own is what that makes of it.
            Some(file) if file.bases.iter().all(|base| !is_own(base)) => {
                (id.clone(), Ok(Listed::of_embedded(id, file)))
            }
            Some(_) => (id.clone(), self.read(&id).map(|provider| Listed::of(id, &provider))),
            // Not by `get`, which looks for old ids in this list.
            None => (id.clone(), self.read(&id).map(|provider| Listed::of(id, &provider))),
        };
        self.ids().into_iter().map(listed).collect()
    }

    /// Returns every provider with its id, sorted; those whose files have mistakes with these.
    pub fn all(&self) -> Vec<(ProviderId, Result<Provider, CatalogError>)> {
        self.ids().into_iter().map(|id| (id.clone(), self.read(&id))).collect()
    }

    fn read(&self, id: &ProviderId) -> Result<Provider, CatalogError> {
        match self.source(id.as_str())? {
            Some(source) => self.parse(&source),
            // A link that leads nowhere.
            None => Err(CatalogError::Unknown { id: id.to_string(), near: Vec::new(), why: None }),
        }
    }

    /// Reads a provider file of the user's and returns all that is wrong with it.
    pub fn check_file(&self, path: &Path) -> Result<Vec<String>, CatalogError> {
        let text = read(path)?;
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let mut problems = Vec::new();
        let id = match ProviderId::new(stem) {
            Ok(id) => id,
            Err(error) => return Ok(vec![error.to_string()]),
        };
        let source = Source { id, file: path.display().to_string(), text, is_own: true };
        match self.parse_unchecked(&source) {
            Ok(provider) => problems.extend(check::problems(&provider)),
            Err(CatalogError::Malformed { problems: found, .. }) => problems.extend(found),
            Err(error) => return Err(error),
        }
        Ok(check::with_lines(&source.text, problems))
    }

    /// Returns the user's own files.
    pub fn own_texts(&self) -> Result<BTreeMap<ProviderId, String>, CatalogError> {
        self.own_files().into_iter().map(|(id, path)| Ok((id, read(&path)?))).collect()
    }

    /// Adds a file to the user's own, whole or not at all; where there is one of this name, it stays, and
    /// is returned.
    pub fn add_own(&self, id: &ProviderId, text: &str) -> Result<Option<String>, CatalogError> {
        let Some(folder) = &self.own_folder else { return Ok(None) };
        let path = folder.join(format!("{}.toml", id.as_str()));
        if path.exists() {
            return read(&path).map(Some);
        }
        let part = path.with_extension("part");
        let write = || {
            std::fs::create_dir_all(folder)?;
            // What an earlier one left there, or a link, is taken away and not written through.
            match std::fs::remove_file(&part) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut new = std::fs::OpenOptions::new();
            new.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
            std::io::Write::write_all(&mut new.open(&part)?, text.as_bytes())?;
            std::fs::rename(&part, &path)
        };
        write().map(|()| None).map_err(|source| CatalogError::Unwritable { path: path.clone(), source })
    }

    /// Tells whether a provider of this id is built in.
    pub fn is_embedded(id: &ProviderId) -> bool {
        embedded(id).is_some()
    }

    fn source(&self, id: &str) -> Result<Option<Source>, CatalogError> {
        let Ok(id) = ProviderId::new(id) else { return Ok(None) };
        if let Some((_, text)) = self.added.iter().find(|(added, _)| *added == id) {
            return Ok(Some(Source { file: format!("{id} (in memory)"), id, text: text.clone(), is_own: true }));
        }
        if let Some(path) = self.own_folder.as_ref().map(|folder| folder.join(format!("{}.toml", id.as_str()))) {
            match std::fs::read_to_string(&path) {
                Ok(text) => return Ok(Some(Source { id, file: path.display().to_string(), text, is_own: true })),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(CatalogError::Unreadable { path, source }),
            }
        }
        Ok(embedded(&id).map(|embedded| Source {
            file: format!("providers/{}.toml", id.as_str()),
            text: embedded.text.to_owned(),
            id,
            is_own: false,
        }))
    }

    fn own_files(&self) -> Vec<(ProviderId, PathBuf)> {
        let Some(entries) = self.own_folder.as_ref().and_then(|folder| std::fs::read_dir(folder).ok()) else {
            return Vec::new();
        };
        let own = |path: PathBuf| {
            let is_toml = path.extension().is_some_and(|extension| extension == "toml");
            let id = ProviderId::new(path.file_stem()?.to_str()?).ok()?;
            is_toml.then_some((id, path))
        };
        entries.filter_map(|entry| own(entry.ok()?.path())).collect()
    }

    fn parse(&self, source: &Source) -> Result<Provider, CatalogError> {
        let provider = self.parse_unchecked(source)?;
        let problems = if source.is_own { check::problems(&provider) } else { Vec::new() };
        if problems.is_empty() {
            Ok(provider)
        } else {
            Err(CatalogError::Malformed { file: source.file.clone(), problems })
        }
    }

    fn parse_unchecked(&self, source: &Source) -> Result<Provider, CatalogError> {
        let malformed =
            |message: String| CatalogError::Malformed { file: source.file.clone(), problems: vec![message] };
        let mut provider = match toml::from_str::<Provider>(&source.text) {
            // Most files stand alone, and are read once.
            Ok(provider) if provider.extends.is_none() => provider,
            direct => {
                let told = |error: &dyn std::fmt::Display| malformed(error.to_string().trim_end().to_owned());
                let table: toml::Table = source.text.parse().map_err(|error: toml::de::Error| told(&error))?;
                match direct {
                    Err(error) if !table.contains_key("extends") => return Err(told(&error)),
                    // The file alone, where the mistake is its own, tells the line too.
                    direct => Provider::deserialize_from(self.merged(source, DEEPEST)?)
                        .map_err(|error| direct.err().map_or_else(|| told(&error), |own| told(&own)))?,
                }
            }
        };
        provider.is_own = source.is_own;
        provider.imply();
        Ok(provider)
    }

    /// Returns the tables of a file with those of the file it extends under them, key by key.
    fn merged(&self, source: &Source, depth: usize) -> Result<toml::Table, CatalogError> {
        let malformed =
            |message: String| CatalogError::Malformed { file: source.file.clone(), problems: vec![message] };
        let over: toml::Table = source.text.parse().map_err(|error: toml::de::Error| malformed(error.to_string()))?;
        let Some(base) = over.get("extends").and_then(toml::Value::as_str) else { return Ok(over) };
        if depth == 0 || base == source.id.as_str() && !source.is_own {
            return Err(malformed("`extends` leads round in a circle".to_owned()));
        }
        // An own file that extends the embedded one of the same id adds to it.
        let base_source = if base == source.id.as_str() { Self::default().source(base)? } else { self.source(base)? };
        let base_source = base_source
            .ok_or_else(|| malformed(format!("it extends `{}`, which does not exist", untrusted::line(base))))?;
        let mut under = self.merged(&base_source, depth - 1)?;
        under.remove("aliases");
        merge(&mut under, over);
        Ok(under)
    }
}

fn embedded(id: &ProviderId) -> Option<&'static Embedded> {
    EMBEDDED.binary_search_by_key(&id.as_str(), |file| file.id).ok().map(|index| &EMBEDDED[index])
}

struct Source {
    id: ProviderId,
    file: String,
    text: String,
    is_own: bool,
}

/// Puts a file over the one that it extends, key by key; `false` takes away what is no truth value.
fn merge(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (Some(below), toml::Value::Boolean(false)) if !below.is_bool() => {
                under.remove(&key);
            }
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

fn read(path: &Path) -> Result<String, CatalogError> {
    std::fs::read_to_string(path).map_err(|source| CatalogError::Unreadable { path: path.to_owned(), source })
}

impl Provider {
    fn deserialize_from(table: toml::Table) -> Result<Self, toml::de::Error> {
        serde::Deserialize::deserialize(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(files: &[(&str, &str)]) -> (tempfile::TempDir, Catalog) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let catalog = Catalog::new(Some(folder.path().to_owned()));
        (folder, catalog)
    }

    const OWN: &str = "name = \"Mine\"\ncategories = [\"other\"]\n[oauth2]\nauthorization_endpoint = \"http://127.0.0.1:9/a\"\ntoken_endpoint = \"http://127.0.0.1:9/t\"\n";

    #[test]
    fn every_embedded_file_is_found_by_its_id_and_by_its_old_ones() {
        let catalog = Catalog::default();
        let all = catalog.all();
        assert!(all.len() >= 110, "{}", all.len());
        for (id, provider) in all {
            let provider = provider.unwrap_or_else(|error| panic!("{error}"));
            for name in provider.aliases.iter().map(String::as_str).chain([id.as_str()]) {
                assert_eq!(catalog.get(name).unwrap().0, id, "{name}");
            }
        }
    }

    #[test]
    fn a_list_says_what_the_files_say() {
        // One that many extend, too.
        let (_folder, catalog) = own(&[("github.toml", OWN), ("zoho.toml", OWN), ("mine.toml", OWN)]);
        let read = |id, provider: Provider| Listed::of(id, &provider);
        let files: Vec<Listed> = catalog.all().into_iter().map(|(id, file)| read(id, file.unwrap())).collect();
        let list: Vec<Listed> = catalog.list().into_iter().map(|(_, listed)| listed.unwrap()).collect();
        assert_eq!(list, files);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_told_and_stops_nothing() {
        let (folder, catalog) = own(&[]);
        std::os::unix::fs::symlink("nowhere", folder.path().join("mine.toml")).unwrap();
        let broken: Vec<_> = catalog.list().into_iter().filter(|(_, listed)| listed.is_err()).collect();
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(catalog.get("wave_accounting").is_ok() && catalog.get("mine").is_err());
    }

    #[test]
    fn a_file_of_the_users_own_stands_over_the_embedded_one() {
        let (_folder, catalog) = own(&[("github.toml", OWN)]);
        let (_, provider) = catalog.get("github").unwrap();
        assert_eq!(provider.name, "Mine");
        assert!(provider.is_own);
    }

    #[test]
    fn an_own_file_may_extend_the_embedded_one_key_by_key() {
        let (_folder, catalog) = own(&[(
            "github.toml",
            "name = \"GitHub at work\"\nextends = \"github\"\n[oauth2]\ndefault_scopes = [\"repo\"]\n",
        )]);
        let (_, provider) = catalog.get("github").unwrap();
        let oauth2 = provider.oauth2.unwrap();
        assert_eq!(provider.name, "GitHub at work");
        assert_eq!(oauth2.default_scopes, ["repo"]);
        assert!(oauth2.token_endpoint.is_some());
    }

    #[test]
    fn an_own_file_may_take_an_inherited_key_away() {
        let (_folder, catalog) = own(&[(
            "code-only.toml",
            "name = \"GitHub\"\nextends = \"github\"\n[oauth2]\ndevice_authorization_endpoint = false\n",
        )]);
        let (_, provider) = catalog.get("code-only").unwrap();
        assert!(provider.oauth2.unwrap().device_authorization_endpoint.is_none());
    }

    #[test]
    fn a_typo_in_a_file_that_extends_another_is_named_with_its_line() {
        let (_folder, catalog) = own(&[(
            "mine.toml",
            "name = \"Mine\"\nextends = \"github\"\n[oauth2]\ntoken_endpiont = \"https://a.b/\"\n",
        )]);
        let error = catalog.get("mine").unwrap_err().to_string();
        assert!(error.contains("line 4") && error.contains("token_endpiont"), "{error}");
    }

    #[test]
    fn a_circle_of_extends_is_told() {
        let (_folder, catalog) =
            own(&[("a.toml", "name = \"A\"\nextends = \"b\"\n"), ("b.toml", "name = \"B\"\nextends = \"a\"\n")]);
        assert!(catalog.get("a").unwrap_err().to_string().contains("circle"));
    }

    #[test]
    fn a_typo_is_named_with_its_line() {
        let (folder, catalog) = own(&[("mine.toml", &OWN.replace("token_endpoint", "token_endpiont"))]);
        let problems = catalog.check_file(&folder.path().join("mine.toml")).unwrap();
        assert!(problems[0].contains("line 5") && problems[0].contains("token_endpiont"), "{problems:?}");
    }

    #[test]
    fn an_unknown_provider_names_those_most_like_it() {
        let error = Catalog::default().get("gihub").unwrap_err();
        assert!(
            matches!(&error, CatalogError::Unknown { near, .. } if near.contains(&"github".to_owned())),
            "{error:?}"
        );
    }

    #[test]
    fn no_id_leads_out_of_the_folder() {
        let (_folder, catalog) = own(&[]);
        for id in ["../github", "/etc/passwd", "..", "a/b"] {
            assert!(matches!(catalog.get(id), Err(CatalogError::Unknown { .. })), "{id}");
        }
    }
}
