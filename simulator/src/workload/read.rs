//! Reads services as `aws ecs describe-services` prints them. One call describes ten services at
//! most, so a cluster of more comes as several files, as several answers one behind the other, or
//! as a list of them (`jq -s`).

use serde_json::{Deserializer, Value, json};

use super::error::{MemberError, WorkloadError};
use super::{DEREGISTRATION_DELAY_SECONDS, LeftOut, Service, WhyLeftOut, Workload};

/// What describe-services shows about where and how tasks run, and a rehearsal does not follow: its
/// tasks are spread over zones and instances, on a bridge network.
const NOT_FOLLOWED: [&str; 2] = ["placementStrategy", "networkConfiguration"];

impl Workload {
    /// Reads what `aws ecs describe-services` wrote into one file. `file` is named in messages.
    ///
    /// # Errors
    /// The file, the place, and what is wrong there.
    pub fn read(file: &str, text: &str) -> Result<Self, WorkloadError> {
        Self::read_all(&[(file.to_owned(), text.to_owned())])
    }

    /// Reads several such files: each one's name, which is shown in messages, and its text.
    ///
    /// # Errors
    /// As [`Workload::read`].
    pub fn read_all(files: &[(String, String)]) -> Result<Self, WorkloadError> {
        let mut workload = Self {
            described: true,
            ..Self::default()
        };
        for (file, text) in files {
            workload.add_file(file, text)?;
        }
        if workload.services.is_empty() {
            return Err(WorkloadError::NoService {
                files: files.iter().map(|(file, _)| file.clone()).collect(),
                left_out: workload.left_out,
            });
        }
        Ok(workload)
    }

    fn add_file(&mut self, file: &str, text: &str) -> Result<(), WorkloadError> {
        let read = Deserializer::from_str(text).into_iter::<Value>();
        let read = read.collect::<Result<Vec<Value>, _>>();
        let pages = read.map_err(|error| WorkloadError::NotJson {
            file: file.to_owned(),
            cause: error.to_string(),
        })?;
        match pages.as_slice() {
            [] => Err(WorkloadError::Empty(file.to_owned())),
            [one] => self.add_page(&format!("{file}: "), one),
            many => {
                let mut places = many.iter().enumerate();
                places.try_for_each(|(at, page)| {
                    self.add_page(&format!("{file}: answer {}: ", at + 1), page)
                })
            }
        }
    }

    /// Adds an answer, a list of answers, or the answer's own list of services. `place` ends in `:
    /// `.
    fn add_page(&mut self, place: &str, page: &Value) -> Result<(), WorkloadError> {
        if let Some(list) = page.as_array() {
            let are_services = list.iter().any(|one| one.get("serviceName").is_some());
            if are_services || list.is_empty() {
                return self.add_services(place, list);
            }
            let mut answers = list.iter().enumerate();
            return answers.try_for_each(|(at, answer)| {
                self.add_answer(&format!("{place}answer {}: ", at + 1), answer)
            });
        }
        self.add_answer(place, page)
    }

    fn add_answer(&mut self, place: &str, answer: &Value) -> Result<(), WorkloadError> {
        let services = answer["services"]
            .as_array()
            .ok_or_else(|| WorkloadError::NoList(place.to_owned()))?;
        if let Some(failure) = answer["failures"]
            .as_array()
            .and_then(|failures| failures.first())
        {
            return Err(WorkloadError::NotDescribed {
                place: place.to_owned(),
                arn: failure["arn"].to_string(),
                reason: failure["reason"].to_string(),
            });
        }
        self.add_services(place, services)
    }

    fn add_services(&mut self, place: &str, services: &[Value]) -> Result<(), WorkloadError> {
        let mut services = services.iter().enumerate();
        services.try_for_each(|(at, service)| self.add(&format!("{place}services[{at}]"), service))
    }

    fn add(&mut self, place: &str, service: &Value) -> Result<(), WorkloadError> {
        let name = service["serviceName"]
            .as_str()
            .filter(|name| !name.is_empty())
            .ok_or_else(|| WorkloadError::NoName(place.to_owned()))?;
        let of_service = |error: MemberError| WorkloadError::Member {
            place: place.to_owned(),
            name: name.to_owned(),
            error: Box::new(error),
        };
        let home = home(service).map_err(of_service)?;
        let left_out = match service["status"].as_str() {
            Some("DRAINING") => Some(WhyLeftOut::Draining),
            Some("INACTIVE") => Some(WhyLeftOut::Inactive),
            _ => home.as_ref().err().cloned(),
        };
        if let Some(why) = left_out {
            self.left_out.push(LeftOut {
                service: name.to_owned(),
                why,
            });
            return Ok(());
        }
        if self.services.iter().any(|known| known.name == name) {
            return Err(WorkloadError::Twice {
                place: place.to_owned(),
                name: name.to_owned(),
            });
        }
        let mut read = described(name, service).map_err(of_service)?;
        read.capacity_provider = home.unwrap_or_default();
        self.note_ignored_members(name, service);
        self.assumed.push(assumption(&read));
        self.services.push(read);
        Ok(())
    }

