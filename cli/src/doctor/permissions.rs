//! The calls that the verbs read with, each tried once. Nothing is changed.

use workers::Error;
use workers::model::{ClusterName, ContainerInstanceArn, GroupName};

use super::{Diagnosis, State};
use crate::aws::{Aws, Stack, error_text};

/// A task definition that nobody has: whoever may describe it hears that it does not exist.
const NO_DEFINITION: &str = "ecs-rollout-doctor";

/// Tries calls, and notes what comes of it.
pub struct Probes<'a> {
    /// The account.
    pub aws: &'a Aws,
    /// Where the findings go.
    pub diagnosis: &'a mut Diagnosis,
}

impl Probes<'_> {
    /// Notes how a call of these verbs was answered: the answer, if it is a good one.
    fn note<T>(&mut self, call: &str, verbs: &str, answer: Result<T, Error>) -> Option<T> {
        match answer {
            Ok(answer) => {
                self.diagnosis.add(call, State::Ok, "");
                Some(answer)
            }
            Err(error) => {
                let text = format!("{}. Needed by {verbs}", error_text(&error));
                self.diagnosis.add(call, State::Wrong, text);
                None
            }
        }
    }

    /// The same of a call about something that does not exist: to hear that takes the right.
    fn note_absent<T>(&mut self, call: &str, verbs: &str, answer: Result<T, Error>) {
        match answer {
            Err(Error::BadAnswer { source: None, .. }) => self.diagnosis.add(call, State::Ok, ""),
            other => {
                self.note(call, verbs, other);
            }
        }
    }

    /// Notes that a call could not be tried.
    fn untried(&mut self, call: &str, why: &str) {
        let text = format!("not tried: {why}");
        self.diagnosis.add(call, State::Note, text);
    }

    /// Tries what `list` calls.
    pub async fn of_all_stacks(&mut self) {
        let call = "cloudformation:DescribeStacks (all stacks)";
        match self.aws.stacks_from(None).await {
            Err(Error::AccessDenied { .. }) => {
                let text = "not for all stacks: list finds them by the hooks of the groups";
                self.diagnosis.add(call, State::Note, text);
            }
            other => {
                self.note(call, "list", other);
            }
        }
        let groups = self.aws.groups().await;
        self.note(
            "autoscaling:DescribeAutoScalingGroups",
            "every verb",
            groups,
        );
        let text = "name a stack to try the calls of all verbs: ecs-rollout doctor STACK";
        self.diagnosis.add("other calls", State::Note, text);
    }

    /// The stack, if it can be read.
    pub async fn stack(&mut self, name: &str) -> Option<Stack> {
        let call = "cloudformation:DescribeStacks";
        let stack = self.note(call, "every verb", self.aws.stack(name).await)?;
        let text = format!("{} is {}", stack.name, stack.status);
        self.diagnosis.add("stack", State::Ok, text);
        Some(stack)
    }

    /// Tries the calls about this stack and what it made.
    pub async fn of_stack(&mut self, stack: &Stack) {
        let events = self.aws.stack_events_from(&stack.id, None).await;
        self.note(
            "cloudformation:DescribeStackEvents",
            "watch, status, explain, report",
            events,
        );
        let parameter = self.aws.parameter(stack.ami_parameter()).await;
        self.note("ssm:GetParameter", "plan, roll, report, cancel", parameter);
        let instance = match stack.group() {
            Ok(group) => self.of_group(&group).await,
            Err(_) => None,
        };
        if let Ok(machine) = stack.state_machine() {
            self.of_machine(&machine).await;
        }
        if let Ok(cluster) = stack.cluster() {
            self.of_cluster(&cluster, instance.as_deref()).await;
        }
        // These two take no narrower resource than all.
        let definition = self.aws.task_definition(NO_DEFINITION).await;
        self.note_absent("ecs:DescribeTaskDefinition", "plan, roll", definition);
        let delay = self.aws.deregistration_delay(&no_target_group(stack)).await;
        let call = "elasticloadbalancing:DescribeTargetGroupAttributes";
        self.note_absent(call, "plan, roll", delay);
    }

    /// Tries the calls about the group; one of its instances.
    async fn of_group(&mut self, name: &str) -> Option<String> {
        let group = self.aws.group(name).await;
        let group = self.note("autoscaling:DescribeAutoScalingGroups", "every verb", group);
        let hooks = self.aws.all_hooks(name).await;
        self.note(
            "autoscaling:DescribeLifecycleHooks",
            "plan, roll, explain, terminate",
            hooks,
        );
        let activities = self.aws.activities(name, None).await;
        let verbs = "watch, status, explain, report";
        self.note("autoscaling:DescribeScalingActivities", verbs, activities);
        if group.is_some() {
            let capacity = self.aws.capacity(name).await;
            self.note(
                "autoscaling:DescribeInstanceRefreshes",
                "plan, roll",
                capacity,
            );
        }
        let groups = &self.aws.clients.autoscaling;
        let pool = groups.pool_instances(&GroupName::new(name)).await;
        self.note("autoscaling:DescribeWarmPool", "explain", pool);
        let call = "autoscaling:DescribeAutoScalingInstances";
        let group = group?;
        let member = group.members.iter().find(|one| one.is_in_service());
        match member {
            Some(member) => {
                let found = self.aws.group_of(&member.id).await;
                self.note(call, "explain, terminate", found);
            }
            None => self.untried(call, "the group has no instance in service"),
        }
        member.map(|one| one.id.clone())
    }

    /// Tries the calls about the state machine.
    async fn of_machine(&mut self, machine: &str) {
        let definition = self.aws.definition(machine).await;
        self.note("states:DescribeStateMachine", "report", definition);
        let executions = self.aws.past_executions(machine, None).await;
        let verbs = "watch, status, explain, report";
        let executions = self.note("states:ListExecutions", verbs, executions);
        let call = "states:GetExecutionHistory";
        match executions.iter().flat_map(|page| &page.items).next() {
            Some(execution) => {
                let ran = self.aws.ran(&execution.arn).await;
                self.note(call, verbs, ran);
            }
            None => self.untried(call, "no execution was listed"),
        }
    }

    /// Tries the calls about the cluster, and about one of its instances.
    async fn of_cluster(&mut self, cluster: &str, instance: Option<&str>) {
        let every = "every verb about instances";
        let services = self.aws.services_listed(cluster, None).await;
        let services = self.note("ecs:ListServices", "watch, status, plan, roll", services);
        let service = services.and_then(|page| page.items.into_iter().next());
        let call = "ecs:DescribeServices";
        match service {
            Some(arn) => {
                let described = self.aws.services(cluster, &[arn]).await;
                self.note(call, "watch, status, plan, roll", described);
            }
            None => self.untried(call, "no service was listed"),
        }
        let Some(instance) = instance else {
            return self.untried("ecs:ListContainerInstances", "no instance is in service");
        };
        let arn = self.aws.registration(cluster, instance).await;
        let arn = self
            .note("ecs:ListContainerInstances", every, arn)
            .flatten();
        let Some(arn) = arn else {
            return self.untried("ecs:DescribeContainerInstances", "no instance was listed");
        };
        let ami = self.aws.ami(cluster, &arn).await;
        self.note("ecs:DescribeContainerInstances", every, ami);
        self.of_tasks(cluster, &arn).await;
    }

    /// Tries the calls about tasks.
    async fn of_tasks(&mut self, cluster: &str, container_instance: &str) {
        let ecs = &self.aws.clients.ecs;
        let cluster = ClusterName::new(cluster);
        let arn = ContainerInstanceArn::new(container_instance);
        let verbs = "explain, plan, roll, terminate";
        let call = "ecs:ListTasks and ecs:DescribeTasks";
        let tasks = self.note(call, verbs, ecs.tasks_on(&cluster, &arn, &[]).await);
        let call = "ecs:GetTaskProtection";
        match tasks.iter().flatten().next() {
            Some(task) => {
                let protected = ecs
                    .protected(&cluster, std::slice::from_ref(&task.arn))
                    .await;
                self.note(call, verbs, protected);
            }
            None => self.untried(call, "no task runs on the instance that was looked at"),
        }
    }
}

/// The ARN of a target group that nobody has, in the stack's partition, Region and account.
fn no_target_group(stack: &Stack) -> String {
    let parts: Vec<&str> = stack.id.split(':').collect();
    let part = |place: usize| parts.get(place).copied().unwrap_or_default();
    format!(
        "arn:{}:elasticloadbalancing:{}:{}:targetgroup/{NO_DEFINITION}/0000000000000000",
        part(1),
        part(3),
        part(4)
    )
}
