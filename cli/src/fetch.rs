//! Reads what a tale is made of out of an account: patiently, and with few calls a second.
//! `window`: what belongs to which operation.

mod window;

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use workers::Error;

use crate::aws::{
    Activity, Aws, Group, Member, Past, Stack, StackEvent, is_about_lost_resource, readable,
    with_access_in, without_resources,
};
use crate::failure::{Exit, Failure};
use crate::plan::ami::{restore_after_rollback, to_restore};
use crate::report::Source;
use crate::retry::{RetryClient, RetryListener, RetryPolicy, retry};
use crate::watch::{BEGINS, Operation, Pauses, batch_times_out, paused};
use window::{belonging_to_each, operations};

/// So long after a call the next one is made: a quarter of the 20 a second that AWS lets one have
/// of histories, which others need too.
pub const PACE: Duration = Duration::from_millis(200);

/// Reads an account.
#[derive(Debug)]
pub struct Reader {
    client: RetryClient<WaitLines>,
    progress: ProgressBar,
    /// Whether a call was refused because a resource of the stack is not there.
    has_lost: bool,
}

/// Writes each wait to stderr, above the progress bar.
#[derive(Debug)]
struct WaitLines(ProgressBar);

impl RetryListener for WaitLines {
    fn waits(&mut self, _: Timestamp, reason: String) {
        self.0
            .suspend(|| anstream::eprintln!("ecs-rollout: {reason}"));
    }
}

/// Makes one call, again and again until it is answered or refused for good, which ends the
/// function.
macro_rules! read {
    ($reader:ident, $aws:ident => $call:expr) => {
        retry!($reader.client, $aws => $call).map_err(|error| $reader.refused(&error))?
    };
}

/// Reads all pages, while `$more` of a page says that more is wanted.
macro_rules! pages {
    ($reader:ident, $aws:ident, $next:ident => $call:expr, $more:expr) => {{
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = read!($reader, $aws => {
                let $next = token.clone();
                $call
            });
            let more = $more(&page.items);
            all.extend(page.items);
            token = page.next;
            if token.is_none() || !more {
                break all;
            }
        }
    }};
}

mod histories;

/// What is found, or nothing if you may not look: a report does without.
async fn allowed<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<Option<T>, Error> {
    match asked.await {
        Err(Error::AccessDenied { .. }) => Ok(None),
        other => other.map(Some),
    }
}

