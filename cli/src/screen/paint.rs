//! Colours, and how a line comes onto the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::text::cut;

/// How something is meant. Without colours weight alone tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it is.
    #[default]
    Plain,
    /// Beside the point.
    Quiet,
    /// A heading.
    Strong,
    /// It went well.
    Good,
    /// It comes.
    Coming,
    /// It goes, or waits.
    Waiting,
    /// A person should look at it.
    Bad,
}

impl Mood {
    /// How it looks.
    pub fn style(self, colours: bool) -> Style {
        let plain = Style::new();
        let coloured = |colour: Color| if colours { plain.fg(colour) } else { plain };
        match self {
            Self::Plain => plain,
            Self::Quiet => plain.add_modifier(Modifier::DIM),
            Self::Strong => plain.add_modifier(Modifier::BOLD),
            Self::Good => coloured(Color::Green),
            Self::Coming => coloured(Color::Cyan),
            Self::Waiting => coloured(Color::Yellow),
            Self::Bad => coloured(Color::Red).add_modifier(Modifier::BOLD),
        }
    }
}

/// What is drawn on.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// Whether colours are shown.
    pub colours: bool,
}

impl Canvas<'_> {
    /// Writes `text` into row `y` from `x` on, `width` cells at most; where it ends.
    pub fn put(&mut self, x: u16, y: u16, text: &str, width: u16, severity: Mood) -> u16 {
        let text = cut(text, usize::from(width));
        let style = severity.style(self.colours);
        let (end, _) = self
            .buffer
            .set_stringn(x, y, text, usize::from(width), style);
        end
    }

    /// Writes parts one after the other into the first line of `area`; where they end.
    pub fn parts(&mut self, area: Rect, parts: &[(String, Mood)]) -> u16 {
        let mut x = area.x;
        for (text, severity) in parts {
            x = self.put(x, area.y, text, area.right().saturating_sub(x), *severity);
        }
        x
    }

    /// Writes `text` at the end of the first line of `area`, if there is room for all of it behind
    /// `taken`.
    pub fn at_the_end(&mut self, area: Rect, taken: u16, text: &str, severity: Mood) {
        let width = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
        let Some(x) = area.right().checked_sub(width) else {
            return;
        };
        if x > taken {
            self.put(x, area.y, text, width, severity);
        }
    }

    /// Draws a line across the first line of `area`, and writes `parts` into it.
    pub fn rule(&mut self, area: Rect, parts: &[(String, Mood)]) {
        let line = "─".repeat(usize::from(area.width));
        self.put(area.x, area.y, &line, area.width, Mood::Quiet);
        if area.width > 2 {
            let inner = Rect::new(area.x + 1, area.y, area.width - 2, 1);
            self.parts(inner, parts);
        }
    }
}
