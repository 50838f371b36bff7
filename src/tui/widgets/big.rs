//! Large letters, for a code that is typed from one screen into another: three by five dots each, two
//! dots in a character.

/// The dots of a letter, a row in three bits, the upper one first.
const GLYPHS: [(char, [u8; 5]); 37] = [
    ('0', [7, 5, 5, 5, 7]),
    ('1', [2, 6, 2, 2, 7]),
    ('2', [7, 1, 7, 4, 7]),
    ('3', [7, 1, 7, 1, 7]),
    ('4', [5, 5, 7, 1, 1]),
    ('5', [7, 4, 7, 1, 7]),
    ('6', [7, 4, 7, 5, 7]),
    ('7', [7, 1, 1, 1, 1]),
    ('8', [7, 5, 7, 5, 7]),
    ('9', [7, 5, 7, 1, 7]),
    ('A', [2, 5, 7, 5, 5]),
    ('B', [6, 5, 6, 5, 6]),
    ('C', [3, 4, 4, 4, 3]),
    ('D', [6, 5, 5, 5, 6]),
    ('E', [7, 4, 6, 4, 7]),
    ('F', [7, 4, 6, 4, 4]),
    ('G', [3, 4, 5, 5, 3]),
    ('H', [5, 5, 7, 5, 5]),
    ('I', [7, 2, 2, 2, 7]),
    ('J', [1, 1, 1, 5, 2]),
    ('K', [5, 5, 6, 5, 5]),
    ('L', [4, 4, 4, 4, 7]),
    ('M', [5, 7, 7, 5, 5]),
    ('N', [6, 5, 5, 5, 5]),
    ('O', [2, 5, 5, 5, 2]),
    ('P', [6, 5, 6, 4, 4]),
    ('Q', [2, 5, 5, 7, 3]),
    ('R', [6, 5, 6, 5, 5]),
    ('S', [3, 4, 2, 1, 6]),
    ('T', [7, 2, 2, 2, 2]),
    ('U', [5, 5, 5, 5, 7]),
    ('V', [5, 5, 5, 5, 2]),
    ('W', [5, 5, 7, 7, 5]),
    ('X', [5, 5, 2, 5, 5]),
    ('Y', [5, 5, 2, 2, 2]),
    ('Z', [7, 1, 2, 4, 7]),
    ('-', [0, 0, 7, 0, 0]),
];

/// Returns the three lines of a text in large letters; `None` where one of its letters has none, or where
/// they are wider than `width`.
pub fn lines(text: &str, width: usize) -> Option<[String; 3]> {
    let glyph = |letter: char| GLYPHS.iter().find(|(known, _)| *known == letter).map(|(_, dots)| *dots);
    let glyphs: Vec<[u8; 5]> = text.chars().map(glyph).collect::<Option<_>>()?;
    if glyphs.is_empty() || glyphs.len() * 4 - 1 > width {
        return None;
    }
    let dot = |dots: &[u8; 5], column: u8, row: usize| dots.get(row).is_some_and(|line| line & (4 >> column) != 0);
    let line = |number: usize| {
        let of = |dots: &[u8; 5]| {
            (0..3_u8)
                .map(|column| match (dot(dots, column, 2 * number), dot(dots, column, 2 * number + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                })
                .collect::<String>()
        };
        glyphs.iter().map(of).collect::<Vec<_>>().join(" ")
    };
    Some([line(0), line(1), line(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_three_lines_high() {
        let [top, middle, bottom] = lines("1-H", 20).unwrap();
        assert_eq!([top.as_str(), middle.as_str(), bottom.as_str()], ["▄█      █ █", " █  ▀▀▀ █▀█", "▀▀▀     ▀ ▀"]);
    }

    #[test]
    fn what_has_no_letters_or_no_room_is_not_drawn() {
        assert!(lines("ab", 20).is_none() && lines("", 20).is_none());
        assert!(lines("WDJB-MJHT", 35).is_some() && lines("WDJB-MJHT", 34).is_none());
    }

    #[test]
    fn no_two_letters_look_alike() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(GLYPHS.iter().all(|(_, dots)| seen.insert(*dots)));
    }
}
