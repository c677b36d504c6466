//! The looks of `watch`: at most two calls a second, and patient.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};
use workers::Error;

use crate::aws::{Access, Aws, Execution, Group, Ran, Stack, StackEvent, has_expired, told};
use crate::watching::Said;

/// So long after a call the next one is made.
const BETWEEN_CALLS: Duration = Duration::from_millis(500);

/// So many histories are read in each round, those first that were read longest ago.
const HISTORIES_A_ROUND: usize = 4;

/// So long it waits after a call that could not be answered, and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// Looks at the account.
#[derive(Debug)]
pub struct Look {
    access: Access,
    aws: Aws,
    next: Instant,
    round: u64,
    /// The round in which the history of each execution was read last, and the instance that it is about.
    read: BTreeMap<String, (u64, String)>,
    troubles: Vec<String>,
}

/// Makes one call, again and again until it is answered or refused for good.
macro_rules! patiently {
    ($look:ident, $aws:ident => $call:expr) => {{
        let mut wait = PATIENCE.0;
        loop {
            sleep_until($look.next).await;
            $look.next = Instant::now() + BETWEEN_CALLS;
            let $aws = &$look.aws;
            match $call.await {
                Ok(answer) => break Ok(answer),
                Err(error) => $look.trouble(error, wait).await?,
            }
            wait = (wait * 2).min(PATIENCE.1);
        }
    }};
}

impl Look {
    /// A look at the account of `access`.
    ///
    /// # Errors
    /// As [`Access::connect`].
    pub async fn new(access: Access) -> Result<Self, String> {
        Ok(Self {
            aws: access.connect().await?,
            access,
            next: Instant::now(),
            round: 0,
            read: BTreeMap::new(),
            troubles: Vec::new(),
        })
    }

    /// AWS's time.
    pub fn now(&self) -> Timestamp {
        self.aws.now()
    }

    /// What could not be asked since the last time, in words.
    pub fn troubles(&mut self) -> Vec<String> {
        std::mem::take(&mut self.troubles)
    }

    /// See [`Aws::stack`].
    pub async fn stack(&mut self, name: &str) -> Result<Stack, Error> {
        patiently!(self, aws => aws.stack(name))
    }

    /// See [`Aws::stack_events`].
    pub async fn events(&mut self, stack: &str) -> Result<Vec<StackEvent>, Error> {
        patiently!(self, aws => aws.stack_events(stack))
    }

    /// See [`Aws::group`].
    pub async fn group(&mut self, name: &str) -> Result<Group, Error> {
        patiently!(self, aws => aws.group(name))
    }

    /// Reads what was said last in some of the running executions; how many run.
    pub async fn said(
        &mut self,
        machine: &str,
        said: &mut BTreeMap<String, Said>,
    ) -> Result<usize, Error> {
        self.round += 1;
        let running: Vec<Execution> =
            patiently!(self, aws => aws.executions(machine, ExecutionStatus::Running))?;
        let arns: BTreeSet<&str> = running.iter().map(|one| one.arn.as_str()).collect();
        self.read.retain(|arn, (_, instance)| {
            let runs = arns.contains(arn.as_str());
            if !runs {
                said.remove(instance);
            }
            runs
        });
        let mut due: Vec<&Execution> = running.iter().collect();
        due.sort_by_key(|one| self.read.get(&one.arn).map_or(0, |(round, _)| *round));
        for one in due.into_iter().take(HISTORIES_A_ROUND) {
            let ran: Option<Ran> = patiently!(self, aws => aws.ran(&one.arn))?;
            let Some(ran) = ran else {
                continue;
            };
            let instance = ran.instance().to_owned();
            said.insert(instance.clone(), Said::last(&ran.input));
            self.read.insert(one.arn.clone(), (self.round, instance));
        }
        Ok(running.len())
    }

    /// Notes what could not be asked, and waits; an error that waiting does not mend comes back.
    async fn trouble(&mut self, error: Error, wait: Duration) -> Result<(), Error> {
        let expired = has_expired(&error);
        let passes = matches!(&error, Error::Throttled { .. } | Error::Unavailable { .. });
        if !expired && !passes {
            return Err(error);
        }
        let what = match expired {
            true => "the credentials have expired; renew them (such as with aws sso login), they are read again".to_owned(),
            false => told(&error),
        };
        let line = format!("{what}; waiting");
        // Once is enough, until somebody has read it.
        if self.troubles.last() != Some(&line) {
            anstream::eprintln!("ecs-rollout: {line}");
            self.troubles.push(line);
        }
        sleep(wait).await;
        if expired && let Ok(aws) = self.access.connect().await {
            self.aws = aws;
        }
        Ok(())
    }
}
