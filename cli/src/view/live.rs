//! The rollout as it happens: lines on stdout, and progress on stderr if that is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::SignedDuration;
use simulator::account::Account;
use simulator::narrator::{LogLine, Severity};
use simulator::scenario::Listener;
use simulator::trace::Record;

use super::milestones::Milestones;
use super::out::print;
use super::wrap::{columns, wrapped};
use crate::format::duration;

/// The column at which the texts of milestones stand.
const MILESTONES: usize = 9;

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
    bar: ProgressBar,
}

impl Live {
    /// Shows so much, and progress if stderr is a terminal, wherever stdout goes.
    pub fn new(shown: Shown) -> Self {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
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
            bar,
        }
    }

    /// Takes the progress display away.
    pub fn finish(&mut self) {
        self.bar.finish_and_clear();
    }

    /// What went wrong first, if anything did.
    pub fn cause(&self) -> Option<&str> {
        self.milestones.cause.as_deref()
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
        let milestone = self.milestones.of(told);
        let (replaced, of) = self.milestones.replaced();
        self.bar.set_length(of as u64);
        self.bar.set_position(replaced as u64);
        let Some(milestone) = milestone else {
            return;
        };
        if self.shown == Shown::Milestones {
            let at = SignedDuration::try_from(milestone.at).unwrap_or_default();
            let line = format!("{:>7}  {}", duration(at), milestone.text);
            self.show(milestone.severity, &wrapped(&line, columns(), MILESTONES));
        }
    }

    fn remark(&mut self, remark: &str) {
        self.bar
            .suspend(|| anstream::eprintln!("ecs-rollout: {remark}"));
    }

    fn passed(&mut self, at: Duration) {
        let at = SignedDuration::try_from(at).unwrap_or_default();
        self.bar.set_message(duration(at));
    }
}

fn style(mood: Severity) -> Style {
    match mood {
        Severity::Good => AnsiColor::Green.on_default(),
        Severity::Waiting => Style::new().dimmed(),
        Severity::Bad => AnsiColor::Red.on_default(),
        Severity::Plain => Style::new(),
    }
}
