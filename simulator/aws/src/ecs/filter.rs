//! The cluster query language: which container instances does an expression mean?
//!
//! Subjects `agentConnected`, `agentVersion`, `attribute:NAME`, `ec2InstanceId`, `registeredAt`,
//! `runningTasksCount`, `task:group`; operators by sign or by name (`==`, `equals`); `and`, `or`,
//! `not`, parentheses. An instance that lacks an attribute matches no comparison with it, `!=`
//! included, as users report of the real one.

mod error;
mod parse;

pub use error::FilterError;

use std::collections::BTreeSet;

use jiff::Timestamp;
use regex_lite::Regex;

/// What an expression can ask of an instance.
pub(super) trait Asked {
    /// The values of `subject`: none if there is no such thing, several only for `task:group`.
    fn values(&self, subject: &Subject) -> Vec<String>;
}

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Test(Subject, Test),
}

/// What a test is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    AgentConnected,
    AgentVersion,
    Attribute(String),
    Ec2InstanceId,
    RegisteredAt,
    RunningTasksCount,
    TaskGroup,
}

/// What is asked about a subject.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Exists(bool),
    Compare(Comparison, Literal),
    In { wanted: bool, list: Vec<String> },
    Matches { wanted: bool, pattern: Regex },
}

/// An order or equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// The right side of a comparison. An instant is what `registeredAt` is compared with.
#[derive(Debug, Clone)]
pub(super) enum Literal {
    Text(String),
    Instant(Timestamp),
}

impl Expression {
    /// Reads `text`.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(super) fn parse(text: &str) -> Result<Self, FilterError> {
        parse::expression(text)
    }

    /// The EC2 instance that is asked for, if that is all that is asked: the question of every
    /// instance's own poll, which need not look at all the others.
    pub(super) fn just_instance(&self) -> Option<&str> {
        match self {
            Self::Test(
                Subject::Ec2InstanceId,
                Test::Compare(Comparison::Equal, Literal::Text(id)),
            ) => Some(id),
            _ => None,
        }
    }

    /// Whether it asks for something that changes when tasks come and go.
    pub(super) fn asks_of_tasks(&self) -> bool {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.asks_of_tasks() || right.asks_of_tasks()
            }
            Self::Not(inner) => inner.asks_of_tasks(),
            Self::Test(subject, _) => {
                matches!(subject, Subject::TaskGroup | Subject::RunningTasksCount)
            }
        }
    }

    /// The attributes that it asks for, each once.
    pub(super) fn attributes(&self) -> BTreeSet<&str> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => left
                .attributes()
                .union(&right.attributes())
                .copied()
                .collect(),
            Self::Not(inner) => inner.attributes(),
            Self::Test(Subject::Attribute(name), _) => BTreeSet::from([name.as_str()]),
            Self::Test(..) => BTreeSet::new(),
        }
    }

    /// Whether `instance` is meant.
    pub(super) fn holds(&self, instance: &impl Asked) -> bool {
        match self {
            Self::And(left, right) => left.holds(instance) && right.holds(instance),
            Self::Or(left, right) => left.holds(instance) || right.holds(instance),
            Self::Not(inner) => !inner.holds(instance),
            Self::Test(subject, test) => test.holds(subject, &instance.values(subject)),
        }
    }
}

impl Test {
    fn holds(&self, subject: &Subject, values: &[String]) -> bool {
        // A group that has no task on the instance is a fact about it; an attribute that is not
        // there is none.
        let denied = |equal: &dyn Fn(&String) -> bool| {
            (!values.is_empty() || *subject == Subject::TaskGroup) && !values.iter().any(equal)
        };
        match self {
            Self::Exists(wanted) => values.is_empty() != *wanted,
            Self::Compare(Comparison::NotEqual, literal) => {
                denied(&|value| Comparison::Equal.holds(value, literal))
            }
            Self::Compare(comparison, literal) => {
                values.iter().any(|value| comparison.holds(value, literal))
            }
            Self::In { wanted: true, list } => values.iter().any(|value| list.contains(value)),
            Self::In {
                wanted: false,
                list,
            } => denied(&|value| list.contains(value)),
            Self::Matches {
                wanted: true,
                pattern,
            } => values.iter().any(|value| pattern.is_match(value)),
            Self::Matches {
                wanted: false,
                pattern,
            } => denied(&|value| pattern.is_match(value)),
        }
    }
}

