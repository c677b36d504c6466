//! What runs on the cluster: services and standalone tasks, the built-in ones or those of a file that
//! `aws ecs describe-services` wrote.

mod start;

pub use start::{check, start};

use serde_json::{Value, json};

/// Deregistration delay of a target group that nobody has set (documented default).
const DEREGISTRATION_DELAY_SECONDS: u64 = 300;
/// What describe-services tells about where and how tasks run, and a rehearsal does not follow: its tasks are spread over
/// zones and instances, on a bridge network.
const LEFT_OUT: [&str; 2] = ["placementStrategy", "networkConfiguration"];
/// How long a built-in container takes to exit after SIGTERM. Assumed.
const EXIT_SECONDS: u64 = 3;

/// What runs on the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// Services.
    pub services: Vec<Service>,
    /// Tasks started with RunTask.
    pub tasks: Vec<Standalone>,
    /// What was taken for granted about services read from a file, for people to see.
    pub assumed: Vec<String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// serviceName.
    pub name: String,
    /// desiredCount; `None` for schedulingStrategy DAEMON.
    pub desired: Option<u64>,
    /// minimumHealthyPercent.
    pub minimum_percent: u64,
    /// maximumPercent.
    pub maximum_percent: u64,
    /// CPU units of a task.
    pub cpu: u64,
    /// MiB of a task.
    pub memory: u64,
    /// Seconds of its target group's deregistration delay; `None` if it has no load balancer.
    pub deregistration_seconds: Option<u64>,
    /// A fixed host port, if it has one.
    pub host_port: Option<u64>,
    /// stopTimeout of its container.
    pub stop_timeout_seconds: u64,
    /// How long its container takes to exit after SIGTERM.
    pub exit_seconds: u64,
    /// placementConstraints, as the API spells them.
    pub placement_constraints: Value,
    /// The capacity provider of its strategy; `None` for the cluster's default one, or the launch type EC2 if it has none.
    pub capacity_provider: Option<String>,
}

/// A task started with RunTask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standalone {
    /// Family of its task definition.
    pub family: String,
    /// How many.
    pub count: u64,
    /// Seconds until it ends by itself; `None` for never.
    pub run_seconds: Option<u64>,
    /// Id of the EC2 instance on which it must run, if it must.
    pub on_instance: Option<String>,
}

impl Service {
    /// A service of `desired` tasks with ECS's defaults and a small task.
    pub fn replica(name: &str, desired: u64) -> Self {
        Self {
            name: name.to_owned(),
            desired: Some(desired),
            minimum_percent: 100,
            maximum_percent: 200,
            cpu: 256,
            memory: 512,
            deregistration_seconds: None,
            host_port: None,
            stop_timeout_seconds: 30,
            exit_seconds: EXIT_SECONDS,
            placement_constraints: json!([]),
            capacity_provider: None,
        }
    }

    /// A DAEMON service.
    pub fn daemon(name: &str) -> Self {
        Self {
            desired: None,
            minimum_percent: 0,
            maximum_percent: 100,
            cpu: 64,
            memory: 128,
            ..Self::replica(name, 0)
        }
    }
}

impl Workload {
    /// The built-in workload of a cluster of `instances`: two services behind load balancers, one without, a daemon,
    /// and a standalone task that ends by itself.
    pub fn built_in(instances: u64) -> Self {
        let web = Service {
            deregistration_seconds: Some(DEREGISTRATION_DELAY_SECONDS),
            ..Service::replica("web", instances)
        };
        let api = Service {
            deregistration_seconds: Some(30),
            minimum_percent: 50,
            ..Service::replica("api", instances.div_ceil(2))
        };
        let queue = Service {
            exit_seconds: 20,
            ..Service::replica("queue", instances)
        };
        Self {
            services: vec![web, api, queue, Service::daemon("logs")],
            tasks: vec![Standalone {
                family: "report".to_owned(),
                count: 1,
                run_seconds: Some(600),
                on_instance: None,
            }],
            assumed: Vec::new(),
        }
    }

