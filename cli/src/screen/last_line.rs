//! The last line: the keys, or what needs to be said instead of them.

use ratatui::layout::Rect;

use super::Screen;
use super::paint::{Canvas, Mood};

/// The last line, at length and shorter.
const KEYS: [&str; 3] = [
    "q quit  ↑↓ move  Enter explain  Tab next pane  / filter  s sort  c copy  o link  ? help",
    "q quit  ↑↓ move  Enter explain  Tab next pane  / filter  s sort  ? help",
    "q quit  ↑↓ move  Enter explain  Tab next pane  ? help",
];

impl Screen {
    /// The last line: the filter while it is typed, what a key did, or the keys.
    pub(super) fn keys(&self, canvas: &mut Canvas<'_>, area: Rect) {
        if area.height == 0 {
            return;
        }
        let filter = &self.arrangement.filter;
        let (text, severity) = if self.ending.is_some() {
            ("Press any key to leave.".to_owned(), Mood::Strong)
        } else if self.arrangement.is_typed {
            (
                format!("/{filter}▏  Enter keeps it, Esc clears it"),
                Mood::Strong,
            )
        } else if let Some(note) = &self.note {
            (note.clone(), Mood::Strong)
        } else if !filter.is_empty() {
            (
                format!("/{filter}  Esc clears the filter  ? help"),
                Mood::Strong,
            )
        } else {
            let width = usize::from(area.width);
            let fits = KEYS.iter().find(|keys| keys.chars().count() <= width);
            (
                fits.unwrap_or(&KEYS[KEYS.len() - 1]).to_string(),
                Mood::Quiet,
            )
        };
        canvas.put(area.x, area.y, &text, area.width, severity);
    }
}
