//! Pictures of a terminal as one animated SVG: a strip of frames that moves past a window. A line
//! that stands in many frames is written once. It needs no script, so that a page may show it as an
//! image.

use std::collections::HashMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::recording::Frame;

/// How long each frame is shown, and the last one, in milliseconds.
const FRAME_MS: usize = 250;
const LAST_MS: usize = 6000;

/// The size of a cell, and the border, in pixels.
const CELL_WIDTH: f64 = 8.4;
const CELL_HEIGHT: usize = 18;
const BORDER: usize = 12;
/// From the top of a line to the foot of its letters.
const BASELINE: usize = 13;

/// The classes of a cell's text.
const STYLE: &str = "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d4d4d4;white-space:pre}\
.d{fill:#8a8a8a}.b{font-weight:bold}.r{fill:#f1706f}.g{fill:#6cc87a}.y{fill:#e0b64a}.c{fill:#58b9d6}";

/// The frames, one after the other, without end.
pub fn animation(frames: &[Frame]) -> String {
    let Some(first) = frames.first() else {
        return String::new();
    };
    let area = first.buffer.area;
    let width = pixels(area.width) + 2 * BORDER;
    let height = usize::from(area.height) * CELL_HEIGHT + 2 * BORDER;
    let mut lines = Lines::default();
    let mut strip = String::new();
    for (place, frame) in frames.iter().enumerate() {
        strip += &format!("<g transform=\"translate({} 0)\">", place * width);
        for y in 0..area.height {
            let line = line(frame, y);
            if !line.is_empty() {
                let top = BORDER + usize::from(y) * CELL_HEIGHT + BASELINE;
                let id = lines.id(line);
                strip += &format!("<use href=\"#{id}\" x=\"{BORDER}\" y=\"{top}\"/>");
            }
        }
        strip += "</g>\n";
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>ecs-rollout demo: the screen of a rollout</title>\n\
         <style>{STYLE}\n{}</style>\n<defs>\n{}</defs>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#1e1e1e\"/>\n<g class=\"strip\">\n{strip}</g>\n</svg>\n",
        movement(frames.len(), width),
        lines.definitions
    )
}

/// The strip's movement: frame after frame, each for its time.
fn movement(frames: usize, width: usize) -> String {
    let total = frames.saturating_sub(1) * FRAME_MS + LAST_MS;
    let mut steps = String::new();
    for place in 0..frames {
        let percent = 100.0 * (place * FRAME_MS) as f64 / total as f64;
        write!(
            steps,
            "{percent:.3}%{{transform:translateX(-{}px)}}",
            place * width
        )
        .expect("a String takes all text");
    }
    format!(".strip{{animation:play {total}ms step-end infinite}}@keyframes play{{{steps}}}")
}

/// The lines that were written, each once.
#[derive(Debug, Default)]
struct Lines {
    ids: HashMap<String, String>,
    definitions: String,
}

impl Lines {
    fn id(&mut self, line: String) -> String {
        if let Some(id) = self.ids.get(&line) {
            return id.clone();
        }
        let id = format!("l{}", self.ids.len());
        self.definitions += &format!("<text id=\"{id}\">{line}</text>\n");
        self.ids.insert(line, id.clone());
        id
    }
}

/// A line of a frame as parts of one style each; nothing if it is empty.
fn line(frame: &Frame, y: u16) -> String {
    let mut cells = cells(&frame.buffer, y);
    for link in frame.links.iter().filter(|link| link.place.1 == y) {
        for (offset, letter) in link.text.chars().enumerate() {
            if let Some(cell) = cells.get_mut(usize::from(link.place.0) + offset) {
                *cell = (letter.to_string(), "c");
            }
        }
    }
    while cells.last().is_some_and(|(symbol, _)| symbol == " ") {
        cells.pop();
    }
    let mut out = String::new();
    let mut x = 0;
    for part in cells.chunk_by(|one, other| one.1 == other.1) {
        let text: String = part.iter().map(|(symbol, _)| symbol.as_str()).collect();
        let class = part.first().map_or("", |(_, class)| class);
        // Each part has its place, so that no font moves what comes after it.
        let at = format!("{:.1}", f64::from(x) * CELL_WIDTH);
        out += &format!(
            "<tspan x=\"{at}\" class=\"{class}\">{}</tspan>",
            escaped(&text)
        );
        x += u16::try_from(part.len()).unwrap_or(u16::MAX);
    }
    out
}

fn cells(buffer: &Buffer, y: u16) -> Vec<(String, &'static str)> {
    let area = buffer.area;
    (0..area.width)
        .filter_map(|x| buffer.cell((x, y)))
        .map(|cell| (cell.symbol().to_owned(), class(cell)))
        .collect()
}

fn class(cell: &Cell) -> &'static str {
    let is_bold = cell.modifier.contains(Modifier::BOLD);
    match (cell.fg, is_bold) {
        (Color::Red, true) => "r b",
        (Color::Red, false) => "r",
        (Color::Green, _) => "g",
        (Color::Yellow, _) => "y",
        (Color::Cyan | Color::DarkGray, _) => "c",
        (_, true) => "b",
        (_, false) if cell.modifier.contains(Modifier::DIM) => "d",
        _ => "p",
    }
}

fn pixels(cells: u16) -> usize {
    (f64::from(cells) * CELL_WIDTH).ceil() as usize
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
