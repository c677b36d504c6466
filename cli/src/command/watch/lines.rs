//! A rollout in lines: to read, or one JSON object for each change.

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::{Update, ended};
use crate::failure::Failure;
use crate::view::out::print;
use crate::watch::{Change, Snapshot, Standing};

/// So many services that miss tasks are named at the end.
const SERVICES_NAMED: usize = 10;

/// Writes what the looks tell until they end.
///
/// # Errors
/// A sentence for the user.
pub async fn print_lines(
    as_json: bool,
    looks: JoinHandle<Result<bool, Failure>>,
    mut news: UnboundedReceiver<Update>,
) -> Result<ExitCode, Failure> {
    // The looks own the other end: nothing comes any more when they have ended.
    while let Some(news) = news.recv().await {
        let (at, change) = match news {
            Update::Change(at, change) => (at, *change),
            Update::Trouble { at, reason } => (at, Change::Trouble { reason }),
            Update::Sight(..) | Update::Answered => continue,
        };
        if as_json {
            object(at, &change)
        } else {
            line(at, &change)
        }
    }
    ended(looks.await)
}

/// Writes a change as a line.
pub fn line(at: Timestamp, change: &Change) {
    print(format!("{} {change}\n", at.strftime("%H:%M:%SZ")));
}

fn object(at: Timestamp, change: &Change) {
    let mut object = json!({"at": format!("{at:.3}")});
    let more = serde_json::to_value(change).expect("a change is plain data");
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        let more = more.into_iter().filter(|(member, _)| member != "at");
        object.extend(more);
    }
    if let Change::End(end) = change
        && let Some(next) = end.next()
    {
        object["next"] = next.into();
    }
    print(format!("{object}\n"));
}

/// Writes how it stands, for whoever has just left the screen.
pub fn standing(at: Timestamp, sight: &Snapshot) {
    let standing = Standing::of(sight);
    let short = standing.since(None, at).into_iter();
    let short = short.filter(|change| matches!(change, Change::Service { .. }));
    let status = standing.status.clone();
    line(at, &Change::Stack { status });
    for change in short.take(SERVICES_NAMED) {
        line(at, &change);
    }
    line(at, &standing.progress());
}
