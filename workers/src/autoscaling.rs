//! What we ask of Auto Scaling about the lifecycle action and the group. Only this file and its
//! `actions` name the SDK.

pub mod actions;
mod end;
mod refresh;

use aws_config::SdkConfig;
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_autoscaling::types::{Instance, LaunchTemplateSpecification};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::clock::Clock;
use crate::error::{Error, Refusal};
use crate::model::group::{GroupInstance, GroupSnapshot, LifecycleState, PAUSE_TAG, Pause};
use crate::model::{Action, GroupName, InstanceId};

use actions::{instance_id, token};
pub use refresh::RefreshIs;

/// Auto Scaling.
#[derive(Debug, Clone)]
pub struct AutoScaling {
    client: Client,
    /// Whether no heartbeat is sent: the action is taken to be open.
    dry_run: bool,
}

/// Whether a lifecycle action was there to be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionIs {
    /// It was, and the call did its work.
    Open,
    /// It was completed before, or has timed out.
    Over,
}

/// How a lifecycle action is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionResult {
    /// Go on.
    Continue,
    /// Give up: a new instance is terminated, a leaving one is retained if its group says so.
    Abandon,
}

impl ActionResult {
    /// As Auto Scaling and the state machine spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Continue => "CONTINUE",
            Self::Abandon => "ABANDON",
        }
    }
}

impl AutoScaling {
    /// A client with the settings of `config`, whose answers set `clock`.
    pub fn new(config: &SdkConfig, clock: &Clock) -> Self {
        // One worker makes a handful of calls, of a few attempts each. The SDK's retry quota, made
        // for long-lived clients, would run out in an hour of throttling and leave a single attempt
        // to every call from then on.
        let patient = RetryPartition::custom("worker").token_bucket(TokenBucket::unlimited());
        let config = aws_sdk_autoscaling::config::Builder::from(config)
            .retry_partition(patient.build())
            .interceptor(clock.clone())
            .build();
        Self {
            client: Client::from_conf(config),
            dry_run: false,
        }
    }

    /// The same, which sends no heartbeat.
    pub fn dry_run(self) -> Self {
        Self {
            dry_run: true,
            ..self
        }
    }

    /// Restarts the action's heartbeat timeout. The 48 hours that an action may take in all go on.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn heartbeat(&self, action: &Action) -> Result<ActionIs, Error> {
        if self.dry_run {
            return Ok(ActionIs::Open);
        }
        let sent = self
            .client
            .record_lifecycle_action_heartbeat()
            .auto_scaling_group_name(action.group.as_str())
            .lifecycle_hook_name(action.hook.as_str())
            .set_lifecycle_action_token(token(action))
            .set_instance_id(instance_id(action))
            .send()
            .await;
        open_or_over(
            "autoscaling:RecordLifecycleActionHeartbeat",
            &action.group,
            sent,
        )
    }

    /// Completes the action. Finding it completed already is not an error.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn complete(&self, action: &Action, result: ActionResult) -> Result<ActionIs, Error> {
        let sent = self
            .client
            .complete_lifecycle_action()
            .auto_scaling_group_name(action.group.as_str())
            .lifecycle_hook_name(action.hook.as_str())
            .set_lifecycle_action_token(token(action))
            .set_instance_id(instance_id(action))
            .lifecycle_action_result(result.name())
            .send()
            .await;
        open_or_over("autoscaling:CompleteLifecycleAction", &action.group, sent)
    }

    /// The group's instances, those at a hook and retained ones included, whether it has a warm
    /// pool, whose instances are not among them, and whether somebody holds it. One call: a group
    /// is never split over pages.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`, `BadAnswer`.
    pub async fn instances(&self, group: &GroupName) -> Result<GroupSnapshot, Error> {
        let call = "autoscaling:DescribeAutoScalingGroups";
        let answer = self
            .client
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(group.as_str())
            .send()
            .await
            .map_err(|error| refused(call, group, error))?;
        let groups = answer.auto_scaling_groups();
        let found = groups
            .iter()
            .find(|found| found.auto_scaling_group_name() == Some(group.as_str()));
        let Some(found) = found else {
            let group = group.clone();
            return Err(Error::GroupNotFound { call, group });
        };
        let instances = found.instances().iter().map(|one| instance(call, one));
        let mut tags = found.tags().iter();
        let tag = tags.find(|tag| tag.key() == Some(PAUSE_TAG));
        Ok(GroupSnapshot {
            arn: found.auto_scaling_group_arn().map(str::to_owned),
            instances: instances.collect::<Result<_, _>>()?,
            has_pool: found.warm_pool_configuration().is_some(),
            pause: tag.map(|tag| Pause::read(tag.value().unwrap_or_default())),
        })
    }

    /// The instances of the group's warm pool, those on their way into it or out of it for good
    /// included.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`, `BadAnswer`.
    pub async fn pool_instances(&self, group: &GroupName) -> Result<Vec<GroupInstance>, Error> {
        let call = "autoscaling:DescribeWarmPool";
        let mut found = Vec::new();
        let mut pages = self
            .client
            .describe_warm_pool()
            .auto_scaling_group_name(group.as_str())
            .into_paginator()
            .items()
            .send();
        while let Some(one) = pages.next().await {
            let one = one.map_err(|error| refused(call, group, error))?;
            found.push(instance(call, &one)?);
        }
        Ok(found)
    }

    /// Those of `instances` (50 at most) that a group has.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `BadAnswer`.
    pub async fn some_instances(
        &self,
        instances: &[InstanceId],
    ) -> Result<Vec<GroupInstance>, Error> {
        let call = "autoscaling:DescribeAutoScalingInstances";
        let ids = instances
            .iter()
            .map(|one| one.as_str().to_owned())
            .collect();
        let answer = self
            .client
            .describe_auto_scaling_instances()
            .set_instance_ids(Some(ids))
            .send()
            .await
            .map_err(|error| Error::from_sdk(call, error))?;
        let seen = answer.auto_scaling_instances().iter();
        seen.map(|one| {
            let template = one.launch_template();
            let configuration = one.launch_configuration_name();
            read(
                call,
                one.instance_id(),
                one.lifecycle_state(),
                template,
                configuration,
            )
        })
        .collect()
    }
}

