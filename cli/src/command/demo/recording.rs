//! The screen as it looks from time to time during a rollout in virtual time: the same settings
//! give the same pictures, to the byte.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use simulator::scenario::{Action, Settings, run_watched};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, interval};

use super::STACK;
use crate::aws::{Access, InMemory};
use crate::command::watch::{Polling, Update, Watching, updates};
use crate::failure::Failure;
use crate::screen::{Link, Screen};
use crate::watch::Change;

/// The size of the screen.
const AREA: Rect = Rect::new(0, 0, 112, 30);

/// So often, in the account's time, a picture is taken.
const EVERY: Duration = Duration::from_secs(15);

/// As `watch` does of a real account.
const BETWEEN_CALLS: Duration = Duration::from_millis(500);

/// One picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The cells.
    pub buffer: Buffer,
    /// What leads somewhere: its text is not among the cells.
    pub links: Vec<Link>,
}

/// The pictures of a rollout, from its beginning to its summary.
///
/// # Errors
/// What the scenario, or the watcher, met.
pub fn frames(settings: &Settings, actions: &[Action]) -> Result<Vec<Frame>, Failure> {
    let watch = async |config| {
        let access = Access::in_memory(InMemory {
            config,
            between_calls: BETWEEN_CALLS,
        });
        let Watching { polling, news, .. } = updates(access, STACK.to_owned(), None).await?;
        Recorder::new().record(polling, news).await
    };
    let (frames, _) = run_watched(settings, &[Action::Deploy], actions, watch)?;
    frames
}

/// The screen, and what was taken of it.
struct Recorder {
    screen: Screen,
    /// The account's time at the last snapshot, and when that came.
    clock: (Timestamp, Instant),
    frames: Vec<Frame>,
}

impl Recorder {
    fn new() -> Self {
        Self {
            screen: Screen::new(Timestamp::UNIX_EPOCH, true),
            clock: (Timestamp::UNIX_EPOCH, Instant::now()),
            frames: Vec::new(),
        }
    }

    async fn record(
        mut self,
        polling: Polling,
        mut news: UnboundedReceiver<Update>,
    ) -> Result<Vec<Frame>, Failure> {
        let mut shutter = interval(EVERY);
        loop {
            tokio::select! {
                biased;
                update = news.recv() => match update {
                    Some(update) => self.hear(update),
                    None => break,
                },
                _ = shutter.tick() => self.take(),
            }
        }
        self.take();
        let unended = "the watcher ended by a mistake of this program";
        polling.await.map_err(|_| Failure::from(unended))??;
        Ok(self.frames)
    }

    fn hear(&mut self, update: Update) {
        match update {
            Update::Sight(at, sight) => {
                self.clock = (at, Instant::now());
                self.screen.see(*sight);
            }
            Update::Change(_, change) => {
                if let Change::End(end) = *change {
                    self.screen.has_ended(end);
                }
            }
            Update::Trouble { at, reason } => self.screen.has_trouble(at, reason),
            Update::Answered => self.screen.is_answered(),
        }
    }

    /// Takes a picture, if anything was seen yet.
    fn take(&mut self) {
        if self.screen.sight().status.is_empty() {
            return;
        }
        let (at, came) = self.clock;
        let since = SignedDuration::try_from(came.elapsed()).unwrap_or_default();
        self.screen.is_now(at.checked_add(since).unwrap_or(at));
        let mut buffer = Buffer::empty(AREA);
        let links = self.screen.draw(&mut buffer);
        self.frames.push(Frame { buffer, links });
    }
}

#[cfg(test)]
mod tests;
