//! Values that are larger than a platform's keychain takes, split over several items.
//!
//! A small value is one item under its own name. A large one is a header under that name and
//! parts under `name#generation.index`. The header is written last and names a generation of
//! parts, so that an interrupted write leaves the old value readable.

use super::{VaultBackend, VaultError};
use crate::model::Secret;

/// How a header begins; our records are JSON and begin with a brace.
const MARK: &str = "hallpass/split/1:";

/// Items of a keychain: text by name, up to a limit.
pub trait Items: Send {
    /// Returns the text of one item.
    fn get(&mut self, name: &str) -> Result<Option<Secret>, VaultError>;
    /// Writes the text of one item.
    fn set(&mut self, name: &str, value: &str) -> Result<(), VaultError>;
    /// Deletes one item; there being none is no error.
    fn remove(&mut self, name: &str) -> Result<(), VaultError>;
    /// Returns how large the text of one item may be.
    fn limit(&self) -> Limit;
}

/// How large the text of one item may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// As large as it likes.
    None,
    /// At most so many bytes once encoded as UTF-16 (Windows' Credential Manager: 2,560).
    Utf16Bytes(usize),
}

impl Limit {
    fn fits(self, text: &str) -> bool {
        match self {
            Self::None => true,
            Self::Utf16Bytes(most) => text.encode_utf16().count() * 2 <= most,
        }
    }

    /// Cuts text into pieces that fit, never within a character.
    fn pieces(self, text: &str) -> Vec<&str> {
        let Self::Utf16Bytes(most) = self else { return vec![text] };
        let mut pieces = Vec::new();
        let (mut start, mut size) = (0, 0);
        for (index, character) in text.char_indices() {
            let more = character.len_utf16() * 2;
            if size + more > most {
                pieces.push(&text[start..index]);
                (start, size) = (index, 0);
            }
            size += more;
        }
        pieces.push(&text[start..]);
        pieces
    }
}

/// A vault over items with a limit.
#[derive(Debug)]
pub struct Split<I>(pub I);

struct Header {
    generation: u64,
    count: usize,
    fingerprint: String,
}

impl Header {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.strip_prefix(MARK)?.split(':');
        let header = Self {
            generation: fields.next()?.parse().ok()?,
            count: fields.next()?.parse().ok()?,
            fingerprint: fields.next()?.to_owned(),
        };
        fields.next().is_none().then_some(header)
    }

    fn text(&self) -> String {
        format!("{MARK}{}:{}:{}", self.generation, self.count, self.fingerprint)
    }

    fn parts(&self, name: &str) -> impl Iterator<Item = String> {
        let (name, generation) = (name.to_owned(), self.generation);
        (0..self.count).map(move |index| format!("{name}#{generation}.{index}"))
    }
}

impl<I: Items> Split<I> {
    fn header(&mut self, name: &str) -> Result<Option<Header>, VaultError> {
        Ok(self.0.get(name)?.and_then(|text| Header::parse(text.expose())))
    }

    fn read_once(&mut self, item: &str) -> Result<Option<Secret>, VaultError> {
        let Some(text) = self.0.get(item)? else { return Ok(None) };
        let Some(header) = Header::parse(text.expose()) else { return Ok(Some(text)) };
        let damaged = |why| VaultError::Damaged { item: item.to_owned(), why };
        let mut whole = zeroize::Zeroizing::new(String::new());
        for part in header.parts(item) {
            let part = self.0.get(&part)?.ok_or_else(|| damaged("a part of it is missing"))?;
            whole.push_str(part.expose());
        }
        let whole = Secret::new(whole.as_str());
        if whole.fingerprint() == header.fingerprint {
            Ok(Some(whole))
        } else {
            Err(damaged("its parts do not belong together"))
        }
    }

    fn remove_parts(&mut self, name: &str, header: Option<Header>) -> Result<(), VaultError> {
        header.map_or(Ok(()), |header| header.parts(name).try_for_each(|part| self.0.remove(&part)))
    }
}

impl<I: Items> VaultBackend for Split<I> {
    fn read(&mut self, item: &str) -> Result<Option<Secret>, VaultError> {
        match self.read_once(item) {
            // Another process may have replaced the value between the header and its parts.
            Err(VaultError::Damaged { .. }) => self.read_once(item),
            outcome => outcome,
        }
    }

    fn write(&mut self, item: &str, value: &Secret) -> Result<(), VaultError> {
        let limit = self.0.limit();
        if limit == Limit::None {
            return self.0.set(item, value.expose());
        }
        let before = self.header(item)?;
        if limit.fits(value.expose()) {
            self.0.set(item, value.expose())?;
        } else {
            let pieces = limit.pieces(value.expose());
            let header = Header {
                generation: before.as_ref().map_or(1, |before| before.generation.wrapping_add(1)),
                count: pieces.len(),
                fingerprint: value.fingerprint(),
            };
            for (part, piece) in header.parts(item).zip(pieces) {
                self.0.set(&part, piece)?;
            }
            self.0.set(item, &header.text())?;
        }
        self.remove_parts(item, before)
    }

