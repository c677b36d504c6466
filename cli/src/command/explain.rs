//! `explain`: why is this instance where it is? Runs the workers' own looks and decisions on what
//! is there now, and changes nothing.

mod about;

use std::process::ExitCode;

use aws_sdk_sfn::types::ExecutionStatus;
use clap::Args;
use jiff::Timestamp;
use workers::Error;
use workers::config::{self, History};
use workers::model::cluster::Task;
use workers::model::{ClusterName, GroupName, InstanceId};

use super::{flow, rehearse::Output, terminate::instance_id};
use crate::aws::{Access, Aws, Execution, Member, Ran, Stack};
use crate::completion;
use crate::explanation::{Explanation, Found, InstanceState, OnCluster, VALUES};
use crate::failure::{Exit, Failure};
use crate::question::{asked_now, concerns};
use crate::view::out::{print, print_values};
use crate::watch::{Events, batch_times_out};
pub use about::explained;
use about::{About, detached, names_of_ours, no_cluster, of_cluster};

/// So many executions that ended badly are looked through for one about the instance.
const ENDED_LOOKED_AT: usize = 20;

/// Flags of `explain`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout explain i-0123456789abcdef0
  ecs-rollout explain i-0123456789abcdef0 --profile prod --region eu-west-1
  ecs-rollout explain i-0123456789abcdef0 --output json

Changes nothing. Calls: autoscaling:DescribeAutoScalingInstances, DescribeAutoScalingGroups, DescribeLifecycleHooks,
DescribeWarmPool, DescribeScalingActivities, cloudformation:DescribeStacks, DescribeStackEvents, states:ListExecutions, GetExecutionHistory, and the reads of
ECS that the workers make.

An instance at a hook has no execution until the event of the hook has come, up to two minutes late; if the event is lost, until
the reconciler starts one. That is not wrong for nine minutes.

Exit code: 0 if nothing is wrong with it, 1 if it is stuck or has failed, 2 input, 4 AWS."))]
pub struct Explain {
    /// The EC2 instance
    #[arg(value_name = "INSTANCE", value_parser = instance_id, add = completion::instances())]
    instance: String,
    /// The cluster, for an instance that is in no group any more [default: looked for in the
    /// clusters of your groups]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Lines to read, or one JSON object
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Explain {
    /// Looks, and tells.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let explanation = super::wait_for(async {
            let aws = self.access.connect().await?;
            look(&aws, &self.instance, self.cluster.as_deref()).await
        })??;
        match self.output {
            Output::Text => print_values(&explanation.text(), VALUES),
            Output::Json => print(format_args!("{:#}\n", explanation.json())),
        }
        let exit = if explanation.is_well() {
            Exit::AsAsked
        } else {
            Exit::Otherwise
        };
        Ok(exit.into())
    }
}

/// Looks at an instance. `cluster` is for one that is in no group; of one in a group it must be the
/// group's.
pub(super) async fn look(
    aws: &Aws,
    instance: &str,
    cluster: Option<&str>,
) -> Result<About, Failure> {
    match aws.group_of(instance).await? {
        Some((group, member)) => {
            if let Some(named) = cluster
                && let Err(Error::ClusterNotFound { .. }) = aws.registration(named, instance).await
            {
                return Err(no_cluster(aws, named));
            }
            let explanation = in_group(aws, instance, group, member).await?;
            of_cluster(&explanation, cluster)?;
            Ok(About::InGroup(Box::new(explanation)))
        }
        None => Ok(About::Detached(detached(aws, instance, cluster).await?)),
    }
}

async fn in_group(
    aws: &Aws,
    instance: &str,
    group: String,
    member: Member,
) -> Result<Explanation, Failure> {
    let hooks = aws.all_hooks(&group).await?;
    let hook_names = names_of_ours(&hooks);
    let hooks = hooks.into_iter().find_map(|hook| hook.ours);
    let hooks = hooks.ok_or_else(|| {
        format!(
            "group {group} of {instance} has no lifecycle hook of ecs-rollout (one whose NotificationMetadata names cluster and \
             stack)"
        )
    })?;
    let stack = aws.stack(&hooks.stack).await?;
    let machine = stack.state_machine()?;
    let others = aws.group(&group).await?;
    let mut life = life(aws, &machine, &member).await?;
    let opened = match life {
        InstanceState::Alone(_) if member.state.is_at_hook() => {
            opened(aws, &group, &member).await?
        }
        _ => None,
    };
    if let InstanceState::Asked(asked) = &mut life
        && others.pause.is_some()
    {
        // The pause may keep the drains before it from beginning.
        let machines = aws.machines(&hooks.cluster).await?.into_iter();
        let draining = machines.filter(|one| one.status == "DRAINING");
        asked.2.draining = Some(draining.map(|one| one.id).collect());
    }
    let on_cluster = on_cluster(aws, &hooks.cluster, instance).await;
    let times_out = match others.pause {
        Some(_) => times_out(aws, &stack).await?,
        None => None,
    };
    Ok(Explanation {
        now: aws.now(),
        region: aws.region.clone(),
        group,
        launches: others.version,
        others: others
            .members
            .into_iter()
            .filter(|one| one.id != instance)
            .collect(),
        member,
        hooks,
        hook_names,
        machine,
        stack,
        on_cluster: on_cluster?,
        pause: others.pause,
        times_out,
        opened,
        life,
    })
}