    fn note_ignored_members(&mut self, name: &str, service: &Value) {
        for member in NOT_FOLLOWED {
            let is_empty = matches!(&service[member], Value::Null)
                || service[member].as_array().is_some_and(Vec::is_empty);
            if !is_empty {
                self.assumed
                    .push(format!("{name}: its {member} is not rehearsed"));
            }
        }
    }
}

/// The service that an answer describes.
fn described(name: &str, service: &Value) -> Result<Service, MemberError> {
    let number = |value: &Value, member: &str, default: u64| match value {
        Value::Null => Ok(default),
        value => value.as_u64().ok_or_else(|| MemberError::NotANumber {
            member: member.to_owned(),
            value: value.clone(),
        }),
    };
    let mut read = match service["schedulingStrategy"].as_str() {
        Some("DAEMON") => Service::daemon(name),
        Some("REPLICA") | None => {
            let desired = &service["desiredCount"];
            if desired.is_null() {
                return Err(MemberError::NoCount);
            }
            Service::replica(name, number(desired, "desiredCount", 0)?)
        }
        Some(other) => {
            return Err(MemberError::UnknownStrategy(other.to_owned()));
        }
    };
    let percents = &service["deploymentConfiguration"];
    let (minimum, maximum) = ("minimumHealthyPercent", "maximumPercent");
    read.minimum_percent = number(&percents[minimum], minimum, read.minimum_percent)?;
    read.maximum_percent = number(&percents[maximum], maximum, read.maximum_percent)?;
    let balancers = service["loadBalancers"].as_array();
    if balancers.is_some_and(|targets| !targets.is_empty()) {
        read.deregistration_seconds = Some(DEREGISTRATION_DELAY_SECONDS);
    }
    if let Some(constraints) = service["placementConstraints"].as_array() {
        read.placement_constraints = json!(constraints);
    }
    Ok(read)
}

/// The capacity provider of a service that may run on EC2 instances, if it has one; or why it runs
/// elsewhere.
type Home = Result<Option<String>, WhyLeftOut>;

/// Where a service runs. A service has a launch type, a capacity provider strategy, or neither
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>).
fn home(service: &Value) -> Result<Home, MemberError> {
    let strategy = service["capacityProviderStrategy"].as_array();
    let strategy = strategy.map(Vec::as_slice).unwrap_or_default();
    let named = |one: &Value| match one["capacityProvider"].as_str() {
        Some(provider) if !provider.is_empty() => Ok(provider.to_owned()),
        _ => Err(MemberError::NoProvider(one.clone())),
    };
    let providers: Vec<String> = strategy.iter().map(named).collect::<Result<_, _>>()?;
    let on_fargate = |provider: &String| provider == "FARGATE" || provider == "FARGATE_SPOT";
    match providers.as_slice() {
        [] => by_launch_type(&service["launchType"]),
        all if all.iter().all(on_fargate) => Ok(Err(WhyLeftOut::Fargate)),
        [one] => Ok(Ok(Some(one.clone()))),
        _ => Err(MemberError::SeveralProviders(providers)),
    }
}

fn by_launch_type(launch_type: &Value) -> Result<Home, MemberError> {
    match launch_type.as_str() {
        Some("EC2") => Ok(Ok(None)),
        Some("FARGATE") => Ok(Err(WhyLeftOut::Fargate)),
        Some("EXTERNAL") => Ok(Err(WhyLeftOut::External)),
        Some("MANAGED_INSTANCES") => Ok(Err(WhyLeftOut::ManagedInstances)),
        Some(other) => Ok(Err(WhyLeftOut::LaunchType(other.to_owned()))),
        None if launch_type.is_null() => Ok(Ok(None)),
        None => Err(MemberError::NotALaunchType(launch_type.clone())),
    }
}