    fn delete(&mut self, item: &str) -> Result<(), VaultError> {
        // Parts first: as long as the header stands, a second try finds them.
        if self.0.limit() != Limit::None {
            let header = self.header(item)?;
            self.remove_parts(item, header)?;
        }
        self.0.remove(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Takes at most 2,560 bytes of UTF-16 an item, as Windows does, and fails after `left` writes.
    #[derive(Debug)]
    struct Windows {
        items: BTreeMap<String, String>,
        left: usize,
    }

    impl Windows {
        fn new() -> Self {
            Self { items: BTreeMap::new(), left: usize::MAX }
        }
    }

    impl Items for Windows {
        fn get(&mut self, name: &str) -> Result<Option<Secret>, VaultError> {
            Ok(self.items.get(name).map(Secret::new))
        }
        fn set(&mut self, name: &str, value: &str) -> Result<(), VaultError> {
            assert!(value.encode_utf16().count() * 2 <= 2_560, "{} bytes", value.len());
            self.left = self.left.checked_sub(1).ok_or(VaultError::Locked)?;
            self.items.insert(name.to_owned(), value.to_owned());
            Ok(())
        }
        fn remove(&mut self, name: &str) -> Result<(), VaultError> {
            self.items.remove(name);
            Ok(())
        }
        fn limit(&self) -> Limit {
            Limit::Utf16Bytes(2_560)
        }
    }

    /// Keeps bytes that are UTF-8 and loses all others, as KDE Wallet does.
    #[derive(Debug, Default)]
    struct Utf8Only(BTreeMap<String, Vec<u8>>);

    impl Items for Utf8Only {
        fn get(&mut self, name: &str) -> Result<Option<Secret>, VaultError> {
            Ok(self.0.get(name).map(|bytes| Secret::new(String::from_utf8_lossy(bytes))))
        }
        fn set(&mut self, name: &str, value: &str) -> Result<(), VaultError> {
            self.0.insert(name.to_owned(), value.as_bytes().to_vec());
            Ok(())
        }
        fn remove(&mut self, name: &str) -> Result<(), VaultError> {
            self.0.remove(name);
            Ok(())
        }
        fn limit(&self) -> Limit {
            Limit::None
        }
    }

    fn large(seed: char) -> Secret {
        Secret::new(std::iter::repeat_n(seed, 10_000).collect::<String>())
    }

    #[test]
    fn a_token_of_10_kilobytes_comes_back_from_a_store_that_takes_2560_bytes() {
        let mut vault = Split(Windows::new());
        vault.write("c", &large('é')).unwrap();
        assert_eq!(vault.read("c").unwrap(), Some(large('é')));
        assert!(vault.0.items.len() > 4);
    }

    #[test]
    fn a_store_of_utf8_keeps_everything() {
        let mut vault = Split(Utf8Only::default());
        let value = Secret::new("{\"access_token\":\"ключ\u{0}\u{10FFFF}\"}");
        vault.write("c", &value).unwrap();
        assert_eq!(vault.read("c").unwrap(), Some(value));
    }

    #[test]
    fn nothing_is_left_behind() {
        let mut vault = Split(Windows::new());
        for value in [large('a'), large('b'), Secret::new("small"), large('c')] {
            vault.write("c", &value).unwrap();
            assert_eq!(vault.read("c").unwrap(), Some(value));
        }
        vault.delete("c").unwrap();
        assert!(vault.0.items.is_empty(), "{:?}", vault.0.items.keys());
    }

    #[test]
    fn an_interrupted_write_leaves_the_old_value_or_the_new_one() {
        for writes in 0..12 {
            let mut vault = Split(Windows::new());
            vault.write("c", &large('a')).unwrap();
            vault.0.left = writes;
            let outcome = vault.write("c", &large('b'));
            vault.0.left = usize::MAX;
            let expected = if outcome.is_ok() { large('b') } else { large('a') };
            assert_eq!(vault.read("c").unwrap(), Some(expected), "after {writes} writes");
        }
    }

    #[test]
    fn a_missing_part_is_damage_and_not_absence() {
        let mut vault = Split(Windows::new());
        vault.write("c", &large('a')).unwrap();
        vault.0.items.remove("c#1.2");
        assert!(matches!(vault.read("c"), Err(VaultError::Damaged { .. })));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "\\PC{0,3000}") {
            let mut vault = Split(Windows::new());
            let value = Secret::new(text);
            vault.write("c", &value).unwrap();
            prop_assert_eq!(vault.read("c").unwrap(), Some(value));
        }
    }
}
