//! What is asked about each instance at a hook, and what was answered last: read back from the
//! executions' histories, a few in each round.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde_json::Value;
use workers::{Error, config};

use super::super::paced_client::PacedClient;
use crate::aws::Execution;
use crate::explanation::deadline_of;
use crate::question::asked_now;
use crate::watch::{Asked, LastAnswer};

/// So many histories are read in each round, those first that were read longest ago.
const HISTORIES_A_ROUND: usize = 4;

/// ListExecutions gives so many at once, by its API.
const EXECUTIONS_AT_ONCE: i32 = 1_000;

/// The executions that run.
#[derive(Debug, Default)]
pub struct Histories {
    round: u64,
    /// The round in which the history of each execution was read last, and the instance that it is
    /// about.
    read: BTreeMap<String, (u64, String)>,
}

impl Histories {
    /// How many histories were read, of the executions that run.
    pub fn read(&self) -> usize {
        self.read.len()
    }

    /// Reads some of the running executions into `asked`, and takes out those that have ended; how
    /// many run.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn look(
        &mut self,
        look: &mut PacedClient,
        machine: &str,
        asked: &mut BTreeMap<String, Asked>,
    ) -> Result<usize, Error> {
        self.round += 1;
        let running = running(look, machine).await?;
        let arns: BTreeSet<&str> = running.iter().map(|one| one.arn.as_str()).collect();
        self.read.retain(|arn, _| arns.contains(arn.as_str()));
        asked.retain(|_, one| arns.contains(one.execution.as_str()));
        let mut due: Vec<&Execution> = running.iter().collect();
        due.sort_by_key(|one| self.read.get(&one.arn).map_or(0, |(round, _)| *round));
        for one in due.into_iter().take(HISTORIES_A_ROUND) {
            let Some(ran) = look.ran(&one.arn).await? else {
                continue;
            };
            let instance = ran.instance().to_owned();
            let began = ran.input["time"].as_str();
            let found = Asked {
                execution: one.arn.clone(),
                began: began.and_then(|began| began.parse().ok()),
                deadline: deadline(&ran.input),
                said: LastAnswer::last(&ran.input),
            };
            asked.insert(instance.clone(), found);
            self.read.insert(one.arn.clone(), (self.round, instance));
        }
        Ok(running.len())
    }
}

/// When the question that stands has to be answered. What the event does not say is not known here:
/// workers refuse it.
fn deadline(input: &Value) -> Option<Timestamp> {
    let subject = config::read_event(input).subject().ok()?;
    deadline_of(&subject, asked_now(input))
}

async fn running(look: &mut PacedClient, machine: &str) -> Result<Vec<Execution>, Error> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = look
            .executions(machine, ExecutionStatus::Running, EXECUTIONS_AT_ONCE, next)
            .await?;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(found);
        }
    }
}
