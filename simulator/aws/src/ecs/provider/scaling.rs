//! Managed scaling, and managed termination protection.
//!
//! Once a minute ECS publishes CapacityProviderReservation: how many instances are needed, in per
//! cent of those that there are. A target tracking policy scales out when that is above the target,
//! and in after fifteen minutes below it. Needed are the instances that run a task which is no
//! daemon's, and for the tasks that wait in PROVISIONING as many as their resources need at least
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html>). The
//! alarms act by Auto Scaling's process AlarmNotification, which a rolling update suspends.
//!
//! assumption: it scales out after one minute, and instances on their way in count as there, so
//! that the same launch is not requested twice. The metric during a scale-out proves it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use super::super::Event;
use super::super::cluster::Cluster;
use super::super::instance::ContainerInstance;
use super::association::asks;
use super::{Provider, Scaling};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::{self, Group, LifecycleState};
use crate::ecs::ECS;
use crate::trace::TraceEvent;

/// From one value of the metric to the next.
const EVERY: Duration = Duration::from_secs(60);
/// How many values below the target it takes to scale in.
const MINUTES_BELOW: u32 = 15;

/// What the metric is made of, and what the group is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    /// Instances that run something.
    used: u32,
    /// Instances that those that wait need.
    more: u32,
    /// Tasks that wait.
    waiting: u32,
    /// Instances that count.
    there: u32,
    /// DesiredCapacity, MinSize and MaxSize.
    desired: u32,
    least: u32,
    most: u32,
    /// How many minutes on end the metric was below its target, this one included.
    below: u32,
    /// Whether an instance is still warming up.
    warming: bool,
}

impl Seen {
    /// CapacityProviderReservation.
    fn metric(&self) -> u32 {
        match (self.used + self.more, self.there) {
            (0, 0) => 100,
            (_, 0) => 200,
            (needed, there) => needed * 100 / there,
        }
    }

    /// The capacity that the group is to have, if it is another than it has.
    fn decide(&self, scaling: &Scaling) -> Option<u32> {
        let fitting = ((self.used + self.more) * 100).div_ceil(scaling.target);
        let metric = self.metric();
        if metric > scaling.target {
            let from = self.there + scaling.least_step;
            let to = self.there + scaling.most_step.max(scaling.least_step);
            let wanted = fitting.clamp(from, to).min(self.most);
            return (wanted > self.desired).then_some(wanted);
        }
        // assumption: nothing is scaled in while an instance warms up. A scale-in within
        // instanceWarmupPeriod of a launch proves it wrong.
        let is_due = metric < scaling.target && self.below >= MINUTES_BELOW && !self.warming;
        let wanted = fitting.max(self.least);
        (is_due && wanted < self.desired).then_some(wanted)
    }
}

/// Managed scaling begins, or goes on with other settings.
pub(super) fn begin(account: &mut Account, name: &str) {
    let Some(provider) = account[ECS].providers.get_mut(name) else {
        return;
    };
    provider.turn += 1;
    if provider.scaling.enabled {
        plan(account, name);
    }
}

fn plan(account: &mut Account, name: &str) {
    let turn = account[ECS].providers[name].turn;
    let provider = name.to_owned();
    account.after(EVERY, Event::Scale { provider, turn });
}

/// The minute is over: ECS protects what is to be protected, publishes the metric, and the alarms
/// look at it.
pub(in crate::ecs) fn look(account: &mut Account, name: &str, turn: u64) {
    let Some(provider) = account[ECS].provider(name) else {
        return;
    };
    let group = account[AUTOSCALING].group(&provider.group);
    if provider.turn != turn || group.is_none() {
        return;
    }
    plan(account, name);
    protect(account, name);
    let Some(seen) = seen(account, name) else {
        return;
    };
    let Some(provider) = account[ECS].providers.get_mut(name) else {
        return;
    };
    provider.below = seen.below;
    let (scaling, group) = (provider.scaling.clone(), provider.group.clone());
    match seen.decide(&scaling) {
        Some(wanted) => scale(account, name, &group, &seen, wanted),
        None => provider.told.clear(),
    }
}

