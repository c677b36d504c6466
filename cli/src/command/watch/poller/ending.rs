//! How the operation ended, and why.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Poller;
use super::resource_ids::{Failed, gone_is};
use crate::aws::{Group, Member, Stack};
use crate::plan::ami::{restore_after_rollback, to_restore};
use crate::watch::{Cause, Ending, FailedExecution, Operation};

/// Statuses of a stack whose operation ended as it was meant to.
const COMPLETE: [&str; 3] = ["UPDATE_COMPLETE", "CREATE_COMPLETE", "DELETE_COMPLETE"];

/// Executions that ended badly are looked for so often at the end: once for each way in which they
/// do.
const LOOKS_FOR_FAILURES: usize = 3;

impl Poller {
    /// How it ended.
    pub(super) async fn ending(
        &mut self,
        stack: &Stack,
        group: Option<&Group>,
    ) -> Result<Ending, Failed> {
        let members = group.map_or(&[][..], |group| &group.members);
        let retained = members.iter().filter(|one| one.state.is_retained());
        let retained: Vec<String> = retained.map(|one| one.id.clone()).collect();
        let well = is_well(stack, members, &retained);
        let cause = if well {
            Cause::default()
        } else {
            self.cause(stack).await?
        };
        let replaced = self.sight.replaced();
        let over = self.over(stack, group.is_some(), &retained).await?;
        let began = self.sight.began;
        let restore = self.restore(stack).await?;
        let ending = Ending {
            stack: stack.name.clone(),
            status: stack.status.clone(),
            well,
            retained,
            course: self.sight.course(),
            replaced: replaced.map(|(replaced, _)| replaced),
            of: replaced.map(|(_, of)| of),
            ami: self.sight.new_ami().map(str::to_owned),
            seconds: began.map(|began| over.duration_since(began).as_secs()),
            cause: cause.text,
            also: cause.also,
            instance: cause.instance,
            restore,
        };
        self.publish();
        Ok(ending)
    }

    /// What puts the old AMI id back after a rollback, unless the parameter holds that.
    async fn restore(&mut self, stack: &Stack) -> Result<Option<String>, Failed> {
        if restore_after_rollback(stack).is_none() {
            return Ok(None);
        }
        let held = self.look.parameter(stack.ami_parameter()).await?;
        Ok(to_restore(stack, held.as_deref()))
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

    /// Why it did not end well, once the executions that failed are read.
    pub(super) async fn cause(&mut self, stack: &Stack) -> Result<Cause, Failed> {
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
        let operation = Operation {
            stack: &stack.name,
            status: &stack.status,
            events: &self.events.operation,
            failed: self.sight.ended.iter().map(FailedExecution::from).collect(),
            pauses: &self.pauses,
        };
        Ok(operation.cause())
    }
}

/// Whether the operation ended as it was meant to.
fn is_well(stack: &Stack, members: &[Member], retained: &[String]) -> bool {
    let versions: BTreeSet<&str> = members.iter().map(|one| one.version.as_str()).collect();
    COMPLETE.contains(&stack.status.as_str()) && retained.is_empty() && versions.len() <= 1
}
