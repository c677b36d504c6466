//! An instance that is in no Auto Scaling group, while ECS still shows it in a cluster.

use std::fmt::{self, Display};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::OnCluster;
use super::rest::Line;
use crate::aws::with_access;

/// What is known about it.
#[derive(Debug)]
pub struct Detached {
    /// AWS's time.
    pub now: Timestamp,
    /// The instance.
    pub instance: String,
    /// The cluster.
    pub cluster: String,
    /// How ECS sees it.
    pub on_cluster: OnCluster,
}

impl Detached {
    fn lines(&self) -> Vec<Line> {
        let on = &self.on_cluster;
        let status = match (on.agent_is_gone(), on.draining()) {
            (true, _) => "without a connected agent",
            (false, Some(_)) => "DRAINING",
            (false, None) => "ACTIVE",
        };
        let mut lines = vec![
            (
                "where",
                format!(
                    "in no Auto Scaling group, and still registered in cluster {}, {status}",
                    self.cluster
                ),
            ),
            (
                "problem",
                "It was detached from its group, or was never in one. No rollout replaces it, and no lifecycle hook drains it."
                    .to_owned(),
            ),
            ("now", self.now_runs()),
        ];
        let tasks = on.lines(self.now);
        lines.extend(tasks.into_iter().map(|task| ("task", task)));
        lines.extend(self.advice().into_iter().map(|line| ("do", line)));
        lines
    }

    fn now_runs(&self) -> String {
        let on = &self.on_cluster;
        if on.draining().is_some() || on.agent_is_gone() {
            format!("{} left. ECS places no task on it.", on.counted())
        } else {
            format!("{} left. ECS places more tasks on it.", on.counted())
        }
    }

    /// What works: no group is left whose hooks would do it.
    fn advice(&self) -> Vec<String> {
        let (cluster, id, on) = (&self.cluster, &self.instance, &self.on_cluster);
        let end = with_access(&format!("aws ec2 terminate-instances --instance-ids {id}"));
        if on.agent_is_gone() {
            let deregister = on.registered().into_iter().map(|arn| {
                with_access(&format!(
                    "aws ecs deregister-container-instance --cluster {cluster} --container-instance {arn} --force"
                ))
            });
            let deregister: Vec<String> = deregister.collect();
            return vec![
                format!("If EC2 still shows the instance, terminate it: {end}"),
                format!("Then remove it from the cluster: {}", deregister.join("; ")),
            ];
        }
        let mut lines = Vec::new();
        if on.draining().is_none() {
            lines.push(format!(
                "Drain it: {}",
                with_access(&format!(
                    "aws ecs update-container-instances-state --cluster {cluster} --container-instances {} --status DRAINING",
                    on.registered().join(" ")
                ))
            ));
        }
        lines.push(if on.tasks_left().is_empty() && lines.is_empty() {
            format!("Every task has stopped, so terminate it: {end}")
        } else {
            format!("When its tasks have stopped, terminate it: {end}")
        });
        lines
    }

    /// One object, as of an instance in a group.
    pub fn json(&self) -> Value {
        let lines = self.lines();
        let lines = lines
            .iter()
            .map(|(label, text)| json!({"label": label, "text": text}));
        json!({
            "instance": self.instance,
            "well": false,
            "state": null,
            "group": null,
            "cluster": self.cluster,
            "lines": lines.collect::<Vec<_>>(),
        })
    }
}

impl Display for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::write_lines(f, &self.instance, &self.lines())
    }
}