    /// Reads what `aws ecs describe-services` wrote. `file` is named in messages.
    ///
    /// # Errors
    /// A sentence that names the file, the place and the way out.
    pub fn read(file: &str, text: &str) -> Result<Self, String> {
        let remedy =
            "it should hold what `aws ecs describe-services --cluster NAME --services …` prints";
        let answer: Value = serde_json::from_str(text)
            .map_err(|error| format!("{file}: not JSON: {error}; {remedy}"))?;
        let services = answer["services"]
            .as_array()
            .ok_or_else(|| format!("{file}: no list `services`; {remedy}"))?;
        if let Some(failure) = answer["failures"]
            .as_array()
            .and_then(|failures| failures.first())
        {
            return Err(format!(
                "{file}: failures[0]: ECS did not describe {} ({}); ask for services that exist",
                failure["arn"], failure["reason"]
            ));
        }
        let mut workload = Self::default();
        for (at, service) in services.iter().enumerate() {
            let place = format!("{file}: services[{at}]");
            workload.add(&place, service)?;
        }
        if workload.services.is_empty() {
            return Err(format!(
                "{file}: no service that runs on EC2 instances; {remedy}"
            ));
        }
        Ok(workload)
    }

    fn say_what_is_left_out(&mut self, name: &str, service: &Value) {
        for member in LEFT_OUT {
            let says_nothing = matches!(&service[member], Value::Null)
                || service[member].as_array().is_some_and(Vec::is_empty);
            if !says_nothing {
                self.assumed
                    .push(format!("{name}: its {member} is not rehearsed"));
            }
        }
    }

    fn add(&mut self, place: &str, service: &Value) -> Result<(), String> {
        let name = service["serviceName"]
            .as_str()
            .filter(|name| !name.is_empty())
            .ok_or_else(|| format!("{place}: serviceName is missing or no text"))?;
        let (provider, is_fargate) = capacity(place, name, service)?;
        let why = match service["status"].as_str() {
            Some("INACTIVE" | "DRAINING") => format!("is {}", service["status"]),
            _ if is_fargate => "runs on Fargate".to_owned(),
            _ => String::new(),
        };
        if !why.is_empty() {
            self.assumed.push(format!("{name} {why}: left out"));
            return Ok(());
        }
        let number = |value: &Value, member: &str, default: u64| match value {
            Value::Null => Ok(default),
            value => value.as_u64().ok_or_else(|| {
                format!("{place} ({name}): {member} is {value}, not a whole number of 0 or more")
            }),
        };
        let mut read = match service["schedulingStrategy"].as_str() {
            Some("DAEMON") => Service::daemon(name),
            Some("REPLICA") | None => {
                let desired = &service["desiredCount"];
                if desired.is_null() {
                    return Err(format!("{place} ({name}): desiredCount is missing"));
                }
                Service::replica(name, number(desired, "desiredCount", 0)?)
            }
            Some(other) => {
                return Err(format!(
                    "{place} ({name}): schedulingStrategy {other} is neither REPLICA nor DAEMON"
                ));
            }
        };
        let percents = &service["deploymentConfiguration"];
        read.minimum_percent = number(
            &percents["minimumHealthyPercent"],
            "minimumHealthyPercent",
            read.minimum_percent,
        )?;
        read.maximum_percent = number(
            &percents["maximumPercent"],
            "maximumPercent",
            read.maximum_percent,
        )?;
        if service["loadBalancers"]
            .as_array()
            .is_some_and(|targets| !targets.is_empty())
        {
            read.deregistration_seconds = Some(DEREGISTRATION_DELAY_SECONDS);
        }
        self.say_what_is_left_out(name, service);
        if let Some(constraints) = service["placementConstraints"].as_array() {
            read.placement_constraints = json!(constraints);
        }
        read.capacity_provider = provider;
        self.assumed.push(assumption(&read));
        self.services.push(read);
        Ok(())
    }
}

/// The capacity provider of its strategy, if it has one; and whether it runs on Fargate.
fn capacity(place: &str, name: &str, service: &Value) -> Result<(Option<String>, bool), String> {
    let strategy = service["capacityProviderStrategy"].as_array();
    let strategy = strategy.map(Vec::as_slice).unwrap_or_default();
    let named = |one: &Value| match one["capacityProvider"].as_str() {
        Some(provider) if !provider.is_empty() => Ok(provider.to_owned()),
        _ => Err(format!(
            "{place} ({name}): capacityProviderStrategy names no capacityProvider: {one}"
        )),
    };
    let providers: Vec<String> = strategy.iter().map(named).collect::<Result<_, _>>()?;
    let on_fargate = |provider: &String| provider == "FARGATE" || provider == "FARGATE_SPOT";
    match providers.as_slice() {
        [] => Ok((None, service["launchType"] == "FARGATE")),
        all if all.iter().all(on_fargate) => Ok((None, true)),
        [one] => Ok((Some(one.clone()), false)),
        _ => Err(format!(
            "{place} ({name}): its capacityProviderStrategy has several providers ({}), and only one can be rehearsed; leave \
             one in the file",
            providers.join(", ")
        )),
    }
}

