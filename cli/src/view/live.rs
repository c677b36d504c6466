//! The roll as it happens: lines on stdout, and on a terminal a progress display under them.

use std::io::IsTerminal;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rehearsal::story::Listener;
use rehearsal::telling::{Line, Mood, clock};

use super::out::say;

/// Shows lines and progress.
#[derive(Debug)]
pub struct Live {
    lines: bool,
    bar: ProgressBar,
}

impl Live {
    /// Shows lines if `lines`, and progress if stderr is a terminal.
    pub fn new(lines: bool) -> Self {
        let target = match std::io::stderr().is_terminal() && std::io::stdout().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template(
            "{bar:30} {pos}/{len} instances on the new AMI, {msg} of virtual time",
        )
        .expect("a constant template")
        .progress_chars("=> ");
        bar.set_style(style);
        Self { lines, bar }
    }

    /// Takes the progress display away.
    pub fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Listener for Live {
    fn line(&mut self, line: &Line) {
        if self.lines {
            let style = style(line.mood);
            self.bar
                .suspend(|| say(format!("{style}{line}{style:#}\n")));
        }
    }

    fn remark(&mut self, remark: &str) {
        self.bar
            .suspend(|| anstream::eprintln!("ecs-rollout: {remark}"));
    }

    fn progress(&mut self, replaced: usize, of: usize, at: Duration) {
        self.bar.set_length(of as u64);
        self.bar.set_position(replaced as u64);
        self.bar.set_message(clock(at));
    }
}

fn style(mood: Mood) -> Style {
    match mood {
        Mood::Good => AnsiColor::Green.on_default(),
        Mood::Waiting => Style::new().dimmed(),
        Mood::Bad => AnsiColor::Red.on_default(),
        Mood::Plain => Style::new(),
    }
}