impl Comparison {
    fn holds(self, value: &str, literal: &Literal) -> bool {
        let order = match literal {
            Literal::Instant(instant) => match value.parse::<Timestamp>() {
                Ok(value) => value.cmp(instant),
                Err(_) => return false,
            },
            Literal::Text(text) => match (numbers(value), numbers(text)) {
                (Some(value), Some(text)) => value.cmp(&text),
                _ => value.cmp(text.as_str()),
            },
        };
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
        }
    }
}

/// The numbers of `1.89.3` or `12`, so that versions and counts compare as a person counts.
fn numbers(text: &str) -> Option<Vec<u64>> {
    text.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine;

    impl Asked for Machine {
        fn values(&self, subject: &Subject) -> Vec<String> {
            let values: &[&str] = match subject {
                Subject::AgentConnected => &["true"],
                Subject::AgentVersion => &["1.89.3"],
                Subject::Attribute(name) if name == "ecs.ami-id" => &["ami-0abc"],
                Subject::Attribute(name) if name == "ecs.instance-type" => &["m7g.large"],
                Subject::Attribute(_) => &[],
                Subject::Ec2InstanceId => &["i-1"],
                Subject::RegisteredAt => &["2026-11-23T08:00:00Z"],
                Subject::RunningTasksCount => &["12"],
                Subject::TaskGroup => &["service:web", "family:batch"],
            };
            values.iter().map(|value| (*value).to_owned()).collect()
        }
    }

    #[test]
    fn what_an_instance_matches() {
        let table = [
            ("ec2InstanceId == i-1", true),
            ("ec2InstanceId equals 'i-2'", false),
            ("ec2InstanceId in ['i-0', i-1]", true),
            ("ec2InstanceId !in [i-1]", false),
            ("attribute:ecs.ami-id == ami-0abc", true),
            ("attribute:ecs.ami-id != ami-0abc", false),
            ("attribute:retiring != true", false),
            ("attribute:retiring !in [true]", false),
            ("attribute:retiring !exists", true),
            ("attribute:ecs.ami-id exists", true),
            ("not(attribute:retiring == true)", true),
            (
                "!(attribute:retiring == true) && agentConnected == true",
                true,
            ),
            ("attribute:ecs.instance-type =~ m7g.*", true),
            ("attribute:ecs.instance-type =~ large", false),
            ("attribute:ecs.instance-type !~ \"t[23]\\..*\"", true),
            ("runningTasksCount > 9", true),
            ("agentVersion < 1.100.0", true),
            ("registeredAt < 2026-11-23", false),
            ("registeredAt >= 2026-11-23T07:59:59Z", true),
            ("task:group == service:web", true),
            ("task:group != service:api", true),
            ("task:group not_in [service:web]", false),
            (
                "agentConnected == false or runningTasksCount == 12 and ec2InstanceId == i-1",
                true,
            ),
            (
                "(agentConnected == false or runningTasksCount == 12) and ec2InstanceId == i-2",
                false,
            ),
        ];
        for (text, expected) in table {
            let expression = Expression::parse(text).expect(text);
            assert_eq!(expression.holds(&Machine), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression() {
        for text in [
            "",
            "ec2InstanceId",
            "ec2InstanceId ==",
            "ec2InstanceId == i-1 i-2",
            "hostname == a",
            "attribute: == a",
            "(ec2InstanceId == i-1",
            "ec2InstanceId in i-1",
            "ec2InstanceId in [i-1",
            "ec2InstanceId == 'i-1",
            "registeredAt < yesterday",
            "attribute:a =~ '['",
            "attribute:a =~ 'a)|(b'",
            "ec2InstanceId == i-1 and",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        for (text, problem) in [
            ("(".repeat(100_000), "words and signs"),
            ("(".repeat(1000), "nested more than 50 deep"),
            ("not ".repeat(1000), "nested more than 50 deep"),
            (
                format!(
                    "{}agentConnected exists",
                    "agentConnected exists or ".repeat(9999)
                ),
                "words and signs",
            ),
        ] {
            let refused = Expression::parse(&text).expect_err("refused").to_string();
            assert!(refused.contains(problem), "{refused}");
        }
    }
}