fn assumption(service: &Service) -> String {
    let balanced = match service.deregistration_seconds {
        Some(seconds) => format!(", a deregistration delay of {seconds} s"),
        None => String::new(),
    };
    format!(
        "{}: {} CPU units and {} MiB a task, exit {} s after SIGTERM{balanced} (describe-services does not show these)",
        service.name, service.cpu, service.memory, service.exit_seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(workload: &Workload) -> Vec<String> {
        workload.left_out.iter().map(LeftOut::to_string).collect()
    }

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
        assert_eq!(left_out(&workload), ["far runs on Fargate"]);
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
        let refused = read(several).expect_err("several").to_string();
        assert!(refused.contains("services[1] (web)") && refused.contains("(a, b)"));
        assert!(read(r#"[{"weight": 1}]"#).is_err());
    }

    fn page(names: &[&str]) -> String {
        let services = names
            .iter()
            .map(|name| json!({"serviceName": name, "desiredCount": 1, "launchType": "EC2"}));
        json!({"services": services.collect::<Vec<_>>(), "failures": []}).to_string()
    }

    fn names(workload: &Workload) -> Vec<&str> {
        let services = workload.services.iter();
        services.map(|service| service.name.as_str()).collect()
    }

    #[test]
    fn more_than_ten_services_come_as_several_answers() {
        let (first, second) = (page(&["a", "b"]), page(&["c"]));
        let listed = r#"[{"serviceName": "a", "desiredCount": 1}, {"serviceName": "b", "desiredCount": 1},
            {"serviceName": "c", "desiredCount": 1}]"#;
        for text in [
            format!("{first}\n{second}\n"),
            format!("[{first}, {second}]"),
            listed.to_owned(),
        ] {
            let workload = Workload::read("w.json", &text).expect(&text);
            assert_eq!(names(&workload), ["a", "b", "c"], "{text}");
        }
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let files = [file("1.json", &first), file("2.json", &second)];
        let workload = Workload::read_all(&files).expect("two files");
        assert_eq!(names(&workload), ["a", "b", "c"]);
    }

    #[test]
    fn a_mistake_among_several_answers_is_found_with_file_and_answer() {
        let file = |name: &str, text: String| (name.to_owned(), text);
        let bad = r#"{"services": [{"serviceName": "c", "desiredCount": -1}]}"#;
        let files = [
            file("1.json", page(&["a"])),
            file("2.json", format!("{}{bad}", page(&["b"]))),
        ];
        let refused = Workload::read_all(&files)
            .expect_err("a negative count")
            .to_string();
        assert!(
            refused.starts_with("2.json: answer 2: services[0] (c): desiredCount is -1"),
            "{refused}"
        );
        let twice = [file("1.json", page(&["a"])), file("2.json", page(&["a"]))];
        let refused = Workload::read_all(&twice).expect_err("a twice").to_string();
        assert!(refused.starts_with("2.json: services[0]: the service a is described twice"));
    }

    #[test]
    fn what_does_not_run_on_ec2_instances_is_left_out_and_said() {
        let text = r#"{"services": [
            {"serviceName": "edge", "desiredCount": 40, "launchType": "EXTERNAL"},
            {"serviceName": "own", "desiredCount": 3, "launchType": "MANAGED_INSTANCES"},
            {"serviceName": "far", "desiredCount": 2, "launchType": "FARGATE"},
            {"serviceName": "new", "desiredCount": 2, "launchType": "MOON"},
            {"serviceName": "api", "desiredCount": 2, "launchType": "EC2"}]}"#;
        let workload = Workload::read("w.json", text).expect("one runs on EC2");
        assert_eq!(names(&workload), ["api"]);
        assert_eq!(
            left_out(&workload),
            [
                "edge runs on external instances (launch type EXTERNAL)",
                "own runs on ECS Managed Instances (launch type MANAGED_INSTANCES)",
                "far runs on Fargate",
                "new has the launch type MOON, not EC2",
            ]
        );
        let none = text.replace("\"EC2\"", "\"FARGATE\"");
        let refused = Workload::read("w.json", &none)
            .expect_err("nothing is left")
            .to_string();
        assert!(refused.ends_with("; api runs on Fargate"), "{refused}");
    }

    #[test]
    fn a_deleted_service_is_left_out_as_what_it_is() {
        let text = r#"{"services": [
            {"serviceName": "old", "status": "DRAINING", "desiredCount": 0, "launchType": "EC2"},
            {"serviceName": "far", "status": "INACTIVE", "desiredCount": 0, "launchType": "FARGATE"}]}"#;
        let refused = Workload::read("w.json", text)
            .expect_err("nothing is left")
            .to_string();
        for words in [
            "Left out: old is DRAINING: it was deleted, and ECS stops its tasks; ",
            "far is INACTIVE: it was deleted, and has no tasks",
        ] {
            assert!(refused.contains(words), "{refused}");
        }
        assert!(!refused.contains("elsewhere"), "{refused}");
    }

    #[test]
    fn bad_files_are_refused_with_file_place_and_remedy() {
        let message = |text: &str| Workload::read("w.json", text).expect_err("bad").to_string();
        assert!(message("{").contains("w.json: not JSON"));
        assert!(message("{}").contains("w.json: no list `services`"));
        assert!(message("").contains("w.json: the file is empty"));
        assert!(message("[]").contains("w.json: no service that runs on EC2"));
        assert!(message("{\"services\": []} 7").contains("w.json: answer 2: no list"));
        assert!(message("[{\"services\": []}, 7]").contains("w.json: answer 2: no list"));
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
