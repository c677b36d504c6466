//! What `ecs-rollout terminate` asks of Auto Scaling. No worker makes these calls.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{ActionIs, ActionResult, AutoScaling, is_validation, open_or_over};
use crate::error::Error;
use crate::model::{GroupName, HookName, InstanceId};

impl AutoScaling {
    /// Terminates an instance. Its group's desired capacity stays: AWS refuses the decrement for a
    /// retained instance, which does not count (recorded: radkawar/stackd
    /// testdata/aws/autoscaling/retention_decrement_native.json, 2026-09). Finding it on its way
    /// out, or gone, is not an error.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn terminate(&self, instance: &InstanceId) -> Result<(), Error> {
        let sent = self
            .client
            .terminate_instance_in_auto_scaling_group()
            .instance_id(instance.as_str())
            .should_decrement_desired_capacity(false)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ScalingActivityInProgress") => Ok(()),
            Err(error) if is_validation(&error, "Instance Id not found") => Ok(()),
            Err(error) => {
                let call = "autoscaling:TerminateInstanceInAutoScalingGroup";
                Err(Error::from_sdk(call, error))
            }
        }
    }

    /// Answers an instance's open action at `hook` with CONTINUE, whatever its token. Finding it
    /// answered already is not an error.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn proceed(
        &self,
        group: &GroupName,
        hook: &HookName,
        instance: &InstanceId,
    ) -> Result<ActionIs, Error> {
        let sent = self
            .client
            .complete_lifecycle_action()
            .auto_scaling_group_name(group.as_str())
            .lifecycle_hook_name(hook.as_str())
            .instance_id(instance.as_str())
            .lifecycle_action_result(ActionResult::Continue.name())
            .send()
            .await;
        open_or_over("autoscaling:CompleteLifecycleAction", group, sent)
    }
}

#[cfg(test)]
mod tests {
    use crate::autoscaling::ActionIs;
    use crate::model::{GroupName, HookName, InstanceId};
    use crate::stub::{self, autoscaling};

    #[tokio::test]
    async fn an_instance_on_its_way_out_or_gone_needs_no_more() {
        let id = InstanceId::new("i-0123456789abcdef0");
        for (status, code, text, is_well) in [
            (200, "", "", true),
            (400, "ScalingActivityInProgress", "busy", true),
            (
                400,
                "ValidationError",
                "Instance Id not found - No managed instance",
                true,
            ),
            (400, "ValidationError", "1 validation error detected", false),
            (400, "Odd", "Instance Id not found", false),
        ] {
            let client = autoscaling(move |asked| {
                assert_eq!(asked.action, "TerminateInstanceInAutoScalingGroup");
                for part in [
                    "InstanceId=i-0123456789abcdef0",
                    "ShouldDecrementDesiredCapacity=false",
                ] {
                    assert!(asked.body.contains(part), "{part} in {}", asked.body);
                }
                match status {
                    200 => (200, stub::xml(&asked.action, "")),
                    _ => (status, stub::xml_error(code, text)),
                }
            });
            let done = client.terminate(&id).await;
            assert_eq!(done.is_ok(), is_well, "{code}, {text}: {done:?}");
        }
    }

    #[tokio::test]
    async fn its_hook_is_answered_by_its_id() {
        let client = autoscaling(|asked| {
            for part in [
                "Action=CompleteLifecycleAction",
                "InstanceId=i-0123456789abcdef0",
                "LifecycleActionResult=CONTINUE",
                "LifecycleHookName=h",
                "AutoScalingGroupName=G",
            ] {
                assert!(asked.body.contains(part), "{part} in {}", asked.body);
            }
            (200, stub::xml(&asked.action, ""))
        });
        let (group, hook) = (GroupName::new("G"), HookName::new("h"));
        let done = client
            .proceed(&group, &hook, &InstanceId::new("i-0123456789abcdef0"))
            .await;
        assert_eq!(done.expect("an answer"), ActionIs::Open);
    }
}
