//! Did you ask to end the leaving instance with `ecs-rollout terminate`?
//!
//! Auto Scaling opens the terminate hook again when a retained instance is terminated, with a new
//! token and a new event (recorded: radkawar/stackd
//! testdata/aws/autoscaling/retention_intervention.json, 2026-09). Without this, that event would
//! start a second drain, which would fail as the first did. The verb leaves the time of the request
//! as an attribute of the container instance, and the workers then drain nothing on it.
//!
//! The attribute counts only at a terminate hook, and only while the request is in force. The verb
//! puts it on retained instances alone, and such an instance never returns to service by itself.

use jiff::Timestamp;

use crate::Clients;
use crate::error::Error;
use crate::model::cluster::termination_requested;
use crate::model::{Assessment, Subject, Verdict};
use crate::text::clock;

/// Reached: the instance ends because you asked for it `at` this time.
pub fn on_request(at: Timestamp) -> Assessment {
    let mut finding = Assessment::reached(format!(
        "Not drained: you ran 'ecs-rollout terminate' at {}.",
        clock(at)
    ));
    finding.extra.termination_requested_at = Some(at);
    finding
}

/// The same finding, unless it is `Never` and you asked to end the instance: its drain has not
/// failed then.
///
/// The first look of `draining` sees the request as a rule, because the verb makes it before the
/// hook opens. An answer of ECS may be older than that, so whoever is about to say `Never` looks
/// again.
///
/// # Errors
/// What ECS meets.
pub async fn look_before_failing(
    finding: Assessment,
    subject: &Subject,
    clients: &Clients,
    now: Timestamp,
) -> Result<Assessment, Error> {
    if finding.verdict != Verdict::Never {
        return Ok(finding);
    }
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let registrations = ecs.registrations(cluster, &subject.action.instance).await?;
    match termination_requested(&registrations, now) {
        Some(at) => Ok(on_request(at).under(subject.settings.policy)),
        None => Ok(finding),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::History;
    use crate::model::{Policy, Verdict};
    use crate::{drained, draining, stable, stub};

    /// A cluster in which the instance is DRAINING, its end requested at this second, with a task
    /// that hangs. Nothing is changed.
    fn requested(second: i64) -> Clients {
        Clients::new(&stub::aws(move |asked| {
            let answer = match asked.action.as_str() {
                "DescribeAutoScalingInstances" => return stub::in_state("Terminating:Wait"),
                "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
                "DescribeContainerInstances" => {
                    let mark = json!({"name": "ecs-rollout.terminate", "value": stub::at(second)});
                    json!({"containerInstances": [{"containerInstanceArn": "c", "status": "DRAINING",
                        "agentConnected": true, "attributes": [mark]}]})
                }
                "ListTasks" => json!({"taskArns": ["t"]}),
                "DescribeTasks" => json!({"tasks": [{"taskArn": "t", "lastStatus": "RUNNING",
                    "desiredStatus": "RUNNING", "group": "batch"}]}),
                "DescribeServices" => {
                    json!({"services": [{"serviceName": "web", "status": "ACTIVE", "desiredCount": 2}]})
                }
                "GetTaskProtection" => json!({"protectedTasks": []}),
                "DescribeStacks" => {
                    let stack = "<Stacks><member><StackName>dev</StackName>\
                        <StackStatus>UPDATE_COMPLETE</StackStatus></member></Stacks>";
                    return (200, stub::xml("DescribeStacks", stack));
                }
                "DescribeAutoScalingGroups" => {
                    let name = stub::terminating().action.group;
                    let group = format!(
                        "<AutoScalingGroups><member><AutoScalingGroupName>{name}</AutoScalingGroupName></member></AutoScalingGroups>"
                    );
                    return (200, stub::xml("DescribeAutoScalingGroups", &group));
                }
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }))
    }

    fn begun() -> Value {
        json!({"since": stub::at(1), "unstable": [], "services": ["web"], "containerInstances": ["c"]})
    }

    #[tokio::test]
    async fn an_instance_that_you_ended_is_not_drained() {
        let clients = requested(-5);
        let (subject, mut input) = (stub::terminating(), stub::event("terminate"));
        let now = || stub::at(2);
        let first = draining::handle(&subject, &History::read(&input), &clients, &now)
            .await
            .expect("an answer");
        assert_eq!(
            first.reason,
            "Not drained: you ran 'ecs-rollout terminate' at 23:59:55Z."
        );
        // The others take it from there, and ask nobody.
        let silent = Clients::new(&stub::aws(|asked| panic!("{} was asked", asked.action)));
        input["draining"] = serde_json::to_value(&first.extra).expect("JSON");
        input["draining"]["since"] = json!(stub::at(2));
        let second = drained::handle(&subject, &History::read(&input), &silent, &now)
            .await
            .expect("an answer");
        let third = stable::handle(&subject, &History::read(&input), &silent, &now)
            .await
            .expect("an answer");
        for finding in [first, second, third] {
            assert_eq!(finding.verdict, Verdict::Reached);
            assert_eq!(finding.extra.termination_requested_at, Some(stub::at(-5)));
        }
    }

    #[tokio::test]
    async fn a_request_that_was_seen_late_is_seen_before_the_drain_fails() {
        let clients = requested(2000);
        let (subject, mut input) = (stub::terminating(), stub::event("terminate"));
        input["draining"] = begun();
        let late = || stub::at(3000);
        for finding in [
            drained::handle(&subject, &History::read(&input), &clients, &late).await,
            stable::handle(&subject, &History::read(&input), &clients, &late).await,
        ] {
            let finding = finding.expect("an answer");
            assert_eq!(finding.verdict, Verdict::Reached, "{}", finding.reason);
            assert_eq!(finding.extra.policy, Some(Policy::Retain));
        }
    }

    #[tokio::test]
    async fn a_request_lapses_after_an_hour() {
        let (subject, mut input) = (stub::terminating(), stub::event("terminate"));
        for (second, is_in_force) in [(-3598, true), (-3599, false)] {
            let now = || stub::at(1);
            let finding =
                draining::handle(&subject, &History::read(&input), &requested(second), &now).await;
            let finding = finding.expect("an answer");
            assert_eq!(
                finding.extra.termination_requested_at.is_some(),
                is_in_force
            );
        }
        input["draining"] = begun();
        let now = || stub::at(3000);
        let finding =
            drained::handle(&subject, &History::read(&input), &requested(-600), &now).await;
        assert_eq!(finding.expect("an answer").verdict, Verdict::Never);
    }
}
