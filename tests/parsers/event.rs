//! A worker's input: the lifecycle event, the settings in its metadata, and the earlier answers.

use serde_json::Value;
use workers::Worker;
use workers::config::History;
use workers::model::Subject;
use workers::{Error, config, pace};

use super::Verdict;

/// A message goes into logs and into the execution's history, of which an event holds 256 KiB at
/// most.
const LONGEST_MISTAKES: usize = 16 * 1024;

pub fn run(input: &[u8]) -> Verdict {
    let input: Value = match serde_json::from_slice(input) {
        Ok(input) => input,
        Err(error) => return Verdict::Refused(error.to_string()),
    };
    earlier_answers(&input);
    let reading = config::read_event(&input);
    for mistake in &reading.mistakes {
        let root = mistake.field.split('.').next().unwrap_or_default();
        let known = ["input", "source", "detail-type", "time", "detail"];
        assert!(known.contains(&root), "{mistake}: where is that?");
        assert!(!mistake.problem.is_empty(), "{mistake}: what is wrong?");
    }
    match reading.subject() {
        Ok(subject) => {
            in_range(&subject);
            Verdict::Accepted
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &Error) -> Verdict {
    assert_eq!(error.name(), "BadEvent");
    let message = error.chain();
    let length = message.len();
    assert!(length <= LONGEST_MISTAKES, "{length} bytes of mistakes");
    Verdict::Refused(message)
}

/// What the workers take from one another's answers: nothing of it, or what it says, or an error.
fn earlier_answers(input: &Value) {
    let history = History::read(input);
    for worker in Worker::ALL {
        if let Err(error) = history.since(worker) {
            refused(&error);
        }
    }
    if let Err(error) = history.drain_begun() {
        refused(&error);
    }
}

/// Whatever is accepted can be worked with.
fn in_range(subject: &Subject) {
    let (action, settings) = (&subject.action, &subject.settings);
    let digits = action.instance.as_str().strip_prefix("i-");
    let digits = digits.expect("an instance id begins with i-");
    assert!((8..=17).contains(&digits.len()), "{digits}");
    assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if let Some(token) = &action.token {
        assert_eq!(token.as_str().len(), 36);
    }
    for name in [
        action.group.as_str(),
        action.hook.as_str(),
        settings.cluster.as_str(),
        settings.target.stack.as_str(),
        settings.target.resource.as_str(),
    ] {
        assert!(!name.is_empty(), "a name is empty in {subject:?}");
    }
    assert!((30..=7200).contains(&settings.heartbeat_timeout.as_secs()));
    for limit in [settings.join_deadline, settings.drain_deadline] {
        assert!((1..=172_800).contains(&limit.as_secs()), "{limit}");
    }
    for limit in [settings.cases.standalone_limit, settings.cases.agent_limit] {
        assert!((0..=172_800).contains(&limit.as_secs()), "{limit}");
    }
    assert!((1..=100).contains(&settings.batch_size));
    for deadline in [subject.join_deadline(), subject.drain_deadline()] {
        for now in [subject.began, subject.drain_began(), deadline] {
            let wait = pace::wait_seconds(
                subject.began,
                now,
                Some(deadline),
                settings,
                &action.instance,
            );
            assert!((1..=300).contains(&wait), "waits {wait} s");
        }
    }
}
