//! What a rollout would do, and whether it can end: seen first, and then judged. Nothing here
//! changes anything.

pub mod ami;
pub mod checks;
pub mod estimate;
pub mod observation;
pub mod progress;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;

use checks::{Diagnostic, Level};
use estimate::{EstimateError, Expected};
use observation::{Observation, PlanRequest, is_leaving};
use progress::Progress;

/// What comes of a plan. Members are spelled so in JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The rollout can begin, and ends on the new AMI.
    Ready,
    /// Whether it ends on the new AMI depends on what nobody can know yet.
    Uncertain,
    /// It cannot begin, or cannot end on the new AMI.
    Blocked,
    /// There is nothing to roll, and no instance is on its way out.
    NoChanges,
    /// There is nothing to roll, but the last rollout has not ended: an instance is on its way out,
    /// or retained.
    UnderWay,
}

/// What a rollout would do. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What comes of it.
    pub verdict: Verdict,
    /// Account, profile and Region.
    pub place: String,
    /// The stack.
    pub stack: String,
    /// Its status.
    pub status: String,
    /// How far the operation is that is in progress, if one is: then nothing is forecast.
    pub in_progress: Option<Progress>,
    /// The SSM parameter that names the AMI.
    pub ami_parameter: String,
    /// What that parameter holds now; nothing if there is no such parameter.
    pub held_ami: Option<String>,
    /// The AMI of the last update; of one in progress the AMI that it brings.
    pub old_ami: Option<String>,
    /// The AMI that the rollout would bring; nothing if the parameter holds no AMI id.
    pub new_ami: Option<String>,
    /// The template's `UpdateMethod`: `RollingUpdate` or `InstanceRefresh`.
    pub update_method: String,
    /// How many instances are replaced at a time; in an instance refresh, how many drain at a time
    /// at most.
    pub batch: i64,
    /// In how many batches; at least, in an instance refresh.
    pub batches: i64,
    /// The instances of the group, those that registered first coming first.
    pub instances: Vec<Instance>,
    /// Services whose tasks run on the instances.
    pub services: usize,
    /// Services that are left alone, because their tasks run elsewhere: name, and where.
    pub left_out: Vec<String>,
    /// Tasks that no service replaces, on the instances that the rollout drains.
    pub standalone_tasks: usize,
    /// The same on the instances that are on their way out, or retained.
    pub standalone_tasks_leaving: usize,
    /// What hinders it, the worst first.
    pub remarks: Vec<Diagnostic>,
    /// What is to be expected, if it could be rehearsed.
    pub expected: Option<Expected>,
    /// What was not checked.
    pub not_checked: Vec<String>,
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
    /// Whether that is another one than the rollout would bring.
    pub outdated: bool,
    /// Whether it is on its way out or retained, so that an update does not replace it.
    pub leaving: bool,
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
        seen: &Observation,
        asked: &PlanRequest,
        rehearse: impl FnOnce() -> Result<Expected, EstimateError>,
        unseen: Vec<String>,
    ) -> Self {
        let mut remarks = checks::all(seen, asked);
        let in_progress = Progress::of(seen);
        let is_known = asked.new_ami(seen).is_some();
        let is_forecast =
            is_known && in_progress.is_none() && !changes_nothing(seen, asked, &remarks);
        let rehearsed = is_forecast.then(rehearse);
        match &rehearsed {
            Some(Ok(expected)) => remarks.extend(expected.remark()),
            Some(Err(why)) => remarks.push(estimate::not_rehearsed(why)),
            None => {}
        }
        remarks.sort_by_key(|remark| remark.level);
        let batch = seen.batch(asked);
        let instances = instances(seen, asked);
        // The update sets the size before the first batch, and replaces no instance that is leaving
        // already.
        let staying = i64::try_from(seen.staying().count()).unwrap_or(i64::MAX);
        let moved = staying.min(seen.sizes_in_update().desired);
        let left_out = seen.left_out();
        let left_out = left_out.map(|it| format!("{} ({})", it.service.name, it.compute));
        let draining = seen.draining_services.iter();
        let draining = draining.map(|name| format!("{name} (DRAINING, ECS stops its tasks)"));
        Self {
            verdict: verdict(seen, asked, &remarks),
            place: seen.place.clone(),
            stack: seen.stack.name.clone(),
            status: seen.stack.status.clone(),
            not_checked: match in_progress {
                Some(_) => Vec::new(),
                None => not_checked(seen, asked, unseen),
            },
            in_progress,
            ami_parameter: seen.stack.ami_parameter().to_owned(),
            held_ami: seen.ami.as_ref().map(|held| held.value.clone()),
            old_ami: seen.stack.ami().map(str::to_owned),
            new_ami: asked.new_ami(seen).map(str::to_owned),
            update_method: seen.word("UpdateMethod", "RollingUpdate").to_owned(),
            batch,
            batches: (moved + batch - 1) / batch,
            instances,
            services: seen.moving_services().count(),
            left_out: left_out.chain(draining).collect(),
            standalone_tasks: seen.standalone().count(),
            standalone_tasks_leaving: seen.standalone_leaving(),
            remarks,
            expected: rehearsed.and_then(Result::ok),
        }
    }

    /// How many remarks there are of a level.
    pub fn count(&self, level: Level) -> usize {
        let those = self.remarks.iter();
        those.filter(|remark| remark.level == level).count()
    }

    /// The AMI that `roll` writes into the parameter, if that holds another value.
    pub fn ami_to_write(&self) -> Option<&str> {
        let new = self.new_ami.as_deref();
        new.filter(|new| self.held_ami.as_deref() != Some(*new))
    }

    /// Whether there is anything to roll.
    pub fn has_changes(&self) -> bool {
        !matches!(self.verdict, Verdict::NoChanges | Verdict::UnderWay)
    }

    /// The instances that an update finds in the group.
    pub fn staying(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|one| !one.leaving)
    }

    /// How many of them have another AMI than the rollout would bring.
    pub fn outdated(&self) -> usize {
        self.staying().filter(|one| one.outdated).count()
    }
}

