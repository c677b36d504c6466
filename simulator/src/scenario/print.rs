//! Writes a scenario as the text from which [`super::parse`] reads it.

use super::files::built_in_parameters;
use super::incident::Incident;
use super::{Action, ModelVariant, Settings};
use crate::workload::{Kind, Service, Standalone};

/// The text of a scenario that uses the files of this build: only what differs from the settings of
/// an empty scenario.
pub fn scenario(settings: &Settings, actions: &[Action]) -> String {
    let mut lines = vec![format!("seed {}", settings.seed)];
    let usual = built_in_parameters();
    for (key, value) in &settings.parameters {
        if !usual.contains(&(key.clone(), value.clone())) {
            lines.push(format!("parameter {key}={value}"));
        }
    }
    lines.extend(settings.workload.services.iter().map(service));
    lines.extend(settings.workload.tasks.iter().map(task));
    lines.extend(settings.variants.iter().map(|it| {
        let name = ModelVariant::ALL.iter().find(|(known, _)| known == it);
        format!("variant {}", name.map_or("", |(_, name)| name))
    }));
    lines.extend(
        settings
            .faults
            .iter()
            .map(|fault| format!("fault {}", fault.name())),
    );
    lines.push(String::new());
    lines.extend(actions.iter().map(step));
    lines.push(String::new());
    lines.join("\n")
}

/// The line of one step.
pub fn step(action: &Action) -> String {
    match action {
        Action::Deploy => "deploy".to_owned(),
        Action::Create => "create".to_owned(),
        Action::StartWorkload => "start-workload".to_owned(),
        Action::Roll => "roll".to_owned(),
        Action::Scale(size) => format!("scale {size}"),
        Action::WarmPool(size) => format!("warm-pool {size}"),
        Action::PutEvent(event) => format!("event {event}"),
        Action::Deregister => "deregister".to_owned(),
        Action::WaitIdle => "settle".to_owned(),
        Action::Advance(seconds) => format!("pass {seconds}"),
        Action::DeleteServices => "delete-services".to_owned(),
        Action::Delete => "delete".to_owned(),
        Action::Call(call) => called(call),
        Action::Refused(call) => format!("refused {}", called(call)),
        Action::Terminate(how) => {
            let stop = if how.stop_tasks { " stop-tasks" } else { "" };
            let steps = how.steps.map(|steps| format!(" steps={steps}"));
            format!("terminate{stop}{}", steps.unwrap_or_default())
        }
        Action::Alarm(name) => format!("alarm {name}"),
        Action::AlarmEnds(name) => format!("alarm-over {name}"),
        Action::FaultStarts(fault) => format!("fault {}", fault.name()),
        Action::FaultEnds(None) => "fault-over".to_owned(),
        Action::FaultEnds(Some(fault)) => format!("fault-over {}", fault.name()),
        Action::Inject(incident) => Incident::to_string(incident),
        Action::Try(action) => format!("try {}", step(action)),
        Action::StartFaults => "start-faults".to_owned(),
        Action::StartRollout => "start-rollout".to_owned(),
        Action::Heal => "heal".to_owned(),
        Action::In(seconds, action) => format!("in {seconds} {}", step(action)),
    }
}

fn called(call: &super::Call) -> String {
    format!("call {} {} {}", call.service, call.action, call.input)
}

fn service(service: &Service) -> String {
    let Some(desired) = service.desired else {
        return format!("daemon {}{}", service.name, constraints(service));
    };
    let Service {
        name,
        minimum_percent,
        maximum_percent,
        cpu,
        memory,
        stop_timeout_seconds,
        exit_seconds,
        ..
    } = service;
    let mut line = format!(
        "service {name} desired={desired} minimum={minimum_percent} maximum={maximum_percent} cpu={cpu} memory={memory} \
         stop-timeout={stop_timeout_seconds} exit={exit_seconds}"
    );
    for (key, value) in [
        ("deregistration", service.deregistration_seconds),
        ("host-port", service.host_port),
    ] {
        if let Some(value) = value {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    if let Some(provider) = &service.capacity_provider {
        line.push_str(&format!(" provider={provider}"));
    }
    line.push_str(match service.kind {
        Kind::Ecs => "",
        Kind::CodeDeploy => " code-deploy=1",
        Kind::Fargate => " fargate=1",
    });
    line.push_str(&constraints(service));
    line
}

fn constraints(service: &Service) -> String {
    let all = service.placement_constraints.as_array();
    let each = all.into_iter().flatten().map(|constraint| {
        let expression = constraint["expression"].as_str().unwrap_or_default();
        let zone = (1..=3).find(|zone| expression.ends_with(&crate::autoscaling::zone(zone - 1)));
        zone.map_or_else(|| " distinct=1".to_owned(), |zone| format!(" zone={zone}"))
    });
    each.collect()
}

fn task(task: &Standalone) -> String {
    let Standalone { family, count, .. } = task;
    let run = task.run_seconds.map(|run| format!(" run={run}"));
    format!("task {family} count={count}{}", run.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let text = "seed 7\nparameter ClusterSize=3\nparameter ClusterMaxSize=6\n\
            service web desired=2 minimum=50 maximum=150 cpu=128 memory=256 stop-timeout=30 exit=3 deregistration=300 host-port=80 distinct=1\n\
            service one desired=1 minimum=0 maximum=100 cpu=128 memory=256 stop-timeout=30 exit=3 provider=cp-Dev zone=2\n\
            service blue desired=1 minimum=100 maximum=200 cpu=64 memory=64 stop-timeout=30 exit=3 deregistration=5 code-deploy=1\n\
            service away desired=3 minimum=100 maximum=200 cpu=256 memory=512 stop-timeout=30 exit=3 fargate=1\n\
            daemon logs\ntask job count=2 run=60\nvariant early-signal-lost\nfault throttle\n\n\
            deploy\nstart-faults\nin 60 try scale 4\nin 90 agent-away 1 60\nin 95 workers-updated\n\
            in 99 try call cloudformation CancelUpdateStack {\"StackName\":\"$STACK\"}\nstart-rollout\npass 900\nterminate steps=2\nterminate stop-tasks\nheal\n";
        let read = parse::read("a.scenario", text).expect("a good scenario");
        assert_eq!(scenario(&read.settings, &read.actions), text);
    }
}
