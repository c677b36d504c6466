//! The executions that ended badly in this rollout: which, about which instance, and why.

use std::collections::BTreeSet;

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use workers::Error;

use super::super::paced_client::PacedClient;
use crate::aws::Execution;
use crate::watch::Ended;

/// So many are listed at once: the newest.
const LISTED_AT_ONCE: i32 = 20;

/// So many are read in a round at most.
const READ_A_ROUND: usize = 2;

/// How an execution ends badly.
const BADLY: [ExecutionStatus; 3] = [
    ExecutionStatus::Failed,
    ExecutionStatus::TimedOut,
    ExecutionStatus::Aborted,
];

/// What is known of them.
#[derive(Debug, Default)]
pub struct Failures {
    /// How many lists were asked for: one each time, in turns.
    asked: usize,
    known: BTreeSet<String>,
    due: Vec<Execution>,
}

impl Failures {
    /// Those that are new, of those that ended at `since` or later. Oldest first.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn look(
        &mut self,
        look: &mut PacedClient,
        machine: &str,
        since: Option<Timestamp>,
    ) -> Result<Vec<Ended>, Error> {
        let status = BADLY[self.asked % BADLY.len()].clone();
        self.asked += 1;
        let page = look
            .executions(machine, status, LISTED_AT_ONCE, None)
            .await?;
        for one in page.items {
            let is_of_it = one
                .ended
                .is_some_and(|ended| since.is_none_or(|since| ended >= since));
            if is_of_it && self.known.insert(one.arn.clone()) {
                self.due.push(one);
            }
        }
        self.due.sort_by_key(|one| std::cmp::Reverse(one.ended));
        let mut read = Vec::new();
        for _ in 0..READ_A_ROUND {
            let Some(one) = self.due.pop() else {
                break;
            };
            let ran = look.ran(&one.arn).await?;
            let instance = ran.as_ref().map_or("", |ran| ran.instance()).to_owned();
            let failure = ran.and_then(|ran| ran.failure);
            let (error, cause) = failure.unwrap_or_default();
            read.push(Ended {
                execution: one.arn,
                instance,
                status: one.status,
                at: one.ended.unwrap_or_else(|| look.now()),
                error,
                cause,
            });
        }
        Ok(read)
    }
}