/// Whether there is nothing to roll: the stack is as its last update left it, and that was to this
/// AMI.
fn changes_nothing(seen: &Observation, asked: &PlanRequest, remarks: &[Diagnostic]) -> bool {
    let is_old = asked
        .new_ami(seen)
        .is_some_and(|ami| seen.stack.ami() == Some(ami));
    let is_settled = seen.stack.status.ends_with("_COMPLETE");
    let has_own_batch = asked.batch(seen) == PlanRequest::default().batch(seen);
    let is_mixed = remarks.iter().any(|remark| remark.name == checks::SAME_AMI);
    is_old && is_settled && has_own_batch && !is_mixed
}

/// What comes of it. What would hinder a rollout does not matter where there is none.
fn verdict(seen: &Observation, asked: &PlanRequest, remarks: &[Diagnostic]) -> Verdict {
    if changes_nothing(seen, asked, remarks) {
        return match seen.leaving().next() {
            Some(_) => Verdict::UnderWay,
            None => Verdict::NoChanges,
        };
    }
    match remarks.iter().map(|remark| remark.level).min() {
        Some(Level::Blocker) => Verdict::Blocked,
        Some(Level::Condition) => Verdict::Uncertain,
        Some(Level::Warning) | None => Verdict::Ready,
    }
}

/// What was not checked: nothing here calls EC2.
fn not_checked(seen: &Observation, asked: &PlanRequest, unseen: Vec<String>) -> Vec<String> {
    let ami = asked.new_ami(seen).unwrap_or("the AMI");
    let kind = seen.word("EcsInstanceType", "the instance type");
    let mut all = vec![
        format!(
            "that {ami} exists, that this account may launch it, and that its processor is that of {kind}"
        ),
        format!(
            "free addresses and network interfaces of the subnets, and EC2's quotas and capacity for {kind}"
        ),
    ];
    all.extend(unseen);
    all
}

/// The instances of the group, as the cluster knows them.
fn instances(seen: &Observation, asked: &PlanRequest) -> Vec<Instance> {
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
                leaving: is_leaving(member),
                zone: member.zone.clone(),
                since: machine.and_then(|it| it.since),
                tasks: machine.map_or(0, |it| it.tasks),
            }
        })
        .collect();
    instances.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    instances
}
