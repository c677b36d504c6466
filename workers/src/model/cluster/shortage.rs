//! Why a service finds no place for a task: what the container instance that came closest lacks.

/// What the container instance that came closest to taking a task lacks.
///
/// The API has no member for it, only the text of a service event. It is read here, and only here.
/// Documented are most of these texts
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>)
/// and the names of RunTask's failures
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html>),
/// which ECS puts into service events too: `encountered error "RESOURCE:ENI"` (reported in
/// aws/aws-app-mesh-examples issue 342).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// An attribute that the task definition requires (`requiresAttributes`): a capability that its
    /// agent reports, such as task roles or a log driver.
    Capability,
    /// It does not meet a `memberOf` placement constraint.
    MemberOf,
    /// It has a task of the service already, and `distinctInstance` allows one.
    DistinctInstance,
    /// A host port is taken.
    Port,
    /// CPU units.
    Cpu,
    /// Memory.
    Memory,
    /// GPUs.
    Gpu,
    /// A network interface for a task in `awsvpc` mode.
    NetworkInterface,
    /// Its agent is not connected.
    Agent,
    /// The cluster has no container instance.
    NoInstance,
    /// Something that is not known here.
    Other,
}

/// The texts, in lower case. No text holds another one.
const TEXTS: [(&str, Shortage); 17] = [
    (
        "missing an attribute required by your task",
        Shortage::Capability,
    ),
    ("\"attribute\"", Shortage::Capability),
    (
        "memberof placement constraint unsatisfied",
        Shortage::MemberOf,
    ),
    (
        "distinctinstance placement constraint unsatisfied",
        Shortage::DistinctInstance,
    ),
    ("already using a port required by your task", Shortage::Port),
    ("resource:ports", Shortage::Port),
    ("insufficient cpu", Shortage::Cpu),
    ("resource:cpu", Shortage::Cpu),
    ("insufficient memory", Shortage::Memory),
    ("resource:memory", Shortage::Memory),
    ("insufficient gpu", Shortage::Gpu),
    ("resource:gpu", Shortage::Gpu),
    ("insufficient eni", Shortage::NetworkInterface),
    ("resource:eni", Shortage::NetworkInterface),
    ("\"agent\"", Shortage::Agent),
    ("agent is disconnected", Shortage::Agent),
    ("no container instances were found", Shortage::NoInstance),
];

/// Where a service event begins to say why.
const BEGINNINGS: [&str; 2] = ["The closest", "Reason:"];

/// The part of a service event that says why: from the closest instance on, without the advice
/// after it. The service's name stands before that, and may hold any word.
pub fn why(message: &str) -> &str {
    let begins = BEGINNINGS.iter().filter_map(|begin| message.find(begin));
    let text = &message[begins.min().unwrap_or(0)..];
    text.split(" For more information").next().unwrap_or(text)
}

impl Shortage {
    /// Reads the text of a service event.
    pub fn from_event(message: &str) -> Self {
        let why = why(message).to_lowercase();
        let mut texts = TEXTS.iter();
        let known = texts.find(|(text, _)| why.contains(text));
        known.map_or(Self::Other, |(_, shortage)| *shortage)
    }
}

/// The attributes that an expression of the cluster query language asks about, each once
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html>).
/// Their names have letters, digits, and `-_./\` (ECS API Reference, Attribute).
pub fn attributes_in(expression: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for rest in expression.split("attribute:").skip(1) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_./\\".contains(c);
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if end > 0 && !names.contains(&&rest[..end]) {
            names.push(&rest[..end]);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_read_and_the_service_s_name_is_not() {
        use Shortage as S;
        for (closest, shortage) in [
            (
                "is missing an attribute required by your task",
                S::Capability,
            ),
            ("encountered error \"ATTRIBUTE\"", S::Capability),
            (
                "encountered error \"MemberOf placement constraint unsatisfied.\"",
                S::MemberOf,
            ),
            (
                "encountered error \"DistinctInstance placement constraint unsatisfied.\"",
                S::DistinctInstance,
            ),
            ("is already using a port required by your task", S::Port),
            ("encountered error \"RESOURCE:PORTS\"", S::Port),
            ("has insufficient CPU units available", S::Cpu),
            ("has insufficient memory available", S::Memory),
            ("encountered error \"RESOURCE:GPU\"", S::Gpu),
            ("encountered error \"RESOURCE:ENI\"", S::NetworkInterface),
            ("encountered error \"AGENT\"", S::Agent),
            ("is tired", S::Other),
        ] {
            let message = format!(
                "(service memory-portal-attribute-agent) was unable to place a task because no container instance met all of its \
                 requirements. The closest matching (container-instance 0c) {closest}. For more information, see the Memory Guide."
            );
            assert_eq!(Shortage::from_event(&message), shortage, "{closest}");
        }
        let empty = "(service memory) was unable to place a task because no container instance met all of its requirements. \
                     Reason: No Container Instances were found in your cluster.";
        assert_eq!(Shortage::from_event(empty), S::NoInstance);
    }

    #[test]
    fn the_attributes_of_an_expression_are_found() {
        for (expression, names) in [
            ("attribute:stack == prod", vec!["stack"]),
            (
                "attribute:ecs.instance-type =~ t3.* and not(attribute:stack exists) or attribute:stack in [a, b]",
                vec!["ecs.instance-type", "stack"],
            ),
            ("agentConnected == true", vec![]),
            ("attribute:", vec![]),
        ] {
            assert_eq!(attributes_in(expression), names, "{expression}");
        }
    }
}
