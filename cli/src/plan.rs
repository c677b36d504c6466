//! What a roll would do, and whether it can end: seen first, and then judged. Nothing here changes anything.

pub mod checks;
pub mod estimate;
pub mod seen;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;

use checks::Remark;
use estimate::Expected;
use seen::{Asked, Seen};

/// What a roll would do. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Account, profile and Region.
    pub place: String,
    /// The stack.
    pub stack: String,
    /// Its status.
    pub status: String,
    /// The SSM parameter that names the AMI.
    pub ami_parameter: String,
    /// The AMI of the last update.
    pub old_ami: Option<String>,
    /// The AMI that the roll would bring.
    pub new_ami: Option<String>,
    /// The template's `UpdateMethod`: `RollingUpdate` or `InstanceRefresh`.
    pub update_method: String,
    /// How many instances are replaced at a time; in an instance refresh, how many drain at a time at most.
    pub batch: i64,
    /// In how many batches; at least, in an instance refresh.
    pub batches: i64,
    /// The instances of the group, those that registered first coming first.
    pub instances: Vec<Instance>,
    /// Services whose tasks run on the instances.
    pub services: usize,
    /// Tasks that no service replaces.
    pub standalone_tasks: usize,
    /// What hinders it, the worst first.
    pub remarks: Vec<Remark>,
    /// What is to be expected, if it could be rehearsed.
    pub expected: Option<Expected>,
    /// What was not looked at.
    pub unseen: Vec<String>,
}

/// An instance of the group.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Its lifecycle state.
    pub state: String,
    /// The AMI that its agent registered with, if it is a member of the cluster.
    pub ami: Option<String>,
    /// Whether that is another one than the roll would bring.
    pub outdated: bool,
    /// Its Availability Zone.
    pub zone: String,
    /// When it registered.
    pub since: Option<Timestamp>,
    /// Tasks that run on it.
    pub tasks: i32,
}

impl Plan {
    /// Puts together what was seen, and what is said of it.
    pub fn of(
        seen: &Seen,
        asked: &Asked,
        expected: Result<Expected, String>,
        unseen: Vec<String>,
    ) -> Self {
        let mut remarks = checks::all(seen, asked);
        match &expected {
            Ok(expected) => remarks.extend(expected.remark()),
            Err(why) => remarks.push(estimate::not_rehearsed(why)),
        }
        remarks.sort_by_key(|remark| remark.level);
        let batch = asked.batch(seen);
        let instances = instances(seen, asked);
        let moved = i64::try_from(instances.len()).unwrap_or(i64::MAX);
        Self {
            place: seen.place.clone(),
            stack: seen.stack.name.clone(),
            status: seen.stack.status.clone(),
            ami_parameter: seen.ami_parameter.clone(),
            old_ami: seen.last_ami.clone(),
            new_ami: asked.new_ami(seen).map(str::to_owned),
            update_method: seen.word("UpdateMethod", "RollingUpdate").to_owned(),
            batch,
            batches: (moved + batch - 1) / batch,
            instances,
            services: seen.moving_services().count(),
            standalone_tasks: seen.standalone().count(),
            remarks,
            expected: expected.ok(),
            unseen,
        }
    }

    /// How many instances have another AMI than the roll would bring.
    pub fn outdated(&self) -> usize {
        self.instances.iter().filter(|one| one.outdated).count()
    }
}

/// The instances of the group, as the cluster knows them.
fn instances(seen: &Seen, asked: &Asked) -> Vec<Instance> {
    let new_ami = asked.new_ami(seen);
    let mut instances: Vec<Instance> = seen
        .group
        .members
        .iter()
        .map(|member| {
            let machine = seen.machine(&member.id);
            let ami = machine.and_then(|it| it.attribute("ecs.ami-id"));
            Instance {
                id: member.id.clone(),
                state: member.state.to_string(),
                ami: ami.map(str::to_owned),
                outdated: ami.is_some() && ami != new_ami,
                zone: member.zone.clone(),
                since: machine.and_then(|it| it.since),
                tasks: machine.map_or(0, |it| it.tasks),
            }
        })
        .collect();
    instances.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    instances
}
