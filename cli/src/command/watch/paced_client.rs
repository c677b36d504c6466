//! The looks of `watch`: at most two calls a second, and patient.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use workers::Error;

use super::Update;
use super::explainer::Explainer;
use crate::aws::{
    Access, Activity, Aws, Execution, Group, Page, Ran, Service, Stack, StackEvent, readable,
};
use crate::failure::Failure;
use crate::retry::{RetryClient, RetryListener, RetryPolicy, retry};

/// The least time between two calls of a look that is made once.
const BETWEEN_CALLS_ONCE: Duration = Duration::from_millis(50);

/// Looks at the account.
#[derive(Debug)]
pub struct PacedClient {
    access: Access,
    client: RetryClient<Announcer>,
}

/// Announces a trouble once, until a call is answered again.
#[derive(Debug)]
struct Announcer {
    news: UnboundedSender<Update>,
    /// The trouble that was announced last.
    trouble: Option<String>,
}

impl Announcer {
    /// Nobody listens any more once the user has left.
    fn send(&self, news: Update) {
        self.news.send(news).ok();
    }
}

impl RetryListener for Announcer {
    fn waits(&mut self, at: Timestamp, reason: String) {
        if self.trouble.as_ref() != Some(&reason) {
            self.trouble = Some(reason.clone());
            self.send(Update::Trouble { at, reason });
        }
    }

    fn answered(&mut self) {
        if self.trouble.take().is_some() {
            self.send(Update::Answered);
        }
    }
}

impl PacedClient {
    /// A look at the account of `access`, that sends its troubles to `news`.
    ///
    /// # Errors
    /// As [`Access::connect`].
    pub async fn new(access: Access, news: UnboundedSender<Update>) -> Result<Self, Failure> {
        let aws = access.connect_without_retries().await?;
        let announcer = Announcer {
            news,
            trouble: None,
        };
        let client = RetryClient::new(aws, access.between_calls(), RetryPolicy::WATCH, announcer);
        Ok(Self {
            client: client.renewed_by(access.clone()),
            access,
        })
    }

    /// The same look for somebody who wants the answer now: calls follow one another faster, and
    /// are given up after a few failures.
    pub fn once(aws: Aws, access: Access, news: UnboundedSender<Update>) -> Self {
        let announcer = Announcer {
            news,
            trouble: None,
        };
        Self {
            client: RetryClient::new(aws, BETWEEN_CALLS_ONCE, RetryPolicy::ONCE, announcer),
            access,
        }
    }

    /// Who may look beside the rounds.
    pub fn explainer(&self) -> Explainer {
        Explainer {
            access: self.access.clone(),
            slots: self.client.slots().clone(),
        }
    }

    /// The account for somebody who looks beside the rounds, and shares their calls a second.
    ///
    /// # Errors
    /// As [`Access::connect`].
    pub async fn beside(&self) -> Result<Aws, Failure> {
        self.access
            .connect_in_slots(self.client.slots().clone())
            .await
    }

    /// AWS's time.
    pub fn now(&self) -> Timestamp {
        self.client.aws().now()
    }

    /// See [`Aws::account`].
    pub fn account(&self, arn: &str) -> String {
        self.client.aws().account(arn)
    }

    /// The Region.
    pub fn region(&self) -> &str {
        &self.client.aws().region
    }

    /// See [`Aws::stack`].
    pub async fn stack(&mut self, name: &str) -> Result<Stack, Error> {
        retry!(self.client, aws => aws.stack(name))
    }

    /// See [`Aws::stack_events_from`].
    pub async fn events(
        &mut self,
        stack: &str,
        next: Option<String>,
    ) -> Result<Page<StackEvent>, Error> {
        retry!(self.client, aws => aws.stack_events_from(stack, next.clone()))
    }

    /// See [`Aws::group`].
    pub async fn group(&mut self, name: &str) -> Result<Group, Error> {
        retry!(self.client, aws => aws.group(name))
    }

    /// See [`Aws::activities`].
    pub async fn activities(&mut self, group: &str) -> Result<Page<Activity>, Error> {
        retry!(self.client, aws => aws.activities(group, None))
    }

    /// See [`Aws::executions_from`].
    pub async fn executions(
        &mut self,
        machine: &str,
        status: ExecutionStatus,
        most: i32,
        next: Option<String>,
    ) -> Result<Page<Execution>, Error> {
        retry!(self.client, aws => aws.executions_from(machine, status.clone(), most, next.clone()))
    }

    /// See [`Aws::ran`].
    pub async fn ran(&mut self, execution: &str) -> Result<Option<Ran>, Error> {
        retry!(self.client, aws => aws.ran(execution))
    }

    /// See [`Aws::registration`].
    pub async fn registration(
        &mut self,
        cluster: &str,
        instance: &str,
    ) -> Result<Option<String>, Error> {
        retry!(self.client, aws => aws.registration(cluster, instance))
    }

    /// See [`Aws::ami`].
    pub async fn ami(&mut self, cluster: &str, arn: &str) -> Result<Option<String>, Error> {
        retry!(self.client, aws => aws.ami(cluster, arn))
    }

    /// See [`readable`].
    pub async fn parameter(&mut self, name: &str) -> Result<Option<String>, Error> {
        retry!(self.client, aws => readable(aws.parameter(name)))
    }

    /// See [`Aws::services_listed`].
    pub async fn services_listed(
        &mut self,
        cluster: &str,
        next: Option<String>,
    ) -> Result<Page<String>, Error> {
        retry!(self.client, aws => aws.services_listed(cluster, next.clone()))
    }

    /// See [`Aws::services`].
    pub async fn services(
        &mut self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Vec<Service>, Error> {
        retry!(self.client, aws => aws.services(cluster, arns))
    }
}