impl Reader {
    /// A reader of the account that waits so long between two calls; it shows how far it is if
    /// `shows`, and if there is a terminal.
    pub fn new(aws: Aws, pace: Duration, shows: bool) -> Self {
        let target = if shows && std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let progress = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} histories read")
            .expect("a constant template");
        progress.set_style(style.progress_chars("=> "));
        Self {
            client: RetryClient::new(aws, pace, RetryPolicy::REPORT, WaitLines(progress.clone())),
            progress,
            has_lost: false,
        }
    }

    /// Reads the operations of a stack that began since what `since` makes of AWS's time; or, if
    /// that is nothing, its last one; each with the drains after it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub async fn read(
        &mut self,
        name: &str,
        since: impl FnOnce(Timestamp) -> Result<Option<Timestamp>, Failure>,
    ) -> Result<Source, Failure> {
        let stack = read!(self, aws => aws.stack(name));
        let since = since(self.client.aws().now())?;
        match self.read_all(stack.clone(), since).await {
            Err(_) if self.has_lost && stack.may_lack_resources() => {
                Err(self.without_resources(&stack).await)
            }
            read => read,
        }
    }

    /// Notes why a call was refused: the failure of the reading.
    fn refused(&mut self, error: &Error) -> Failure {
        self.has_lost |= is_about_lost_resource(error);
        Failure::from(error)
    }

    /// Why nothing is reported of a stack whose resources are gone.
    async fn without_resources(&mut self, stack: &Stack) -> Failure {
        let (status, name) = (&stack.status, &stack.name);
        let cause = match self.events(stack, None).await {
            Ok((_, events)) if status.ends_with("_FAILED") => {
                let operation = Operation {
                    stack: name,
                    status,
                    events: &events,
                    failed: Vec::new(),
                    pauses: &Pauses::default(),
                };
                operation.cause().text
            }
            _ => None,
        };
        let cause = cause.as_deref().map(with_access_in);
        let mut failure = Failure::from(without_resources(stack, cause.as_deref()));
        failure.exit = Exit::Otherwise;
        failure
    }

    async fn read_all(
        &mut self,
        stack: Stack,
        since: Option<Timestamp>,
    ) -> Result<Source, Failure> {
        let (group, machine) = (stack.group()?, stack.state_machine()?);
        let definition = read!(self, aws => aws.definition(&machine));
        let (began, events) = self.events(&stack, since).await?;
        let started = pages!(self, aws, next => aws.past_executions(&machine, next),
            |page: &[Past]| page.iter().all(|it| it.started >= began));
        let operations = operations(&events, &stack);
        let (past, windows) = belonging_to_each(&started, &operations);
        let (passages, forgotten) = self.passages(&definition, &past).await?;
        let activities = pages!(self, aws, next => aws.activities(&group, next),
            |page: &[Activity]| page.last().is_none_or(|it| it.began >= began));
        let in_time = |it: &Activity| {
            let mut windows = windows.iter();
            windows.any(|(from, until)| {
                it.began >= *from && until.is_none_or(|until| it.began <= until)
            })
        };
        let activities = activities.into_iter().filter(in_time).collect();
        let group_name = group;
        let group = read!(self, aws => aws.group(&group_name));
        let cluster = stack
            .parameter("EcsClusterName")
            .unwrap_or_default()
            .to_owned();
        let ami = self.ami(&cluster, &group).await?;
        let paused = group.pause.as_ref().map(|pause| {
            let newest_first = events.iter().rev().cloned().collect();
            let times_out = batch_times_out(newest_first, &stack.name);
            paused(pause, times_out, self.client.aws().now(), &stack.name)
        });
        let restore = self.restore(&stack).await?;
        Ok(Source {
            restore,
            operations: windows,
            cluster,
            stack_id: stack.id,
            group: group_name,
            paused,
            ami,
            stack: stack.name,
            status: stack.status,
            region: self.client.aws().region.clone(),
            now: self.client.aws().now(),
            activities,
            size: group.desired,
            members: group.members,
            version: group.version,
            began,
            events,
            passages,
            forgotten,
            definition,
        })
    }

    /// What puts the old AMI id back after a rollback, unless the parameter holds that.
    async fn restore(&mut self, stack: &Stack) -> Result<Option<String>, Failure> {
        if restore_after_rollback(stack).is_none() {
            return Ok(None);
        }
        let parameter = stack.ami_parameter();
        let held = read!(self, aws => readable(aws.parameter(parameter)));
        Ok(to_restore(stack, held.as_deref()))
    }

    /// The AMI of an instance of the version that the group launches; nothing if you may not look
    /// at the cluster's instances.
    async fn ami(&mut self, cluster: &str, group: &Group) -> Result<Option<String>, Failure> {
        let of_version = |one: &&Member| one.is_in_service() && one.version == group.version;
        let Some(member) = group.members.iter().find(of_version) else {
            return Ok(None);
        };
        let found = read!(self, aws => allowed(aws.registration(cluster, &member.id)));
        let Some(arn) = found.flatten() else {
            return Ok(None);
        };
        let ami = read!(self, aws => allowed(aws.ami(cluster, &arn)));
        Ok(ami.flatten())
    }

    /// When the tale begins, and the stack's events from then on, oldest first.
    async fn events(
        &mut self,
        stack: &Stack,
        since: Option<Timestamp>,
    ) -> Result<(Timestamp, Vec<StackEvent>), Failure> {
        let name = &stack.name;
        let begins = |it: &StackEvent| it.resource == *name && BEGINS.contains(&it.status.as_str());
        let mut events = pages!(self, aws, next => aws.stack_events_from(name, next),
        |page: &[StackEvent]| match since {
            Some(since) => page.last().is_none_or(|it| it.at >= since),
            None => !page.iter().any(begins),
        });
        if let Some(since) = since {
            let latest = events.iter().find(|it| begins(it)).map(|it| it.at);
            events.retain(|it| it.at >= since);
            events.reverse();
            // The end of an operation that began earlier is no part of those that began since.
            let Some(first) = events.iter().position(begins) else {
                let latest =
                    latest.map_or_else(String::new, |at| format!("; the last began at {at:.0}"));
                return Err(
                    format!("no operation of stack {name} began since {since:.0}{latest}").into(),
                );
            };
            events.drain(..first);
            return Ok((events[0].at, events));
        }
        let Some(place) = events.iter().position(begins) else {
            return Err(format!(
                "stack {name} has no events of an operation any more (CloudFormation keeps them for 90 days); --since 2h reports the \
                 instances' executions of the last two hours"
            )
            .into());
        };
        let began = events[place].at;
        if events[place].status == "CREATE_IN_PROGRESS" {
            return Err(format!(
                "stack {name} was created at {began:.0} and has never rolled since; --since {began:.0} reports its creation"
            )
            .into());
        }
        events.truncate(place + 1);
        events.reverse();
        Ok((began, events))
    }
}
