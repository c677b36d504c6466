//! How the operation ended, and why.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Poller;
use super::resource_ids::{Failed, gone_is};
use crate::aws::{Group, Member, Stack};
use crate::plan::ami::restore_after_rollback;
use crate::watch::{Change, Ended, Ending, Entry};

/// Statuses of a stack whose operation ended as it was meant to.
const COMPLETE: [&str; 3] = ["UPDATE_COMPLETE", "CREATE_COMPLETE", "DELETE_COMPLETE"];

/// The status of a stack whose rollback failed.
const ROLLBACK_FAILED: &str = "UPDATE_ROLLBACK_FAILED";

/// Executions that ended badly are looked for so often at the end: once for each way in which they
/// do.
const LOOKS_FOR_FAILURES: usize = 3;

impl Poller {
    /// Tells the end; whether it is a good one.
    pub(super) async fn ended(
        &mut self,
        stack: &Stack,
        group: Option<&Group>,
    ) -> Result<bool, Failed> {
        let members = group.map_or(&[][..], |group| &group.members);
        let retained = members.iter().filter(|one| one.state.is_retained());
        let retained: Vec<String> = retained.map(|one| one.id.clone()).collect();
        let well = is_well(stack, members, &retained);
        let failure = match well {
            true => None,
            false => self.first_failure(stack).await?,
        };
        let replaced = self.sight.replaced();
        let over = self.over(stack, group.is_some(), &retained).await?;
        let began = self.sight.began;
        let turned = rollback_failure(&self.sight.log, &stack.name)
            .filter(|_| stack.status == ROLLBACK_FAILED);
        // What failed before the batch was given up is the cause, and not the pause.
        let gave_up = self.events.gave_up.filter(|_| !well);
        let gave_up = gave_up.filter(|(_, at)| failure.as_ref().is_none_or(|one| one.at >= *at));
        let paused = gave_up.and_then(|batch| self.pauses.outlasted(batch));
        let ended = Ending {
            stack: stack.name.clone(),
            status: stack.status.clone(),
            well,
            retained,
            course: self.sight.course(),
            replaced: replaced.map(|(replaced, _)| replaced),
            of: replaced.map(|(_, of)| of),
            ami: self.sight.new_ami().map(str::to_owned),
            seconds: began.map(|began| over.duration_since(began).as_secs()),
            cause: match &failure {
                _ if paused.is_some() => paused,
                _ if turned.is_some() => turned,
                Some(failure) => Some(failure.reason.clone()),
                None => cause(&self.sight.log, &stack.name).filter(|_| !well),
            },
            instance: failure.map(|failure| failure.instance),
            restore: restore_after_rollback(stack),
        };
        self.publish();
        self.change(self.look.now(), Change::End(ended));
        Ok(well)
    }

    /// When it was over: CloudFormation and the last drains, those too that retained an instance.
    /// Somebody may look much later.
    async fn over(
        &mut self,
        stack: &Stack,
        has_group: bool,
        retained: &[String],
    ) -> Result<Timestamp, Failed> {
        if let Some(name) = self.places.group.clone().filter(|_| has_group) {
            let page = self.look.activities(&name).await;
            let page = gone_is(page.map(|page| page.items), stack, Vec::new())?;
            self.send_activities(page);
        }
        let Some(done) = self.events.latest else {
            return Ok(self.look.now());
        };
        let ended = self.sight.ended.iter();
        let of_retained = ended.filter(|one| retained.contains(&one.instance));
        let last = of_retained.map(|one| one.at).max();
        Ok(self.activities.over(done).max(last.unwrap_or(done)))
    }

    /// The execution that failed first in this operation: what came after it followed from it.
    async fn first_failure(&mut self, stack: &Stack) -> Result<Option<Ended>, Failed> {
        if let Some(machine) = self.places.machine.clone() {
            for _ in 0..LOOKS_FOR_FAILURES {
                let since = self.sight.began;
                let ended = self.failures.look(&mut self.look, &machine, since).await;
                for one in gone_is(ended, stack, Vec::new())? {
                    self.send_ended(&one);
                    self.sight.ended.insert(0, one);
                }
            }
        }
        let first = self.sight.ended.iter().min_by_key(|one| one.at);
        Ok(first.cloned())
    }
}

