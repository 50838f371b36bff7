//! Themes of the settings: a few styles over those of another theme.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use super::{Role, Theme};
use crate::model::{search, untrusted};
use crate::settings::{Mistake, OwnTheme};

/// What a theme names the one that it stands over.
const BASE: &str = "base";
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// Puts themes of the settings over the built-in ones, or says everything that is wrong with them.
pub(super) fn over(
    mut themes: BTreeMap<String, Theme>,
    own: &[OwnTheme],
) -> Result<BTreeMap<String, Theme>, Vec<Mistake>> {
    let built_in = themes.clone();
    let mut problems = Vec::new();
    for theme in own {
        let mut problem = |line, message| problems.push(Mistake { line, message });
        let base = theme.styles.iter().find(|style| style.name == BASE);
        let base_name = base.map_or("dark", |base| base.text.as_str());
        let Some(mut made) = built_in.get(base_name).copied() else {
            let line = base.map_or(theme.line, |base| base.line);
            problem(line, format!("there is no theme `{}`; {}", untrusted::line(base_name), there_is(built_in.keys())));
            continue;
        };
        for style in theme.styles.iter().filter(|style| style.name != BASE) {
            let Some(role) = Role::ALL.into_iter().find(|role| role.word() == style.name) else {
                problem(style.line, unknown_role(&style.name));
                continue;
            };
            match parse(&style.text) {
                Ok(parsed) => made.styles[role as usize] = parsed,
                Err(message) => problem(style.line, format!("{}: {message}", style.name)),
            }
        }
        themes.insert(theme.name.clone(), made);
    }
    if problems.is_empty() { Ok(themes) } else { Err(problems) }
}

fn there_is<'a>(names: impl Iterator<Item = &'a String>) -> String {
    format!("there are {}", names.map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn unknown_role(name: &str) -> String {
    let words = Role::ALL.map(Role::word);
    let shown = untrusted::line(name);
    match search::nearest(name, words.into_iter()).first() {
        Some(alike) => format!("a theme has no style `{shown}`; did you mean `{alike}`?"),
        None => format!("a theme has no style `{shown}`; it has {}, and {BASE}", words.join(", ")),
    }
}

/// Reads a style: modifiers, a colour, and `on` with the colour of the ground, in any order.
fn parse(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            let ground = words.next().ok_or("`on` wants a colour after it")?;
            style = style.bg(color(ground)?);
        } else {
            style = style.fg(color(word)?);
        }
    }
    Ok(style)
}

fn color(word: &str) -> Result<Color, String> {
    let is_known = word.starts_with('#') || !word.starts_with(|first: char| first.is_ascii_digit());
    word.parse().ok().filter(|_| is_known).ok_or_else(|| {
        let modifiers = MODIFIERS.map(|(name, _)| name).join(", ");
        format!(
            "`{}` is no colour; expected a name (red, bright-blue, gray, …), #rrggbb, `on` and a colour, or {modifiers}",
            untrusted::line(word)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::StyleSetting;

    fn own(styles: &[(&str, &str)]) -> Vec<OwnTheme> {
        let styles = styles.iter().enumerate();
        let styles = styles.map(|(index, (name, text))| StyleSetting {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
            line: index + 2,
        });
        vec![OwnTheme { name: "mine".to_owned(), line: 1, styles: styles.collect() }]
    }

    #[test]
    fn a_theme_of_ones_own_changes_what_it_names_and_keeps_the_rest() {
        let themes =
            Theme::all(&own(&[("base", "light"), ("good", "bold #00ff00 on black"), ("bad", "bright-red")]), true)
                .unwrap();
        let mine = themes["mine"];
        let good = Style::new().fg(Color::Rgb(0, 255, 0)).bg(Color::Black).add_modifier(Modifier::BOLD);
        assert_eq!(mine.good(), good);
        assert_eq!(mine.bad(), Style::new().fg(Color::LightRed));
        assert_eq!(mine.key(), themes["light"].key());
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once_with_its_lines() {
        let problems = Theme::all(&own(&[("god", "red"), ("good", "rosy"), ("bad", "red on")]), true).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told[0], "line 2: a theme has no style `god`; did you mean `good`?");
        assert!(told[1].starts_with("line 3: good: `rosy` is no colour"), "{told:?}");
        assert!(told[2].contains("line 4") && told[2].contains("`on` wants"), "{told:?}");
        let problems = Theme::all(&own(&[("base", "drak")]), true).unwrap_err();
        assert!(problems[0].message.contains("no theme `drak`"), "{problems:?}");
    }
}
