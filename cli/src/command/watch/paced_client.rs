//! The looks of `watch`: at most two calls a second, and patient.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};
use workers::Error;

use super::Update;
use crate::aws::{
    Access, Activity, Aws, Execution, Group, Page, Ran, Service, Slots, Stack, StackEvent, blame,
    error_text, has_expired, readable,
};
use crate::failure::{Exit, Failure};
use crate::format::duration;

/// So long after a call the next one is made.
const BETWEEN_CALLS: Duration = Duration::from_millis(500);

/// So long it waits after a call that could not be answered, and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// Whoever has had no answer at all for so long has the wrong address, Region or network: it says
/// so and ends.
const FIRST_ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// So long it waits for an account that has answered before.
const NEXT_ANSWER_WITHIN: Duration = Duration::from_secs(3600);

/// A call that fails less often in a row is tried again without a word: as often as the SDK would
/// try it.
const FAILURES_TOLD: u32 = 3;

/// Looks at the account.
#[derive(Debug)]
pub struct PacedClient {
    access: Access,
    aws: Aws,
    slots: Slots,
    news: UnboundedSender<Update>,
    /// The trouble that was told last, until a call is answered again.
    trouble: Option<String>,
    /// Since when no call was answered.
    silent_since: Instant,
    /// Whether any call was ever answered.
    was_answered: bool,
}

/// Makes one call, again and again until it is answered or refused for good.
macro_rules! patiently {
    ($look:ident, $aws:ident => $call:expr) => {{
        let mut failures = 0;
        loop {
            $look.slots.take().await;
            let $aws = &$look.aws;
            match $call.await {
                Ok(answer) => {
                    $look.answered();
                    break Ok(answer);
                }
                Err(error) => {
                    failures += 1;
                    $look.failed(error, failures).await?;
                }
            }
        }
    }};
}

/// The error of an account that did not answer for so long.
fn given_up(error: Error, patience: Duration) -> Error {
    match error {
        Error::Unavailable { call, what, source } => {
            let waited = duration(SignedDuration::try_from(patience).unwrap_or_default());
            let what = format!("{what}, for {waited}");
            Error::Unavailable { call, what, source }
        }
        other => other,
    }
}

impl PacedClient {
    /// A look at the account of `access`, that tells its troubles to `news`.
    ///
    /// # Errors
    /// As [`Access::connect`].
    pub async fn new(access: Access, news: UnboundedSender<Update>) -> Result<Self, Failure> {
        Ok(Self {
            aws: access.connect_without_retries().await?,
            access,
            slots: Slots::of(BETWEEN_CALLS),
            news,
            trouble: None,
            silent_since: Instant::now(),
            was_answered: false,
        })
    }

    /// The account for somebody who looks beside the rounds, and shares their calls a second.
    ///
    /// # Errors
    /// As [`Access::connect`].
    pub async fn beside(&self) -> Result<Aws, Failure> {
        self.access.connect_in_slots(self.slots.clone()).await
    }

    /// AWS's time.
    pub fn now(&self) -> Timestamp {
        self.aws.now()
    }

    /// The Region.
    pub fn region(&self) -> &str {
        &self.aws.region
    }

    /// See [`Aws::stack`].
    pub async fn stack(&mut self, name: &str) -> Result<Stack, Error> {
        patiently!(self, aws => aws.stack(name))
    }

    /// See [`Aws::stack_events_from`].
    pub async fn events(
        &mut self,
        stack: &str,
        next: Option<String>,
    ) -> Result<Page<StackEvent>, Error> {
        patiently!(self, aws => aws.stack_events_from(stack, next.clone()))
    }

    /// See [`Aws::group`].
    pub async fn group(&mut self, name: &str) -> Result<Group, Error> {
        patiently!(self, aws => aws.group(name))
    }

    /// See [`Aws::activities`].
    pub async fn activities(&mut self, group: &str) -> Result<Page<Activity>, Error> {
        patiently!(self, aws => aws.activities(group, None))
    }

    /// See [`Aws::executions_from`].
    pub async fn executions(
        &mut self,
        machine: &str,
        status: ExecutionStatus,
        most: i32,
        next: Option<String>,
    ) -> Result<Page<Execution>, Error> {
        patiently!(self, aws => aws.executions_from(machine, status.clone(), most, next.clone()))
    }

    /// See [`Aws::ran`].
    pub async fn ran(&mut self, execution: &str) -> Result<Option<Ran>, Error> {
        patiently!(self, aws => aws.ran(execution))
    }

    /// See [`Aws::registration`].
    pub async fn registration(
        &mut self,
        cluster: &str,
        instance: &str,
    ) -> Result<Option<String>, Error> {
        patiently!(self, aws => aws.registration(cluster, instance))
    }

    /// See [`Aws::ami`].
    pub async fn ami(&mut self, cluster: &str, arn: &str) -> Result<Option<String>, Error> {
        patiently!(self, aws => aws.ami(cluster, arn))
    }

    /// See [`readable`].
    pub async fn parameter(&mut self, name: &str) -> Result<Option<String>, Error> {
        patiently!(self, aws => readable(aws.parameter(name)))
    }

    /// See [`Aws::services_listed`].
    pub async fn services_listed(
        &mut self,
        cluster: &str,
        next: Option<String>,
    ) -> Result<Page<String>, Error> {
        patiently!(self, aws => aws.services_listed(cluster, next.clone()))
    }

    /// See [`Aws::services`].
    pub async fn services(
        &mut self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Vec<Service>, Error> {
        patiently!(self, aws => aws.services(cluster, arns))
    }

    fn answered(&mut self) {
        (self.silent_since, self.was_answered) = (Instant::now(), true);
        if self.trouble.take().is_some() {
            self.send(Update::Answered);
        }
    }

    /// Tells once what could not be asked, and waits; an error that waiting does not mend comes
    /// back.
    async fn failed(&mut self, error: Error, failures: u32) -> Result<(), Error> {
        let expired = has_expired(&error);
        let passes = matches!(&error, Error::Throttled { .. } | Error::Unavailable { .. });
        if !expired && !passes {
            return Err(error);
        }
        // A wrong value stays wrong.
        if matches!(blame(&error), Some((Exit::Input, _))) {
            return Err(error);
        }
        let patience = if self.was_answered {
            NEXT_ANSWER_WITHIN
        } else {
            FIRST_ANSWER_WITHIN
        };
        // An account that throttles is there.
        let is_there = matches!(error, Error::Throttled { .. });
        if !is_there && self.silent_since.elapsed() >= patience {
            return Err(given_up(error, patience));
        }
        let what = if expired {
            "the credentials have expired; renew them (such as with aws sso login), they are read again".to_owned()
        } else {
            error_text(&error)
        };
        let line = format!("{what}; waiting");
        if (expired || failures >= FAILURES_TOLD) && self.trouble.as_ref() != Some(&line) {
            let (at, reason) = (self.now(), line.clone());
            self.send(Update::Trouble { at, reason });
            self.trouble = Some(line);
        }
        let doubled = 1 << failures.saturating_sub(1).min(5);
        sleep((PATIENCE.0 * doubled).min(PATIENCE.1)).await;
        if expired && let Ok(aws) = self.access.connect_without_retries().await {
            self.aws = aws;
        }
        Ok(())
    }

    /// Nobody listens any more once the user has left.
    fn send(&self, news: Update) {
        self.news.send(news).ok();
    }
}
