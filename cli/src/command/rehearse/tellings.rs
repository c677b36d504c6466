//! The tellings of one rehearsal: the one that is shown, the same again, and the one that is noticed without delay.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rehearsal::report::{Report, rounded};
use rehearsal::story::{
    Action, Afterwards, Listener, Played, Settings, Silence, Unplayable, play, play_then,
};

use crate::command::listeners::{Both, Lines};
use crate::view::live::Live;

/// The lower bound is the same story with every Wait state lasting this long.
const NOTICED_AT_ONCE: Duration = Duration::from_secs(1);

/// Plays the roll with somebody listening; meanwhile once noticed without delay, for the lower bound, and, if it is told
/// `twice`, once more in silence, to see that it is the same story. Then there is `afterwards`, if anybody is.
///
/// # Errors
/// What is wrong with the input, or was refused.
pub fn rehearse(
    (settings, actions): (&Settings, &[Action]),
    live: &Arc<Mutex<Live>>,
    (twice, afterwards): (bool, Option<Afterwards<'_>>),
) -> Result<Report, Unplayable> {
    let lines = Arc::new(Mutex::new(Lines::default()));
    let again = twice.then(|| aside((settings, actions), None, lines.clone()));
    let lower = aside(
        (settings, actions),
        Some(NOTICED_AT_ONCE),
        Arc::new(Mutex::new(Silence)),
    );
    let heard = Arc::new(Mutex::new(Both {
        live: live.clone(),
        lines: Lines::default(),
    }));
    let played = play_then(settings, actions, None, heard.clone(), afterwards)?;
    let broke_off = "the second rehearsal stopped early; this is a bug in ecs-rollout";
    let second = again.map(|again| again.join()).transpose();
    let second = second.map_err(|_| broke_off)?;
    let lower = lower.join().map_err(|_| broke_off)?;
    let same = second.map(|second| {
        let lines = lines.lock();
        let same_lines =
            lines.is_ok_and(|second| heard.lock().is_ok_and(|first| first.lines.0 == second.0));
        second.as_ref() == Ok(&played) && same_lines
    });
    let mut report = only_report(played)?;
    let lower = only_report(lower?)?;
    // By chance of its own a fault may end the other telling elsewhere: then it bounds nothing.
    // And chance decides differently in it, so that it may even last longer: then it is no bound.
    if lower.outcome == report.outcome {
        report.overhead = overhead(report.roll_seconds, lower.roll_seconds);
        report.lower_bound_seconds = report.overhead.map(|_| lower.roll_seconds);
    }
    if let Some(same) = same {
        report.told_twice(same);
    }
    Ok(report)
}

/// How many times as long as the lower bound it took, with four digits; nothing if that took longer, and so is no bound.
fn overhead(seconds: f64, lower: f64) -> Option<f64> {
    (lower <= seconds).then(|| rounded(seconds / lower.max(1.0), 4).max(1.0))
}

/// Plays the roll on a thread of its own.
fn aside(
    (settings, actions): (&Settings, &[Action]),
    wait: Option<Duration>,
    listener: Arc<Mutex<dyn Listener>>,
) -> thread::JoinHandle<Result<Played, Unplayable>> {
    let (settings, actions) = (settings.clone(), actions.to_vec());
    thread::spawn(move || play(&settings, &actions, wait, listener))
}

/// The report of a story's one roll.
///
/// # Errors
/// If it has none.
pub fn only_report(played: Played) -> Result<Report, String> {
    played
        .reports
        .into_iter()
        .next()
        .ok_or_else(|| "the rehearsal has no rollout".to_owned())
}
