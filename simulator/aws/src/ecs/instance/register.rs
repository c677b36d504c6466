//! How an instance joins its cluster: when its agent registers, as what, and what it may leave
//! behind.

use std::time::Duration;

use super::super::{Event, provider, scheduler};
use super::{Status, changed, machine, set_agent, set_status};
use crate::account::Account;
use crate::ec2;
use crate::ecs::ECS;
use crate::faults::{FAULTS, Fault, LATEST_JOIN, SLOW_REGISTRATION};

/// An instance starts to boot; its agent will register.
pub(in crate::ecs) fn started(account: &mut Account, machine: &ec2::Instance) {
    if account[FAULTS].active.never_joins(&machine.ami) {
        return;
    }
    let id = machine.id.clone();
    account[ECS].booting.insert(id.clone(), machine.clone());
    let (from, to) = account[ECS].timing.registration;
    let mut delay = account.between(from, to);
    if account[FAULTS].active.has(Fault::JoinsLate) {
        delay += Duration::from_secs(account[FAULTS].random.u64(0..LATEST_JOIN.as_secs()));
    }
    account.after(delay, Event::Register { instance: id });
}

/// The cluster that user data names in `ECS_CLUSTER=…`; `default`, as the agent takes it, if it
/// names none.
fn cluster_of(user_data: &str) -> &str {
    let Some((_, rest)) = user_data.rsplit_once("ECS_CLUSTER=") else {
        return "default";
    };
    let rest = rest.trim_start_matches(['"', '\'']);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    &rest[..end.unwrap_or(rest.len())]
}

/// The agent of `ec2` registers, unless the instance has gone, and tries again later if there is no
/// such cluster.
pub(in crate::ecs) fn register(account: &mut Account, ec2: &str) {
    let Some(machine) = account[ECS].booting.get(ec2).cloned() else {
        return;
    };
    if let Some((cluster, id)) = account[ECS].cluster_of(ec2) {
        // An agent that starts again on the same machine takes its old registration up.
        account[ECS].booting.remove(ec2);
        if !account[ECS].timing.restart_keeps_status {
            set_status(account, &cluster, &id, Status::Active);
        }
        set_agent(account, ec2, true);
        return;
    }
    let cluster = cluster_of(&machine.user_data).to_owned();
    if !account[ECS]
        .clusters
        .get(&cluster)
        .is_some_and(|known| known.active)
    {
        let delay = account[ECS].timing.registration_retry;
        account.after(
            delay,
            Event::Register {
                instance: ec2.to_owned(),
            },
        );
        return;
    }
    account[ECS].booting.remove(ec2);
    if account[FAULTS].active.has(Fault::JoinsTwice) {
        leave_behind(account, &machine, &cluster);
    }
    let id = account.hex(32);
    account[ECS].count += 1;
    let mut instance = machine::offer(&machine, &cluster, &id, account[ECS].count, account.now);
    let slowly = account[FAULTS]
        .active
        .hits(Fault::RegistersSlowly, &machine.ami);
    if slowly {
        instance.status = Status::Registering;
        let ec2 = ec2.to_owned();
        account.after(SLOW_REGISTRATION, Event::Registered { instance: ec2 });
    }
    let home = account[ECS].cluster_mut(&cluster);
    home.by_ec2.insert(ec2.to_owned(), id.clone());
    home.instances.insert(id.clone(), instance);
    account[ECS].homes.insert(ec2.to_owned(), cluster.clone());
    provider::adopt(account, &cluster, &id);
    changed(account, &cluster, &id);
    if !slowly {
        scheduler::instance_joined(account, &cluster);
    }
}

/// An agent that registers, loses its data and registers anew leaves a record behind: ACTIVE, its
/// agent not connected.
fn leave_behind(account: &mut Account, machine: &ec2::Instance, cluster: &str) {
    let id = account.hex(32);
    account[ECS].count += 1;
    let mut old = machine::offer(machine, cluster, &id, account[ECS].count, account.now);
    old.agent_connected = false;
    let home = account[ECS].cluster_mut(cluster);
    home.left_behind.insert(machine.id.clone(), id.clone());
    home.instances.insert(id.clone(), old);
    changed(account, cluster, &id);
}

/// An instance that was REGISTERING is ACTIVE, unless it has gone.
pub(in crate::ecs) fn registered(account: &mut Account, ec2: &str) {
    let Some((cluster, id)) = account[ECS].cluster_of(ec2) else {
        return;
    };
    if account[ECS].instance_mut(&cluster, &id).status == Status::Registering {
        set_status(account, &cluster, &id, Status::Active);
        scheduler::instance_joined(account, &cluster);
    }
}
