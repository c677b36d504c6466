//! The rollout as it happens: lines on stdout, and progress on stderr if that is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::SignedDuration;
use simulator::account::Account;
use simulator::narrator::{LogLine, Severity, ShortNames};
use simulator::scenario::Listener;
use simulator::trace::Record;

use super::milestones::Milestones;
use super::out::{print, style};
use super::wrap::{columns, wrapped};
use crate::format::duration;

/// The column at which the texts of milestones stand.
const MILESTONES: usize = 9;

/// Stands in place of the time of what was before the rollout.
const BEFORE: &str = "before";

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing but progress.
    Progress,
    /// The milestones.
    Milestones,
    /// Every line.
    Lines,
}

/// Shows lines and progress.
#[derive(Debug)]
pub struct Live {
    shown: Shown,
    milestones: Milestones,
    names: ShortNames,
    bar: ProgressBar,
    /// Progress in lines, where no terminal shows the bar.
    plain: Option<PlainProgress>,
    /// The simulated time.
    at: SignedDuration,
}

impl Live {
    /// Shows so much, and progress if stderr is a terminal, wherever stdout goes.
    pub fn new(shown: Shown) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style =
            ProgressStyle::with_template("{bar:30} {pos} of {len} replaced, simulated time {msg}")
                .expect("a constant template")
                .progress_chars("=> ");
        bar.set_style(style);
        Self {
            shown,
            milestones: Milestones::default(),
            names: ShortNames::default(),
            bar,
            plain: None,
            at: SignedDuration::ZERO,
        }
    }

    /// The same, with progress in lines where stderr is no terminal.
    pub fn with_plain_progress(mut self) -> Self {
        let has_bar = std::io::stderr().is_terminal();
        self.plain = (!has_bar).then(PlainProgress::default);
        self
    }

    /// Takes the progress display away.
    pub fn finish(&mut self) {
        self.bar.finish_and_clear();
    }

    /// What went wrong first, if anything did.
    pub fn cause(&self) -> Option<&str> {
        self.milestones.cause.as_deref()
    }

    /// A text with the short names of instances and tasks in the place of their ids.
    pub fn shorten(&self, text: &str) -> String {
        self.names.shorten(text)
    }

    fn show(&self, mood: Severity, line: &str) {
        let style = style(mood);
        self.bar
            .suspend(|| print(format!("{style}{line}{style:#}\n")));
    }
}

impl Listener for Live {
    fn line(&mut self, line: &LogLine) {
        if self.shown == Shown::Lines {
            self.show(line.severity, &line.to_string());
        }
    }

    fn fact(&mut self, _account: &Account, told: &Record) {
        self.names.note(&told.event);
        let milestone = self.milestones.of(told);
        let (replaced, of) = self.milestones.replaced();
        self.bar.set_length(of as u64);
        self.bar.set_position(replaced as u64);
        let plain = self.plain.as_mut();
        if let Some(line) = plain.and_then(|plain| plain.line(replaced, of, self.at)) {
            anstream::eprintln!("{line}");
        }
        let Some(milestone) = milestone else {
            return;
        };
        if self.shown == Shown::Milestones {
            let at = milestone.at.map(SignedDuration::try_from);
            let at = at.map(Result::unwrap_or_default);
            let at = at.map_or_else(|| BEFORE.to_owned(), duration);
            let line = format!("{at:>7}  {}", self.names.shorten(&milestone.text));
            self.show(milestone.severity, &wrapped(&line, columns(), MILESTONES));
        }
    }

    fn remark(&mut self, remark: &str) {
        self.bar
            .suspend(|| anstream::eprintln!("ecs-rollout: {remark}"));
    }

    fn passed(&mut self, at: Duration) {
        self.at = SignedDuration::try_from(at).unwrap_or_default();
        self.bar.set_message(duration(self.at));
    }
}

/// Progress for whoever reads stderr as a file or a pipe: a line for each tenth of the way.
#[derive(Debug, Default)]
struct PlainProgress {
    /// The tenth of which the last line was.
    last: Option<usize>,
}

impl PlainProgress {
    /// The next line, if it is due.
    fn line(&mut self, replaced: usize, of: usize, at: SignedDuration) -> Option<String> {
        if of == 0 {
            return None;
        }
        let tenth = replaced * 10 / of;
        let is_due = self.last.is_none_or(|last| tenth > last);
        is_due.then(|| {
            self.last = Some(tenth);
            let at = duration(at);
            format!("ecs-rollout: {replaced} of {of} replaced, simulated time {at}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_progress_is_a_line_for_each_tenth_of_the_way() {
        let mut progress = PlainProgress::default();
        let at = SignedDuration::from_secs(609);
        assert_eq!(progress.line(0, 0, at), None, "no update has begun");
        let mut lines = Vec::new();
        for replaced in 0..=200 {
            lines.extend(progress.line(replaced, 200, at));
            assert_eq!(progress.line(replaced, 200, at), None);
        }
        assert_eq!(lines.len(), 11);
        assert_eq!(
            lines[1],
            "ecs-rollout: 20 of 200 replaced, simulated time 10m09s"
        );
        // In a rollback there are fewer again, which is no progress.
        assert_eq!(progress.line(100, 200, at), None);
    }
}
