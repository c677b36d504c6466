//! The screen while it is shown: news, keys, the clock and signals, whichever comes first. It never
//! waits for AWS.

use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use super::action::Actions;
use super::explainer::Explanations;
use super::keys::{Input, Keys};
use super::terminal::Terminal;
use super::{Update, ended, lines};
use crate::aws::{quoted, with_access};
use crate::failure::Failure;
use crate::screen::{Key, Request, Screen};
use crate::view::out::print;
use crate::watch::{Change, Ending};

/// The times on the screen go on so often.
const CLOCK: Duration = Duration::from_secs(1);

/// As a shell tells a program that was ended by Ctrl-C: nobody has seen how it ends.
const LEFT: u8 = 130;

/// Added to a signal's number, as a shell does.
const BY_SIGNAL: u8 = 128;

/// Why the screen is not shown any more.
enum Over {
    /// The looks have ended.
    Seen,
    /// The user leaves, or a signal ended the program: the exit code.
    Left(u8),
}

/// Shows what the looks tell until they end, or the user leaves; then writes how it stands. The
/// last screen stays until a key is pressed, unless it `leaves` at once.
///
/// # Errors
/// A sentence for the user.
pub async fn show(
    stack: &str,
    leaves: bool,
    looks: JoinHandle<Result<bool, Failure>>,
    mut news: UnboundedReceiver<Update>,
    explanations: Explanations,
    actions: Actions,
) -> Result<ExitCode, Failure> {
    // What cannot be watched at all is said without a screen.
    let Some(first) = news.recv().await else {
        return ended(looks.await);
    };
    let colours = match anstream::ColorChoice::global() {
        anstream::ColorChoice::Never => false,
        anstream::ColorChoice::Auto => {
            std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
        _ => true,
    };
    let mut showing = Showing {
        screen: Screen::new(Timestamp::now(), colours),
        clock: (Timestamp::now(), Instant::now()),
        end: None,
        leaves,
        explanations,
        actions,
    };
    showing.hear(first);
    let over = {
        let mut terminal = Terminal::take(colours)
            .map_err(|error| format!("no screen on this terminal ({error}); try --output text"))?;
        showing.run(&mut terminal, &mut news).await
    };
    let over = over.map_err(|error| format!("the terminal is gone: {error}"))?;
    let (now, sight) = (showing.now(), showing.screen.sight());
    if !sight.status.is_empty() {
        lines::standing(now, sight);
    }
    match over {
        Over::Seen => {
            if let Some(end) = showing.end {
                lines::line(now, &Change::End(end));
            }
            ended(looks.await)
        }
        Over::Left(code) => {
            if showing.actions.is_in_memory() {
                print("The account in memory ended with the demo.\n");
            } else {
                print(format!(
                    "The rollout proceeds without you. Watch it again with: {}\n",
                    with_access(&format!("ecs-rollout watch {}", quoted(stack)))
                ));
            }
            Ok(ExitCode::from(code))
        }
    }
}

struct Showing {
    screen: Screen,
    /// AWS's time, and when that was told.
    clock: (Timestamp, Instant),
    end: Option<Ending>,
    /// Whether it leaves at the end without a key.
    leaves: bool,
    explanations: Explanations,
    actions: Actions,
}

impl Showing {
    fn now(&self) -> Timestamp {
        let (at, told) = self.clock;
        let since = SignedDuration::try_from(told.elapsed()).unwrap_or_default();
        at.checked_add(since).unwrap_or(at)
    }

    fn hear(&mut self, news: Update) {
        match news {
            Update::Sight(at, sight) => {
                self.clock = (at, Instant::now());
                self.screen.see(*sight);
            }
            Update::Change(_, change) => {
                if let Change::End(end) = *change {
                    self.end = Some(end);
                }
            }
            Update::Trouble { at, reason } => self.screen.has_trouble(at, reason),
            Update::Answered => self.screen.is_answered(),
        }
    }

    async fn run(
        &mut self,
        terminal: &mut Terminal,
        news: &mut UnboundedReceiver<Update>,
    ) -> std::io::Result<Over> {
        let mut keys = Keys::read();
        let mut signals = Signals::new()?;
        let mut clock = interval(CLOCK);
        loop {
            self.screen.is_now(self.now());
            terminal.show(&self.screen)?;
            let input = tokio::select! {
                input = keys.next() => input,
                told = news.recv() => match told {
                    Some(told) => {
                        self.hear(told);
                        None
                    }
                    None => break,
                },
                Some((instance, text)) = self.explanations.next() => {
                    self.screen.is_explained(instance, text);
                    None
                }
                Some(result) = self.actions.next() => {
                    self.screen.has_acted(result);
                    None
                }
                _ = clock.tick() => None,
                code = signals.next() => return Ok(Over::Left(code)),
            };
            // What has come meanwhile is shown at once, not one after the other.
            let mut inputs: Vec<Input> = input.into_iter().collect();
            inputs.extend(std::iter::from_fn(|| keys.waiting()));
            while let Ok(told) = news.try_recv() {
                self.hear(told);
            }
            for input in inputs {
                match input.meant(self.screen.takes_text()) {
                    Input::Leave => return Ok(Over::Left(LEFT)),
                    Input::Key(key) => self.press(key, terminal)?,
                    Input::Character(_) | Input::Other | Input::Resized => {}
                }
            }
        }
        if let Some(end) = self.end.clone().filter(|_| !self.leaves) {
            self.screen.has_ended(end);
            self.stay(terminal, &mut keys, &mut signals).await?;
        }
        Ok(Over::Seen)
    }

    /// Presses a key, and does what the screen asks for then.
    fn press(&mut self, key: Key, terminal: &mut Terminal) -> std::io::Result<()> {
        self.screen.press(key, terminal.area());
        match self.screen.take_request() {
            Some(Request::Copy(text)) => terminal.copy(&text),
            Some(Request::Explain(instance)) => {
                self.explanations.ask(instance);
                Ok(())
            }
            Some(Request::Act(action)) => {
                self.actions.begin(action);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Shows the last screen until a key is pressed. How it ended is known, so a signal is no other
    /// end.
    async fn stay(
        &mut self,
        terminal: &mut Terminal,
        keys: &mut Keys,
        signals: &mut Signals,
    ) -> std::io::Result<()> {
        loop {
            terminal.show(&self.screen)?;
            let input = tokio::select! {
                input = keys.next() => input,
                _ = signals.next() => return Ok(()),
            };
            if input != Some(Input::Resized) {
                return Ok(());
            }
        }
    }
}

/// The signals that end a program.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The exit code when one comes.
    async fn next(&mut self) -> u8 {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hang_up.recv() => SignalKind::hangup(),
        };
        BY_SIGNAL + u8::try_from(kind.as_raw_value()).unwrap_or_default()
    }
}
