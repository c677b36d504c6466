//! What the service has planned for later, and how it does it.

use super::{agent_disconnected, instance, provider, scheduler, task};
use crate::account::{Account, Planned};

/// What the service has planned for later.
#[derive(Debug)]
pub enum Event {
    /// The agent of an EC2 instance registers.
    Register {
        /// Id of the EC2 instance.
        instance: String,
    },
    /// An instance that was REGISTERING becomes ACTIVE.
    Registered {
        /// Id of the EC2 instance.
        instance: String,
    },
    /// The agent of an EC2 instance is connected again.
    AgentReturns {
        /// Id of the EC2 instance.
        instance: String,
    },
    /// The agent of an instance loses its connection, for good.
    AgentGone {
        /// Id of the EC2 instance.
        instance: String,
    },
    /// The scheduler looks at a service.
    Schedule {
        /// Name of the cluster.
        cluster: String,
        /// Name of the service.
        service: String,
    },
    /// A task takes its next step, if it still has the version of when that was planned.
    Task {
        /// Name of the cluster.
        cluster: String,
        /// Id of the task.
        id: String,
        /// The task's version.
        version: u64,
    },
    /// A task counts as healthy.
    Healthy {
        /// Name of the cluster.
        cluster: String,
        /// Id of the task.
        id: String,
        /// The task's version.
        version: u64,
    },
    /// A task's container ends by itself.
    Exit {
        /// Name of the cluster.
        cluster: String,
        /// Id of the task.
        id: String,
        /// The task's version.
        version: u64,
    },
    /// A task's protection ends, if it was not prolonged.
    ProtectionEnds {
        /// Name of the cluster.
        cluster: String,
        /// Id of the task.
        id: String,
    },
    /// Tasks that wait for an instance of their capacity provider are looked at.
    PlaceWaiting {
        /// Name of the cluster.
        cluster: String,
    },
    /// Managed scaling looks at its metric.
    Scale {
        /// Name of the capacity provider.
        provider: String,
        /// Which look it is.
        turn: u64,
    },
    /// Managed draining looks at an instance at its hook.
    ManagedDrain {
        /// Id of the EC2 instance.
        instance: String,
        /// When it lets the instance go in any case.
        until: jiff::Timestamp,
    },
    /// A STOPPED task is described no longer.
    ForgetTask {
        /// Name of the cluster.
        cluster: String,
        /// Id of the task.
        id: String,
    },
    /// An INACTIVE container instance is described no longer.
    ForgetInstance {
        /// Name of the cluster.
        cluster: String,
        /// Id of the container instance.
        id: String,
    },
    /// An agent has read its machine's interruption notice.
    SpotNotice {
        /// Id of the EC2 instance.
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
    match event {
        Event::Register { instance } => instance::register(account, &instance),
        Event::Registered { instance } => instance::registered(account, &instance),
        Event::AgentReturns { instance } => instance::set_agent(account, &instance, true),
        Event::AgentGone { instance } => agent_disconnected(account, &instance),
        Event::Schedule { cluster, service } => scheduler::run(account, &cluster, &service),
        Event::Task {
            cluster,
            id,
            version,
        } => task::step(account, &cluster, &id, version),
        Event::Healthy {
            cluster,
            id,
            version,
        } => task::healthy(account, &cluster, &id, version),
        Event::Exit {
            cluster,
            id,
            version,
        } => task::exit(account, &cluster, &id, version),
        Event::ProtectionEnds { cluster, id } => task::protection_ended(account, &cluster, &id),
        Event::PlaceWaiting { cluster } => provider::place_waiting(account, &cluster),
        Event::Scale { provider, turn } => provider::look_at_scale(account, &provider, turn),
        Event::ManagedDrain { instance, until } => {
            provider::look_at_drain(account, &instance, until);
        }
        Event::ForgetTask { cluster, id } => task::forget(account, &cluster, &id),
        Event::ForgetInstance { cluster, id } => instance::forget(account, &cluster, &id),
        Event::SpotNotice { instance } => instance::spot_drains(account, &instance),
    }
}
