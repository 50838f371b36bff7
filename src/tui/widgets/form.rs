//! A form: a few labelled lines, one of which has the focus.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::input::Input;
use crate::model::Secret;

/// One line of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name by which the code finds it.
    pub name: String,
    /// What stands before it.
    pub label: String,
    /// What stands below it while it has the focus.
    pub help: String,
    /// Whether it is masked.
    pub is_secret: bool,
    /// What can be chosen, where nothing is typed; the arrows to the sides go round.
    pub choices: Vec<String>,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What is typed, or chosen.
    pub input: Input,
}

impl Field {
    /// Makes a line with a text in it.
    pub fn new(name: &str, label: &str, text: &str, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            help: help.to_owned(),
            is_secret: false,
            choices: Vec::new(),
            error: None,
            input: Input::with(text),
        }
    }

    /// Makes a line on which one of `choices` is chosen; an empty one stands for none.
    pub fn choice(name: &str, label: &str, choices: Vec<String>, chosen: &str, help: &str) -> Self {
        Self { choices, ..Self::new(name, label, chosen, help) }
    }

    /// Chooses the next one, or the one before.
    fn choose(&mut self, by: isize) {
        let count = isize::try_from(self.choices.len()).unwrap_or(1);
        let now = self.choices.iter().position(|choice| choice == self.input.text());
        let now = now.and_then(|index| isize::try_from(index).ok()).unwrap_or(0);
        let next = usize::try_from((now + by).rem_euclid(count)).unwrap_or(0);
        self.input = Input::with(&self.choices[next]);
    }

    /// Chooses the next one that begins with a letter.
    fn choose_by_letter(&mut self, letter: char) {
        let begins = |choice: &&String| choice.to_lowercase().starts_with(letter.to_ascii_lowercase());
        let now = self.choices.iter().position(|choice| choice == self.input.text()).map_or(0, |index| index + 1);
        let found = self.choices.iter().cycle().skip(now).take(self.choices.len()).find(begins).cloned();
        if let Some(found) = found {
            self.input = Input::with(&found);
        }
    }

    fn key(&mut self, key: KeyEvent) -> bool {
        if self.choices.is_empty() {
            return self.input.key(key);
        }
        match key.code {
            KeyCode::Right | KeyCode::Char(' ') => self.choose(1),
            KeyCode::Left => self.choose(-1),
            KeyCode::Char(letter) => self.choose_by_letter(letter),
            _ => return false,
        }
        true
    }

    /// Makes a masked, empty line.
    pub fn secret(name: &str, label: &str, help: &str) -> Self {
        Self { is_secret: true, ..Self::new(name, label, "", help) }
    }
}

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Its lines.
    pub fields: Vec<Field>,
    /// Which line has the focus.
    pub focus: usize,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// What a key meant to a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    /// It was an edit or a move.
    Edited,
    /// It was enter on the last line.
    Submitted,
    /// It was nothing to the form.
    Ignored,
}

impl Form {
    /// Makes a form with the focus on its first line.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields, focus: 0, error: None }
    }

    /// Puts the focus on the first empty line.
    #[must_use]
    pub fn focused_on_first_empty(mut self) -> Self {
        self.focus = self.fields.iter().position(|field| field.input.text().is_empty()).unwrap_or(0);
        self
    }

    /// Puts the focus on a line, where there is one of this name.
    pub fn focus_on(&mut self, name: &str) {
        self.focus = self.fields.iter().position(|field| field.name == name).unwrap_or(self.focus);
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Pressed {
        let last = self.fields.len().saturating_sub(1);
        match key.code {
            KeyCode::Tab | KeyCode::Down => self.focus = if self.focus == last { 0 } else { self.focus + 1 },
            KeyCode::BackTab | KeyCode::Up => self.focus = self.focus.checked_sub(1).unwrap_or(last),
            KeyCode::Enter if self.focus == last || key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Pressed::Submitted;
            }
            KeyCode::Enter => self.focus += 1,
            _ => {
                let edited = self.fields.get_mut(self.focus).is_some_and(|field| {
                    field.error = None;
                    field.key(key)
                });
                return if edited { Pressed::Edited } else { Pressed::Ignored };
            }
        }
        Pressed::Edited
    }

    /// Inserts pasted text where the focus is.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.focus).filter(|field| field.choices.is_empty()) {
            field.error = None;
            field.input.insert(text.trim());
        }
    }

    /// Says what is wrong with a line, and puts the focus there.
    pub fn fail(&mut self, name: &str, error: String) {
        if let Some(index) = self.fields.iter().position(|field| field.name == name) {
            self.focus = index;
            self.fields[index].error = Some(error);
        } else {
            self.error = Some(error);
        }
    }

    /// Returns the text of a line, without white space at its ends.
    pub fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|field| field.name == name).map_or("", |field| field.input.text().trim())
    }

    /// Returns the text of a masked line. It stays, so that a mistake elsewhere can be mended.
    pub fn secret(&self, name: &str) -> Secret {
        Secret::new(self.text(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form::new(vec![
            Field::new("key", "Key", "github", ""),
            Field::new("id", "Client id", "", ""),
            Field::secret("secret", "Client secret", ""),
        ])
    }

    fn press(form: &mut Form, code: KeyCode) -> Pressed {
        form.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn enter_goes_on_and_submits_at_the_end() {
        let mut form = form().focused_on_first_empty();
        assert_eq!(form.focus, 1);
        press(&mut form, KeyCode::Char('x'));
        assert_eq!(press(&mut form, KeyCode::Enter), Pressed::Edited);
        form.paste(" pasted\n");
        assert_eq!(press(&mut form, KeyCode::Enter), Pressed::Submitted);
        assert_eq!((form.text("id"), form.secret("secret").expose()), ("x", "pasted"));
    }

    #[test]
    fn a_choice_is_made_by_the_arrows_and_by_its_first_letter() {
        let choices = ["", "eu", "au", "us"].map(str::to_owned).to_vec();
        let mut form = Form::new(vec![Field::choice("region", "Region", choices, "", "")]);
        press(&mut form, KeyCode::Right);
        assert_eq!(form.text("region"), "eu");
        press(&mut form, KeyCode::Left);
        press(&mut form, KeyCode::Left);
        assert_eq!(form.text("region"), "us");
        press(&mut form, KeyCode::Char('A'));
        assert_eq!(form.text("region"), "au");
        form.paste("elsewhere");
        press(&mut form, KeyCode::Char('x'));
        assert_eq!(form.text("region"), "au", "nothing else can be chosen");
    }

    #[test]
    fn what_is_wrong_stands_at_its_line_until_that_is_mended() {
        let mut form = form();
        form.fail("id", "it is empty".to_owned());
        assert_eq!((form.focus, form.fields[1].error.as_deref()), (1, Some("it is empty")));
        press(&mut form, KeyCode::Char('x'));
        assert_eq!(form.fields[1].error, None);
    }

    #[test]
    fn the_focus_goes_round() {
        let mut form = form();
        press(&mut form, KeyCode::Up);
        assert_eq!(form.focus, 2);
        press(&mut form, KeyCode::Tab);
        assert_eq!(form.focus, 0);
    }
}
