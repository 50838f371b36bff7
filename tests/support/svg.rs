//! A screen as a picture: the same bytes on every machine, for the README and for review.

use std::fmt::Write;
use std::time::Duration;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

const CELL_WIDTH: u16 = 9;
const CELL_HEIGHT: u16 = 18;
const MARGIN: u16 = 16;
const FONT: &str = "ui-monospace,'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace";

/// The ground and the colours of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    ground: &'static str,
    text: &'static str,
    colors: [&'static str; 16],
}

pub const DARK: Palette = Palette {
    ground: "#16181d",
    text: "#d7dae0",
    colors: [
        "#2b2f38", "#f0616d", "#7cc780", "#e5c06f", "#6ca7f0", "#c490e0", "#5cc8d0", "#c3c8d1", "#8a93a3", "#ff7b86",
        "#95dd98", "#f4d58a", "#8abcff", "#d9aaf2", "#79dde4", "#ffffff",
    ],
};

pub const LIGHT: Palette = Palette {
    ground: "#fbfbf9",
    text: "#23262d",
    colors: [
        "#23262d", "#b8202f", "#1f7a34", "#8a5a00", "#1d5fb4", "#7d3aa3", "#00707a", "#5d6470", "#6b7280", "#b8202f",
        "#1f7a34", "#8a5a00", "#1d5fb4", "#7d3aa3", "#00707a", "#111318",
    ],
};

impl Palette {
    fn color(&self, color: Color, otherwise: &'static str) -> &'static str {
        let index = match color {
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
            Color::Reset => return otherwise,
            other => panic!("{other:?} is not one of the sixteen colours"),
        };
        self.colors[index]
    }

    /// Returns the colours of a cell: its text's and its ground's.
    fn of(&self, cell: &Cell) -> (&'static str, &'static str) {
        let (text, ground) = (self.color(cell.fg, self.text), self.color(cell.bg, self.ground));
        if cell.modifier.contains(Modifier::REVERSED) { (ground, text) } else { (text, ground) }
    }
}

/// Draws a buffer.
pub fn render(buffer: &Buffer, palette: &Palette) -> String {
    let mut svg = begin(buffer, palette);
    for row in 0..buffer.area.height {
        draw_row(&mut svg, buffer, row, palette);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws buffers one after the other, each for so long, again and again. Where nothing moves, one of them stands
/// `still`.
pub fn animate(frames: &[(Buffer, Duration)], still: usize, palette: &Palette) -> String {
    let whole: Duration = frames.iter().map(|(_, time)| *time).sum();
    let percent = |time: Duration| 100.0 * time.as_secs_f64() / whole.as_secs_f64();
    let mut svg = begin(&frames[0].0, palette);
    writeln!(svg, "<style>g{{visibility:hidden}}.f{still}{{visibility:visible}}").unwrap();
    let mut from = Duration::ZERO;
    for (number, (_, time)) in frames.iter().enumerate() {
        let (begins, ends) = (percent(from), percent(from + *time));
        writeln!(svg, "@keyframes f{number}{{0%{{visibility:hidden}}{begins:.2}%{{visibility:visible}}{ends:.2}%{{visibility:hidden}}}}").unwrap();
        writeln!(svg, ".f{number}{{animation:f{number} {}s step-end infinite}}", whole.as_secs()).unwrap();
        from += *time;
    }
    svg.push_str("@media (prefers-reduced-motion:reduce){g{animation:none!important}}</style>\n");
    for (number, (buffer, _)) in frames.iter().enumerate() {
        writeln!(svg, "<g class=\"f{number}\">").unwrap();
        for row in 0..buffer.area.height {
            draw_row(&mut svg, buffer, row, palette);
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// The frame and the ground of a picture.
fn begin(buffer: &Buffer, palette: &Palette) -> String {
    let (width, height) = (buffer.area.width * CELL_WIDTH + 2 * MARGIN, buffer.area.height * CELL_HEIGHT + 2 * MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"{FONT}\" font-size=\"15\">\n<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{}\"/>\n",
        palette.ground
    )
}

/// Draws runs of cells of one style: a ground where it is not the picture's, and a text.
fn draw_row(svg: &mut String, buffer: &Buffer, row: u16, palette: &Palette) {
    let style = |column: u16| (palette.of(&buffer[(column, row)]), buffer[(column, row)].modifier);
    let mut column = 0;
    while column < buffer.area.width {
        let run = style(column);
        let mut end = column;
        let mut text = String::new();
        while end < buffer.area.width && style(end) == run {
            let symbol = buffer[(end, row)].symbol();
            text.push_str(symbol);
            // The second half of a wide character is a cell of its own, and empty.
            end += u16::try_from(symbol.width()).unwrap().max(1);
        }
        let ((color, ground), modifier) = run;
        let (x, y) = (MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT);
        if ground != palette.ground {
            let width = (end - column) * CELL_WIDTH;
            writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CELL_HEIGHT}\" fill=\"{ground}\"/>")
                .unwrap();
        }
        draw_text(svg, &text, (x, y), color, modifier);
        column = end;
    }
}

fn draw_text(svg: &mut String, text: &str, (x, y): (u16, u16), color: &str, modifier: Modifier) {
    let shown = text.trim_end();
    if shown.is_empty() {
        return;
    }
    // Leading blanks move the text instead of being drawn.
    let blanks = u16::try_from(shown.len() - shown.trim_start().len()).unwrap();
    let (shown, x) = (shown.trim_start(), x + blanks * CELL_WIDTH);
    let length = u16::try_from(shown.width()).unwrap() * CELL_WIDTH;
    let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut extra = String::new();
    if modifier.contains(Modifier::BOLD) {
        extra.push_str(" font-weight=\"bold\"");
    }
    if modifier.contains(Modifier::UNDERLINED) {
        extra.push_str(" text-decoration=\"underline\"");
    }
    if modifier.contains(Modifier::DIM) {
        extra.push_str(" opacity=\"0.6\"");
    }
    let baseline = y + 14;
    writeln!(svg, "<text x=\"{x}\" y=\"{baseline}\" fill=\"{color}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{extra}>{escaped}</text>").unwrap();
}