fn scale(account: &mut Account, name: &str, group: &str, seen: &Seen, wanted: u32) {
    let target = account[ECS].providers[name].scaling.target;
    let is_in = wanted < seen.desired;
    let alarm = if is_in { "AlarmLow" } else { "AlarmHigh" };
    let set = autoscaling::set_by_alarm(account, group, alarm, wanted);
    let what = match (set, is_in) {
        (false, _) => "cannot scale",
        (true, true) => "scales in",
        (true, false) => "scales out",
    };
    let why = if set {
        ""
    } else {
        "; AlarmNotification is suspended"
    };
    let detail = format!(
        "from {} to {wanted}: instances with tasks {} of {}, tasks that wait {}, instances for them {}: \
         CapacityProviderReservation {}, target {target}{why}",
        seen.desired,
        seen.used,
        seen.there,
        seen.waiting,
        seen.more,
        seen.metric(),
    );
    let Some(provider) = account[ECS].providers.get_mut(name) else {
        return;
    };
    let again = std::mem::replace(&mut provider.told, what.to_owned()) == what;
    if set {
        provider.below = 0;
    }
    if set || !again {
        account.record(TraceEvent::Scaling {
            subject: name.to_owned(),
            what: what.to_owned(),
            detail,
        });
    }
}

/// Instances with a task that is no daemon's are protected from scale-in, and the others are not
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html>).
fn protect(account: &mut Account, name: &str) {
    let Some((provider, cluster, group)) = parts(account, name) else {
        return;
    };
    if !provider.protects {
        return;
    }
    let busy = busy(cluster);
    let mutation: Vec<(String, bool)> = group
        .instances
        .iter()
        .filter(|one| one.state == LifecycleState::InService)
        .map(|one| {
            (
                one.id.clone(),
                one.protected,
                busy.contains(one.id.as_str()),
            )
        })
        .filter(|(_, is, should)| is != should)
        .map(|(id, _, should)| (id, should))
        .collect();
    let group = group.name.clone();
    for (id, should) in mutation {
        let input = json!({"AutoScalingGroupName": group, "InstanceIds": [id], "ProtectedFromScaleIn": should});
        asks(account, "SetInstanceProtection", &input);
    }
}

fn parts<'a>(account: &'a Account, name: &str) -> Option<(&'a Provider, &'a Cluster, &'a Group)> {
    let provider = account[ECS].provider(name)?;
    let cluster = account[ECS].cluster_with(name)?;
    let group = account[AUTOSCALING].group(&provider.group)?;
    Some((provider, cluster, group))
}

/// The EC2 instances with a task that is no daemon's.
fn busy(cluster: &Cluster) -> BTreeSet<&str> {
    let is_daemon = |service: &Option<String>| {
        let service = service.as_ref().and_then(|name| cluster.services.get(name));
        service.is_some_and(|service| service.daemon)
    };
    let tasks = cluster.tasks.values();
    tasks
        .filter(|task| task.placed() && !task.stopped() && !is_daemon(&task.service))
        .map(|task| task.ec2.as_str())
        .collect()
}

fn seen(account: &Account, name: &str) -> Option<Seen> {
    let (provider, cluster, group) = parts(account, name)?;
    let busy = busy(cluster);
    let counting = group.instances.iter().filter(|one| one.state.counts());
    let warm = Duration::from_secs(provider.scaling.warmup.into());
    let (waiting, more) = needed(cluster, provider);
    let mut seen = Seen {
        used: counting
            .filter(|one| busy.contains(one.id.as_str()))
            .count() as u32,
        more,
        waiting,
        there: group.counted(),
        desired: group.desired,
        least: group.min_size,
        most: group.max_size,
        below: 0,
        warming: group.instances.iter().any(|one| {
            one.state.counts()
                && (one.state != LifecycleState::InService || account.now < one.since + warm)
        }),
    };
    if seen.metric() < provider.scaling.target {
        seen.below = provider.below + 1;
    }
    Some(seen)
}

