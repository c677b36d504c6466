//! A line of a plan: a label, and the text that stands beside it.

use anstyle::{AnsiColor, Style};

use super::VALUES;
use crate::view::wrap::wrapped;

/// How good it is what a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Neither good nor bad.
    Plain,
    /// Nothing hinders the rollout.
    Good,
    /// You should know of it.
    Caution,
    /// It hinders the rollout.
    Bad,
}

impl Mark {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Caution => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    label: String,
    value: Option<String>,
    mark: Mark,
}

impl Line {
    /// A text with its label.
    pub fn of(label: &str, value: String) -> Self {
        Self {
            label: label.to_owned(),
            value: Some(value),
            mark: Mark::Plain,
        }
    }

    /// A line that is its label alone.
    pub fn headline(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            value: None,
            mark: Mark::Plain,
        }
    }

    /// The same line in the colour of this mark.
    #[must_use]
    pub fn marked(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    /// The line without colours.
    pub fn plain(&self) -> String {
        let label = &self.label;
        match &self.value {
            Some(value) => format!("{label:<width$} {value}\n", width = VALUES - 1),
            None => format!("{label}\n"),
        }
    }

    /// The line, whose label is in the colour of its mark.
    pub fn painted(&self, columns: Option<usize>) -> String {
        let shown = wrapped(&self.plain(), columns, VALUES);
        if self.mark == Mark::Plain {
            return shown;
        }
        let style = self.mark.style();
        let rest = shown.strip_prefix(&self.label).unwrap_or_default();
        format!("{style}{}{style:#}{rest}", self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_coloured_and_the_text_stays_the_same() {
        let text = "retained: i-1 is retained since an earlier drain failed; end it first";
        for (line, colour) in [
            (
                Line::of("blocked", text.to_owned()).marked(Mark::Bad),
                "\u{1b}[31m",
            ),
            (Line::headline("READY").marked(Mark::Good), "\u{1b}[32m"),
        ] {
            for columns in [None, Some(40)] {
                let painted = line.painted(columns);
                let style = line.mark.style();
                let label = format!("{style}{}{style:#}", line.label);
                assert!(painted.starts_with(&label), "{painted:?}");
                assert!(painted.contains(colour), "{painted:?}");
                let plain = painted.replacen(&label, &line.label, 1);
                assert_eq!(plain, wrapped(&line.plain(), columns, VALUES));
            }
        }
        let plain = Line::of("stack", "prod".to_owned());
        assert_eq!(plain.painted(None), plain.plain());
    }
}