/// Whether the operation ended as it was meant to.
fn is_well(stack: &Stack, members: &[Member], retained: &[String]) -> bool {
    let versions: BTreeSet<&str> = members.iter().map(|one| one.version.as_str()).collect();
    COMPLETE.contains(&stack.status.as_str()) && retained.is_empty() && versions.len() <= 1
}

/// What CloudFormation says of it: why a resource failed first, or else why the stack turned round.
fn cause(log: &[Entry], stack: &str) -> Option<String> {
    // The log is newest first.
    let mut oldest_first = log.iter().rev().filter(|entry| !entry.text.is_empty());
    let failed = oldest_first
        .clone()
        .find(|entry| entry.subject != stack && entry.status.ends_with("_FAILED"));
    let turned =
        oldest_first.find(|entry| entry.subject == stack && entry.status.contains("ROLLBACK"));
    failed.or(turned).map(|entry| entry.text.clone())
}

/// Why a rollback failed: what failed since it began last. What failed before made the update roll
/// back, or was cancelled with it, and is no cause of that.
fn rollback_failure(log: &[Entry], stack: &str) -> Option<String> {
    let begins =
        |entry: &Entry| entry.subject == stack && entry.status == "UPDATE_ROLLBACK_IN_PROGRESS";
    // The log is newest first.
    let since = log.iter().position(begins).unwrap_or(log.len());
    let mut failed = log[..since]
        .iter()
        .rev()
        .filter(|entry| entry.status.ends_with("_FAILED") && !entry.text.is_empty());
    let of_resource = failed.clone().find(|entry| entry.subject != stack);
    of_resource
        .or_else(|| failed.next_back())
        .map(|entry| entry.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_what_failed_first_or_why_the_stack_turned_round() {
        let entry = |at: i64, subject: &str, status: &str, text: &str| Entry {
            at: Timestamp::from_second(at).expect("a time"),
            subject: subject.to_owned(),
            status: status.to_owned(),
            text: text.to_owned(),
        };
        let turned = entry(
            3,
            "s",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed",
        );
        let log = [
            turned.clone(),
            entry(2, "Other", "UPDATE_FAILED", "Resource update cancelled"),
            entry(
                1,
                "Group",
                "UPDATE_FAILED",
                "Received 0 SUCCESS signal(s) out of 1.",
            ),
            entry(0, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
        ];
        assert_eq!(
            cause(&log, "s").as_deref(),
            Some("Received 0 SUCCESS signal(s) out of 1.")
        );
        assert_eq!(
            cause(&[turned], "s").as_deref(),
            Some("The following resource(s) failed")
        );
        assert_eq!(cause(&log[3..], "s"), None);
    }

    #[test]
    fn the_cause_of_a_failed_rollback_is_what_failed_in_it() {
        let entry = |at: i64, subject: &str, status: &str, text: &str| Entry {
            at: Timestamp::from_second(at).expect("a time"),
            subject: subject.to_owned(),
            status: status.to_owned(),
            text: text.to_owned(),
        };
        let log = [
            entry(4, "s", "UPDATE_ROLLBACK_FAILED", "The following failed"),
            entry(3, "Group", "UPDATE_FAILED", "Received 0 SUCCESS"),
            entry(2, "s", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
            entry(1, "Group", "UPDATE_FAILED", "Resource update cancelled"),
        ];
        let why = rollback_failure(&log, "s");
        assert_eq!(why.as_deref(), Some("Received 0 SUCCESS"));
        let alone = [log[0].clone(), log[2].clone(), log[3].clone()];
        let why = rollback_failure(&alone, "s");
        assert_eq!(why.as_deref(), Some("The following failed"));
        assert_eq!(rollback_failure(&log[2..], "s"), None);
    }
}