/// How many tasks wait for the provider, and how many empty instances they need at least.
fn needed(cluster: &Cluster, provider: &Provider) -> (u32, u32) {
    let waiting: Vec<_> = cluster
        .waiting
        .values()
        .filter_map(|one| cluster.tasks.get(&one.id))
        .filter(|task| task.provider.as_deref() == Some(&provider.name))
        .collect();
    let Some(first) = waiting.first() else {
        return (0, 0);
    };
    let of_provider = |one: &&ContainerInstance| one.provider.as_deref() == Some(&provider.name);
    let Some(like) = cluster.instances.values().find(of_provider) else {
        // assumption: of a group whose instances are not known one step is taken, and then another
        // look. The capacity that a provider without instances asks for proves it.
        return (waiting.len() as u32, provider.scaling.least_step);
    };
    let (mut cpu, mut memory, mut ports) = (0, 0, BTreeMap::new());
    for task in &waiting {
        cpu += task.definition.cpu;
        memory += task.definition.memory;
        for port in task.definition.containers.iter().flat_map(|it| &it.ports) {
            if port.host != 0 {
                *ports.entry((&port.protocol, port.host)).or_insert(0) += 1;
            }
        }
    }
    let fits = first.definition.cpu <= like.cpu && first.definition.memory <= like.memory;
    let most = [
        cpu.div_ceil(like.cpu.max(1)),
        memory.div_ceil(like.memory.max(1)),
        ports.values().copied().max().unwrap_or(0),
    ];
    let most = most.into_iter().max().unwrap_or(0);
    // What would not fit on an empty instance needs none.
    let more = if fits { most } else { 0 };
    (
        waiting.len() as u32,
        u32::try_from(more).unwrap_or(u32::MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(used: u32, more: u32, there: u32) -> Seen {
        Seen {
            used,
            more,
            there,
            desired: there,
            least: 2,
            most: 20,
            ..Seen::default()
        }
    }

    #[test]
    fn the_metric_is_what_is_needed_of_what_there_is() {
        for (used, more, there, metric) in [
            (2, 0, 2, 100),
            (2, 1, 2, 150),
            (3, 0, 4, 75),
            (0, 0, 0, 100),
            (0, 3, 0, 200),
        ] {
            assert_eq!(seen(used, more, there).metric(), metric);
        }
    }

    #[test]
    fn it_scales_out_at_once_within_its_steps_and_bounds() {
        let scaling = Scaling::default();
        assert_eq!(seen(2, 1, 2).decide(&scaling), Some(3));
        assert_eq!(seen(4, 9, 4).decide(&scaling), Some(13));
        assert_eq!(seen(4, 90, 4).decide(&scaling), Some(20), "MaxSize");
        assert_eq!(seen(4, 0, 4).decide(&scaling), None);
        let spare = Scaling {
            target: 80,
            ..Scaling::default()
        };
        assert_eq!(
            seen(4, 0, 4).decide(&spare),
            Some(5),
            "one in five is spare"
        );
        assert_eq!(seen(4, 0, 5).decide(&spare), None);
        let steps = Scaling {
            least_step: 2,
            most_step: 3,
            ..Scaling::default()
        };
        assert_eq!(seen(4, 1, 4).decide(&steps), Some(6));
        assert_eq!(seen(4, 9, 4).decide(&steps), Some(7));
        let asked = Seen {
            desired: 3,
            ..seen(2, 1, 2)
        };
        assert_eq!(asked.decide(&scaling), None, "it was asked for before");
    }

    #[test]
    fn it_scales_in_after_a_quarter_of_an_hour_and_not_while_anything_warms_up() {
        let scaling = Scaling::default();
        let idle = |below: u32, warming: bool| Seen {
            below,
            warming,
            ..seen(3, 0, 5)
        };
        assert_eq!(idle(14, false).decide(&scaling), None);
        assert_eq!(idle(15, false).decide(&scaling), Some(3));
        assert_eq!(idle(15, true).decide(&scaling), None);
        let empty = Seen {
            used: 0,
            ..idle(15, false)
        };
        assert_eq!(empty.decide(&scaling), Some(2), "MinSize");
    }
}