fn open_or_over<T>(
    call: &'static str,
    group: &GroupName,
    sent: Result<T, SdkError<impl Refusal, HttpResponse>>,
) -> Result<ActionIs, Error> {
    match sent {
        Ok(_) => Ok(ActionIs::Open),
        // Not a modelled error: the code is shared with all other mistakes, so the text has to
        // tell.
        Err(error) if is_validation(&error, "No active Lifecycle Action found") => {
            Ok(ActionIs::Over)
        }
        Err(error) => Err(refused(call, group, error)),
    }
}

fn refused(
    call: &'static str,
    group: &GroupName,
    error: SdkError<impl Refusal, HttpResponse>,
) -> Error {
    if is_validation(&error, "AutoScalingGroup name not found") {
        let group = group.clone();
        return Error::GroupNotFound { call, group };
    }
    Error::from_sdk(call, error)
}

fn is_validation(error: &SdkError<impl Refusal, HttpResponse>, beginning: &str) -> bool {
    error.code() == Some("ValidationError")
        && error
            .message()
            .is_some_and(|text| text.starts_with(beginning))
}

fn instance(call: &'static str, one: &Instance) -> Result<GroupInstance, Error> {
    let state = one.lifecycle_state().map(|state| state.as_str());
    let configuration = one.launch_configuration_name();
    read(
        call,
        one.instance_id(),
        state,
        one.launch_template(),
        configuration,
    )
}

