//! What the faults of a scenario add to the workload, and do to it when a rollout begins. It is put
//! on the instance that the rollout replaces first, or on all, so that what follows is seen.

use serde_json::{Value, json};

use super::Runner;
use crate::ecs::ECS;
use crate::ecs::TaskView;
use crate::faults::SLOW_PULL;
use crate::scenario::Fault;
use crate::scenario::StepError;
use crate::workload::{self, Service, Standalone, Workload};

/// How long the task runs that runs for long, and for how long the protected one is protected.
const LONG_MINUTES: u64 = 40;
/// The host port that two services want.
const PORT: u64 = 9000;
/// MiB of the task that finds no room, and of the daemon that takes it: an m7g.large has 7680.
const HEAVY: (u64, u64) = (4500, 4000);

impl Runner {
    fn has(&self, fault: Fault) -> bool {
        self.settings.faults.contains(&fault)
    }

    /// The workload of the scenario, with what its faults add.
    pub(super) fn workload(&self) -> Workload {
        let mut workload = self.settings.workload.clone();
        let standalone = |family: &str, run_seconds| Standalone {
            family: family.to_owned(),
            count: 1,
            run_seconds,
            on_instance: self.oldest(),
        };
        if self.has(Fault::DrainHangs) {
            workload.tasks.push(standalone("never-stops", None));
        }
        if self.has(Fault::LongTask) {
            workload
                .tasks
                .push(standalone("long-job", Some(60 * LONG_MINUTES)));
        }
        let size = self
            .settings
            .parameter("ClusterSize")
            .and_then(|size| size.parse().ok());
        let each = |name: &str| Service::replica(name, size.unwrap_or(1));
        if self.has(Fault::NoRoom) {
            workload.services.push(Service {
                maximum_percent: 100,
                ..each("fixed")
            });
        }
        if self.has(Fault::HostPortTaken) {
            let host_port = Some(PORT);
            workload.services.push(Service {
                host_port,
                ..each("gateway")
            });
            workload.services.push(Service {
                host_port,
                ..self.daemon_of_the_new_ami("edge")
            });
        }
        if self.has(Fault::ConstraintUnmet) {
            let oldest = self.oldest().unwrap_or_default();
            workload.services.push(Service {
                placement_constraints: member_of(&format!("ec2InstanceId == {oldest}")),
                ..Service::replica("pinned", 1)
            });
        }
        if self.has(Fault::NoCapacity) {
            let (memory, taken) = HEAVY;
            workload.services.push(Service {
                memory,
                ..each("heavy")
            });
            workload.services.push(Service {
                memory: taken,
                ..self.daemon_of_the_new_ami("scanner")
            });
        }
        workload
    }

    /// A daemon that runs on no instance of now.
    fn daemon_of_the_new_ami(&self, name: &str) -> Service {
        Service {
            placement_constraints: member_of(&format!("attribute:ecs.ami-id != {}", self.ami)),
            ..Service::daemon(name)
        }
    }

    /// What goes wrong when a rollout begins, but not before: the workload has come to rest without
    /// it.
    pub(super) fn begin_faults(&self) -> Result<(), StepError> {
        if self.has(Fault::SlowPull) {
            self.host
                .with(|account| account[ECS].timing.pending_with_pull = SLOW_PULL);
        }
        let has_cluster = self
            .host
            .with(|account| account[ECS].has_cluster(&self.cluster));
        if self.has(Fault::BrokenDaemon) && !has_cluster {
            self.in_vain(Fault::BrokenDaemon, "there is no cluster yet")?;
        } else if self.has(Fault::BrokenDaemon) {
            let workload = Workload {
                services: vec![Service {
                    memory: TOO_LARGE,
                    ..Service::daemon("broken")
                }],
                ..Workload::default()
            };
            workload::start(&self.host, &self.cluster, &workload)
                .map_err(StepError::BrokenDaemon)?;
        }
        self.protect()
    }

    /// Protects a task, if the scenario says so: not a daemon's, which would go last anyway; on the
    /// instance that is replaced first, if it has one.
    fn protect(&self) -> Result<(), StepError> {
        if !self.has(Fault::ProtectedTask) {
            return Ok(());
        }
        let oldest = self.oldest().unwrap_or_default();
        let tasks = self.host.with(|account| account[ECS].tasks());
        let moves = |task: &&TaskView| task.group.starts_with("service:") && !task.daemon;
        let here = |task: &&TaskView| moves(task) && task.instance == oldest;
        let Some(task) = tasks.iter().find(here).or(tasks.iter().find(moves)) else {
            return self.in_vain(
                Fault::ProtectedTask,
                "no service has a task that could be protected",
            );
        };
        let input = json!({"cluster": self.cluster, "tasks": [task.id], "protectionEnabled": true,
            "expiresInMinutes": LONG_MINUTES});
        self.call("ecs", "UpdateTaskProtection", &input).map(drop)
    }

    /// Deletes the daemons that faults began: the operator has seen what they do.
    pub(super) fn end_faults(&self) -> Result<(), StepError> {
        let services = self.host.with(|account| account[ECS].services());
        for service in services
            .iter()
            .filter(|it| BAD_DAEMONS.contains(&it.name.as_str()))
        {
            let input = json!({"cluster": service.cluster, "service": service.name, "force": true});
            self.call("ecs", "DeleteService", &input)?;
        }
        Ok(())
    }

    /// A fault that finds nothing that it could do is told.
    fn in_vain(&self, fault: Fault, why: &str) -> Result<(), StepError> {
        self.record_operator_action(
            format!("fault {}", fault.name()),
            format!("does nothing: {why}"),
        );
        Ok(())
    }
}

/// The daemons that are in the way of others.
const BAD_DAEMONS: [&str; 3] = ["broken", "edge", "scanner"];

/// MiB of the daemon that no instance can take.
const TOO_LARGE: u64 = 1_000_000;

fn member_of(expression: &str) -> Value {
    json!([{"type": "memberOf", "expression": expression}])
}
