//! What the service has planned for later, and how it does it.

use super::{
    LifecycleState, capacity, deletion, health, hold, lifecycle, lifetime, refresh, user_moves,
};
use crate::account::{Account, Planned};
use crate::autoscaling::AUTOSCALING;
use crate::ec2;

/// What the service has planned for later.
#[derive(Debug)]
pub enum Event {
    /// A group is compared with its desired capacity.
    Reconcile(String),
    /// A group may launch one instance in the place of one that left.
    Fill {
        /// Name of the group.
        group: String,
        /// Whether the one that left was unhealthy.
        unhealthy: bool,
    },
    /// An instance on its way comes to its hooks.
    AtHooks {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
        /// Id of the move's activity; if the instance is in another move by then, nothing happens.
        activity: String,
    },
    /// An instance comes into service, or into the warm pool.
    Arrive {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
        /// As in [`Event::AtHooks`].
        activity: String,
    },
    /// An instance has been put aside, detached, attached or returned from standby, as a user
    /// asked.
    SetAside {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
        /// As in [`Event::AtHooks`].
        activity: String,
        /// Where it then is.
        to: LifecycleState,
    },
    /// The time of a lifecycle action may be over.
    ActionDue {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
        /// The action's token.
        token: String,
    },
    /// The time of an instance may be over.
    TooOld {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
    },
    /// An instance refresh looks at its group.
    Refresh {
        /// Name of the group.
        group: String,
        /// Id of the refresh; one that is over is ignored.
        refresh: String,
    },
    /// A group that is deleted by force sends out what is in service.
    Empty(String),
    /// A group that is deleted by force sends out who is left.
    EmptyRest(String),
    /// A group notices that EC2 has terminated an instance.
    Gone {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
    },
    /// The health check looks at an instance.
    HealthCheck {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
    },
}

impl Planned for Event {
    fn happen(self: Box<Self>, account: &mut Account) {
        on_event(account, *self);
    }
}

/// Does what was planned.
fn on_event(account: &mut Account, event: Event) {
    let in_move = |account: &Account, group: &str, id: &str, activity: &str| {
        let group = account[AUTOSCALING].group(group);
        group
            .and_then(|group| group.instance(id))
            .is_some_and(|instance| instance.moving.activity == activity)
    };
    match event {
        Event::Reconcile(group) => capacity::reconcile(account, &group),
        Event::Fill { group, unhealthy } => capacity::launch_one(account, &group, unhealthy),
        Event::AtHooks {
            group,
            instance,
            activity,
        } => {
            if in_move(account, &group, &instance, &activity) {
                // Out of a warm pool, the agent goes to work as soon as the machine runs; otherwise
                // this does nothing.
                if joins(account, &instance) {
                    ec2::release_agent(account, &instance);
                }
                hold::at_hooks(account, &group, &instance);
            }
        }
        Event::Arrive {
            group,
            instance,
            activity,
        } => {
            if in_move(account, &group, &instance, &activity) {
                lifecycle::arrive(account, &group, &instance);
            }
        }
        Event::SetAside {
            group,
            instance,
            activity,
            to,
        } => {
            if in_move(account, &group, &instance, &activity) {
                user_moves::settle(account, &group, &instance, to);
            }
        }
        Event::ActionDue {
            group,
            instance,
            token,
        } => hold::action_due(account, &group, &instance, &token),
        Event::TooOld { group, instance } => lifetime::check(account, &group, &instance),
        Event::Refresh { group, refresh } => refresh::act::look(account, &group, &refresh),
        Event::Empty(group) => deletion::empty(account, &group),
        Event::EmptyRest(group) => deletion::empty_rest(account, &group),
        Event::Gone { group, instance } => lifecycle::remove(account, &group, &instance),
        Event::HealthCheck { group, instance } => health::check(account, &group, &instance),
    }
}

fn joins(account: &Account, id: &str) -> bool {
    let instance = account[AUTOSCALING]
        .group_of(id)
        .and_then(|group| group.instance(id));
    instance.is_some_and(|instance| instance.state == LifecycleState::Pending)
}