fn read(
    call: &'static str,
    id: Option<&str>,
    state: Option<&str>,
    template: Option<&LaunchTemplateSpecification>,
    configuration: Option<&str>,
) -> Result<GroupInstance, Error> {
    let (Some(id), Some(state)) = (id, state) else {
        return Err(Error::bad_answer(
            call,
            "an instance without id or lifecycle state",
        ));
    };
    let template = template.map(|template| {
        let id = template
            .launch_template_id()
            .or(template.launch_template_name());
        let version = template.version().unwrap_or("without version");
        format!("{}:{version}", id.unwrap_or("a launch template"))
    });
    Ok(GroupInstance {
        instance: InstanceId::new(id),
        state: LifecycleState::from_name(state),
        launched_from: template.or(configuration.map(str::to_owned)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{self, autoscaling};

    #[tokio::test]
    async fn an_action_is_completed_by_its_token() {
        let autoscaling = autoscaling(|asked| {
            assert_eq!(asked.action, "CompleteLifecycleAction");
            for part in [
                "LifecycleActionResult=ABANDON",
                "LifecycleHookName=ecs-rollout-terminate",
                "AutoScalingGroupName=DevCluster",
                "LifecycleActionToken=87654321-4321-4321-4321-210987654321",
            ] {
                assert!(asked.body.contains(part), "{part} in {}", asked.body);
            }
            (200, stub::xml("CompleteLifecycleAction", ""))
        });
        let action = stub::terminating().action;
        let done = autoscaling.complete(&action, ActionResult::Abandon).await;
        assert_eq!(done.expect("an answer"), ActionIs::Open);
    }

    #[tokio::test]
    async fn an_action_without_a_token_is_named_by_its_instance() {
        let autoscaling = autoscaling(|asked| {
            let body = asked.body;
            assert!(body.contains("InstanceId=i-0123456789abcdef0"), "{body}");
            assert!(!body.contains("LifecycleActionToken"), "{body}");
            (200, stub::xml(&asked.action, ""))
        });
        let mut action = stub::terminating().action;
        action.token = None;
        let beat = autoscaling.heartbeat(&action).await;
        assert_eq!(beat.expect("an answer"), ActionIs::Open);
        let done = autoscaling.complete(&action, ActionResult::Continue).await;
        assert_eq!(done.expect("an answer"), ActionIs::Open);
    }

    #[tokio::test]
    async fn an_action_that_is_gone_is_over() {
        let autoscaling = autoscaling(|_| {
            let text =
                "No active Lifecycle Action found with token 87654321-4321-4321-4321-210987654321";
            (400, stub::xml_error("ValidationError", text))
        });
        let action = stub::launching().action;
        let beat = autoscaling.heartbeat(&action).await;
        assert_eq!(beat.expect("an answer"), ActionIs::Over);
        let done = autoscaling.complete(&action, ActionResult::Continue).await;
        assert_eq!(done.expect("an answer"), ActionIs::Over);
    }

    #[tokio::test]
    async fn refusals_have_their_names() {
        for (status, code, message, name) in [
            (400, "Throttling", "Rate exceeded", "Throttled"),
            (403, "AccessDenied", "not authorized", "AccessDenied"),
            (500, "ResourceContention", "busy", "Unavailable"),
            (400, "ValidationError", "1 validation error", "BadAnswer"),
            (
                400,
                "ValidationError",
                "AutoScalingGroup name not found - null",
                "GroupNotFound",
            ),
        ] {
            let autoscaling = autoscaling(move |_| (status, stub::xml_error(code, message)));
            let error = autoscaling.heartbeat(&stub::launching().action).await;
            let error = error.expect_err("a refusal");
            assert_eq!(error.name(), name, "{}", error.chain());
        }
    }

    #[tokio::test]
    async fn the_group_is_read_with_each_instance_s_template() {
        let autoscaling = autoscaling(|asked| {
            assert!(
                asked
                    .body
                    .contains("AutoScalingGroupNames.member.1=DevCluster")
            );
            let instances = "<member><InstanceId>i-1</InstanceId><LifecycleState>Terminating:Wait</LifecycleState>\
                <LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>7</Version></LaunchTemplate></member>";
            let group = format!(
                "<AutoScalingGroups><member><AutoScalingGroupName>DevCluster</AutoScalingGroupName>\
                 <Instances>{instances}</Instances><Tags><member><Key>ecs-rollout:hold</Key><Value>sale - since 2026-11-30T15:28:49Z</Value></member>\
                 </Tags></member></AutoScalingGroups>"
            );
            (200, stub::xml("DescribeAutoScalingGroups", &group))
        });
        let seen = autoscaling.instances(&GroupName::new("DevCluster")).await;
        let expected = GroupInstance {
            instance: InstanceId::new("i-1"),
            state: LifecycleState::TerminatingWait,
            launched_from: Some("lt-1:7".to_owned()),
        };
        let expected = GroupSnapshot {
            arn: None,
            instances: vec![expected],
            has_pool: false,
            pause: Some(Pause::read("sale - since 2026-11-30T15:28:49Z")),
        };
        assert_eq!(seen.expect("an answer"), expected);
    }

    #[tokio::test]
    async fn a_group_that_is_not_described_is_not_there() {
        let autoscaling = autoscaling(|_| {
            let none = "<AutoScalingGroups></AutoScalingGroups>";
            (200, stub::xml("DescribeAutoScalingGroups", none))
        });
        let error = autoscaling.instances(&GroupName::new("DevCluster")).await;
        assert_eq!(error.expect_err("no group").name(), "GroupNotFound");
    }
}