/// What is done about it. What is retained is yours to end, though an execution may not have
/// noticed yet that its action is over.
async fn life(aws: &Aws, machine: &str, member: &Member) -> Result<InstanceState, Failure> {
    let is_retained = member.state.can_be_ended();
    let running = if is_retained {
        None
    } else {
        running(aws, machine, member).await?
    };
    if let Some((execution, ran)) = running {
        let found = asked(aws, &ran).await?;
        return Ok(InstanceState::Asked(Box::new((execution, ran, found))));
    }
    Ok(if is_retained || member.state.is_at_hook() {
        InstanceState::Alone(ended(aws, machine, member).await?.map(Box::new))
    } else {
        InstanceState::Rests
    })
}

/// When the activity began that moves the instance: the reconciler counts from then, too.
async fn opened(aws: &Aws, group: &str, member: &Member) -> Result<Option<Timestamp>, Error> {
    let (group, id) = (GroupName::new(group), InstanceId::new(&member.id));
    let wanted = [&id];
    let open = aws.clients.autoscaling.open_activities(&group, &wanted);
    Ok(open.await?.first().map(|activity| activity.started))
}

/// How ECS sees the instance.
async fn on_cluster(aws: &Aws, cluster: &str, instance: &str) -> Result<OnCluster, Error> {
    let (ecs, cluster) = (&aws.clients.ecs, ClusterName::new(cluster));
    let registrations = ecs
        .registrations(&cluster, &InstanceId::new(instance))
        .await?;
    let mut tasks = Vec::new();
    for one in &registrations {
        tasks.extend(ecs.tasks_on(&cluster, &one.arn, &[]).await?);
    }
    let of_service = |task: &Task| !task.is_stopped() && task.service().is_some();
    // Only for tasks of services it matters which of those are daemons.
    let daemons = if tasks.iter().any(of_service) {
        ecs.daemons(&cluster).await?
    } else {
        Vec::new()
    };
    Ok(OnCluster {
        registrations,
        tasks,
        daemons,
    })
}

/// When CloudFormation gives the present batch up.
async fn times_out(aws: &Aws, stack: &Stack) -> Result<Option<Timestamp>, Error> {
    let (events, mut listed, mut next) = (Events::default(), Vec::new(), None);
    loop {
        let page = aws.stack_events_from(&stack.id, next).await?;
        let enough = events.reach(&page.items, &stack.name);
        listed.extend(page.items);
        next = page.next;
        if enough || next.is_none() {
            break;
        }
    }
    Ok(batch_times_out(listed, &stack.name))
}

/// The running execution about the instance, and how far it has come.
async fn running(
    aws: &Aws,
    machine: &str,
    member: &Member,
) -> Result<Option<(Execution, Ran)>, Failure> {
    let all = aws.executions(machine, ExecutionStatus::Running).await;
    about(aws, all.map_err(|error| Failure::from(&error))?, member).await
}

/// The newest execution about the instance that ended badly.
async fn ended(
    aws: &Aws,
    machine: &str,
    member: &Member,
) -> Result<Option<(Execution, Ran)>, Failure> {
    for status in [
        ExecutionStatus::Failed,
        ExecutionStatus::TimedOut,
        ExecutionStatus::Aborted,
    ] {
        let all = aws.executions(machine, status).await;
        let mut all = all.map_err(|error| Failure::from(&error))?;
        all.truncate(ENDED_LOOKED_AT);
        if let Some(found) = about(aws, all, member).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The first of `executions` that is about the instance, and concerns the state in which that is.
async fn about(
    aws: &Aws,
    executions: Vec<Execution>,
    member: &Member,
) -> Result<Option<(Execution, Ran)>, Failure> {
    for execution in executions {
        let ran = aws.ran(&execution.arn).await;
        let ran = ran.map_err(|error| Failure::from(&error))?;
        let is_about =
            |ran: &Ran| ran.instance() == member.id && concerns(&member.state, &ran.input);
        if let Some(ran) = ran.filter(is_about) {
            return Ok(Some((execution, ran)));
        }
    }
    Ok(None)
}

/// What the worker whose question stands would find now.
async fn asked(aws: &Aws, ran: &Ran) -> Result<Found, Failure> {
    let worker = asked_now(&ran.input);
    let subject = config::read_event(&ran.input).subject();
    let subject = subject.map_err(|error| Failure::from(&error))?;
    let history = History::read(&ran.input);
    let now = || aws.now();
    let finding = workers::look(worker, &subject, &history, &aws.clients, &now).await;
    let services = history.drain_begun().ok();
    let services = services.into_iter().flat_map(|begun| &begun.services);
    Ok(Found {
        worker,
        subject,
        services: services.map(|service| service.to_string()).collect(),
        finding,
        draining: None,
    })
}

#[cfg(test)]
mod tests;
