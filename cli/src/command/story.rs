//! `story`: plays a story from a text file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use clap::Args;
use rehearsal::story::{play, script};
use rehearsal::text_file;

use crate::view::live::Live;
use crate::view::out::say;
use crate::view::summary;

/// Flags of `story`.
#[derive(Debug, Args)]
#[command(after_help = "Stories to start from are in tests/scenarios.

Exit code: 0 if every promise held, however the rolls ended; 1 if not; 2 if the story cannot be played.")]
pub struct Story {
    /// The story: settings, then what happens, one thing a line
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Story {
    /// Plays the story.
    ///
    /// # Errors
    /// A sentence about what is wrong with the story, or what the account refused.
    pub fn run(self) -> Result<ExitCode, String> {
        let file = self.file.display().to_string();
        let text = text_file::read(&self.file)?;
        let script = script::read(&file, &text)?;
        let live = Arc::new(Mutex::new(Live::new(true)));
        let played = play(&script.settings, &script.actions, None, live.clone())?;
        live.lock()
            .expect("a panic in a listener ends the program")
            .finish();
        for report in &played.reports {
            say(summary::text(report, None));
        }
        for broken in &played.broken {
            let name = broken.claim.name();
            say(format!(
                "broken: {name} at {}: {}\n",
                broken.at, broken.detail
            ));
        }
        let held = played.broken.is_empty()
            && played
                .reports
                .iter()
                .all(rehearsal::report::Report::promises_held);
        Ok(if held {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
