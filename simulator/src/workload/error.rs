//! Why a description of services cannot be read.

use serde_json::Value;
use workers::text::list;

use super::LeftOut;

const REMEDY: &str =
    "it should hold what `aws ecs describe-services --cluster NAME --services …` prints";

/// What is wrong with the files, or with one of them at a place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorkloadError {
    /// No file describes a service that runs on EC2 instances.
    #[error("{}: no service that runs on EC2 instances; {REMEDY}{}", .files.join(", "), elsewhere(.left_out))]
    NoService {
        /// The files.
        files: Vec<String>,
        /// The services that run elsewhere, and why.
        left_out: Vec<LeftOut>,
    },
    /// A file that is not JSON.
    #[error("{file}: not JSON: {cause}; {REMEDY}")]
    NotJson {
        /// The file.
        file: String,
        /// The reader's message.
        cause: String,
    },
    /// A file without content.
    #[error("{0}: the file is empty; {REMEDY}")]
    Empty(String),
    /// An answer without services. The place ends in `: `.
    #[error("{0}no list `services`; {REMEDY}")]
    NoList(String),
    /// ECS did not describe a service.
    #[error(
        "{place}failures[0]: ECS did not describe {arn} ({reason}); ask for services that exist"
    )]
    NotDescribed {
        /// The answer. The place ends in `: `.
        place: String,
        /// The service, as JSON.
        arn: String,
        /// ECS's reason, as JSON.
        reason: String,
    },
    /// A service without a name.
    #[error("{0}: serviceName is missing or no text")]
    NoName(String),
    /// A service that is described twice.
    #[error("{place}: the service {name} is described twice; keep one")]
    Twice {
        /// The second description.
        place: String,
        /// The service.
        name: String,
    },
    /// A member of a service cannot be read.
    #[error("{place} ({name}): {error}")]
    Member {
        /// The service's place.
        place: String,
        /// The service.
        name: String,
        /// What is wrong with the member.
        error: Box<MemberError>,
    },
}

/// What is wrong with a member of a service.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MemberError {
    /// A number that is none.
    #[error("{member} is {value}, not a whole number of 0 or more")]
    NotANumber {
        /// The member.
        member: String,
        /// Its value.
        value: Value,
    },
    /// A replica service without a count.
    #[error("desiredCount is missing")]
    NoCount,
    /// A strategy that ECS does not have.
    #[error("schedulingStrategy {0} is neither REPLICA nor DAEMON")]
    UnknownStrategy(String),
    /// A launch type that is no text.
    #[error("launchType is {0}, not a text")]
    NotALaunchType(Value),
    /// An entry of a capacity provider strategy without a provider.
    #[error("capacityProviderStrategy names no capacityProvider: {0}")]
    NoProvider(Value),
    /// A strategy with several providers.
    #[error(
        "its capacityProviderStrategy has several providers ({}), and only one can be rehearsed; leave one in the file",
        .0.join(", ")
    )]
    SeveralProviders(Vec<String>),
}

fn elsewhere(services: &[LeftOut]) -> String {
    if services.is_empty() {
        return String::new();
    }
    format!(". Left out: {}", list(services, "; "))
}