fn assumption(service: &Service) -> String {
    let balanced = match service.deregistration_seconds {
        Some(seconds) => format!(", a deregistration delay of {seconds} s"),
        None => String::new(),
    };
    format!(
        "{}: {} CPU units and {} MiB a task, exit {} s after SIGTERM{balanced} (describe-services does not tell)",
        service.name, service.cpu, service.memory, service.exit_seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_describe_services_prints() {
        let text = r#"{"services": [
            {"serviceName": "web", "status": "ACTIVE", "desiredCount": 3, "schedulingStrategy": "REPLICA", "launchType": "EC2",
             "loadBalancers": [{"targetGroupArn": "arn:x", "containerName": "web", "containerPort": 80}],
             "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 150}},
            {"serviceName": "far", "status": "ACTIVE", "desiredCount": 1, "launchType": "FARGATE"},
            {"serviceName": "logs", "status": "ACTIVE", "schedulingStrategy": "DAEMON"}], "failures": []}"#;
        let workload = Workload::read("w.json", text).expect("a good file");
        assert_eq!(workload.services.len(), 2);
        let web = &workload.services[0];
        assert_eq!(
            (web.desired, web.minimum_percent, web.maximum_percent),
            (Some(3), 50, 150)
        );
        assert_eq!(web.deregistration_seconds, Some(300));
        assert_eq!(workload.services[1].desired, None);
        assert!(
            workload
                .assumed
                .iter()
                .any(|line| line.contains("far runs on Fargate"))
        );
    }

    #[test]
    fn what_a_rehearsal_does_not_follow_is_said() {
        let text = r#"{"services": [{"serviceName": "web", "desiredCount": 1, "networkConfiguration": {},
            "placementStrategy": [{"type": "binpack", "field": "memory"}]}]}"#;
        let assumed = Workload::read("w.json", text)
            .expect("a good file")
            .assumed
            .join("\n");
        assert!(
            assumed.contains("web: its placementStrategy is not rehearsed"),
            "{assumed}"
        );
        assert!(
            assumed.contains("web: its networkConfiguration is not rehearsed"),
            "{assumed}"
        );
    }

    #[test]
    fn a_capacity_provider_is_taken_over_unless_it_is_fargate_or_one_of_several() {
        let read = |strategy: &str| {
            let text = format!(
                r#"{{"services": [{{"serviceName": "logs", "desiredCount": 1}},
                {{"serviceName": "web", "desiredCount": 1, "capacityProviderStrategy": {strategy}}}]}}"#
            );
            Workload::read("w.json", &text)
        };
        let one = r#"[{"capacityProvider": "cp-prod", "weight": 1, "base": 0}]"#;
        let services = read(one).expect("a good file").services;
        assert_eq!(services[1].capacity_provider.as_deref(), Some("cp-prod"));
        assert_eq!(read("[]").expect("a good file").services.len(), 2);
        let fargate = read(r#"[{"capacityProvider": "FARGATE_SPOT"}]"#).expect("a good file");
        assert_eq!(fargate.services.len(), 1);
        let several = r#"[{"capacityProvider": "a"}, {"capacityProvider": "b"}]"#;
        let refused = read(several).expect_err("several");
        assert!(refused.contains("services[1] (web)") && refused.contains("(a, b)"));
        assert!(read(r#"[{"weight": 1}]"#).is_err());
    }

    #[test]
    fn bad_files_are_refused_with_file_place_and_remedy() {
        let message = |text: &str| Workload::read("w.json", text).expect_err("bad");
        assert!(message("{").contains("w.json: not JSON"));
        assert!(message("[]").contains("no list `services`"));
        assert!(message(r#"{"services": [{}]}"#).contains("services[0]: serviceName"));
        assert!(
            message(r#"{"services": [{"serviceName": "a", "desiredCount": -1}]}"#)
                .contains("desiredCount is -1")
        );
        assert!(
            message(r#"{"services": [], "failures": [{"arn": "x", "reason": "MISSING"}]}"#)
                .contains("MISSING")
        );
        assert!(message(r#"{"services": []}"#).contains("describe-services"));
    }
}
