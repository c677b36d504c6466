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
