//! What an operator, or the world, does to the cluster in a story.

use serde_json::{Value, json};

use super::{LIMIT, Stage};

impl Stage {
    pub(super) fn put_event(&self, event: &Value) -> Result<(), String> {
        let oldest = self.oldest().unwrap_or_default();
        let event = event
            .to_string()
            .replace("$INSTANCE", &oldest)
            .replace("$GROUP", &self.cluster);
        let event = serde_json::from_str(&event).map_err(|error| format!("the event: {error}"))?;
        self.world
            .with(|account| crate::eventbridge::put_event(account, event));
        Ok(())
    }

    pub(super) fn oldest(&self) -> Option<String> {
        let input = json!({"AutoScalingGroupNames": [self.cluster]});
        let group = self
            .call("autoscaling", "DescribeAutoScalingGroups", &input)
            .ok()?;
        group["AutoScalingGroups"][0]["Instances"][0]["InstanceId"]
            .as_str()
            .map(str::to_owned)
    }

    pub(super) fn deregister(&self) -> Result<(), String> {
        let oldest = self
            .oldest()
            .ok_or("the group has no instance to deregister")?;
        let filter =
            json!({"cluster": self.cluster, "filter": format!("ec2InstanceId == {oldest}")});
        let listed = self.call("ecs", "ListContainerInstances", &filter)?;
        let input = json!({"cluster": self.cluster, "containerInstance": listed["containerInstanceArns"][0], "force": true});
        self.call("ecs", "DeregisterContainerInstance", &input)
            .map(drop)
    }

    pub(super) async fn delete(&self) -> Result<(), String> {
        self.call(
            "cloudformation",
            "DeleteStack",
            &json!({"StackName": self.stack}),
        )?;
        self.settle(LIMIT).await
    }

    pub(super) fn delete_services(&self) -> Result<(), String> {
        for service in &self.settings.workload.services {
            let input = json!({"cluster": self.cluster, "service": service.name, "force": true});
            self.call("ecs", "DeleteService", &input)?;
        }
        Ok(())
    }
}
