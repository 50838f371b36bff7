//! A screen as text: what stands on it, and below that in which styles.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Writes down a screen. Cells in the terminal's own style are left out of the styles.
pub fn dump(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = format!("{}×{}\n", area.width, area.height);
    for row in 0..area.height {
        let (mut line, mut column) = (String::new(), 0);
        while column < area.width {
            let symbol = buffer[(column, row)].symbol();
            line.push_str(symbol);
            // The second half of a wide character is a cell of its own, and empty.
            column += u16::try_from(symbol.width()).unwrap().max(1);
        }
        writeln!(text, "▏{}", line.trim_end()).unwrap();
    }
    let mut row = 0;
    while row < area.height {
        let (first, shown) = (row, runs(buffer, row).join(", "));
        while row < area.height && runs(buffer, row).join(", ") == shown {
            row += 1;
        }
        if !shown.is_empty() {
            let rows = if first + 1 == row { first.to_string() } else { format!("{first}-{}", row - 1) };
            writeln!(text, "{rows:>5}  {shown}").unwrap();
        }
    }
    text
}

/// Returns the runs of one style in a row: `4-9 cyan bold`.
fn runs(buffer: &Buffer, row: u16) -> Vec<String> {
    let mut runs = Vec::new();
    let mut column = 0;
    while column < buffer.area.width {
        let words = style(&buffer[(column, row)]);
        let from = column;
        while column < buffer.area.width && style(&buffer[(column, row)]) == words {
            column += 1;
        }
        if !words.is_empty() {
            runs.push(format!("{from}-{} {words}", column - 1));
        }
    }
    runs
}

fn style(cell: &Cell) -> String {
    let color = |color: Color| (color != Color::Reset).then(|| color.to_string().to_lowercase());
    let ground = color(cell.bg).map(|color| format!("on {color}"));
    let mut words: Vec<String> = color(cell.fg).into_iter().chain(ground).collect();
    words.extend(cell.modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    // A line below has a colour of its own where it has one.
    if cell.modifier.contains(Modifier::UNDERLINED) {
        words.extend(color(cell.underline_color));
    }
    words.join(" ")
}
