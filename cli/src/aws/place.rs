//! The Region and the endpoints of this process, where each was set, and which of them is to blame
//! for an error.

mod regions;
mod shown;
mod sources;

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::service_config::ServiceConfigKey;
use workers::Error;
use workers::text::printable;

use super::edge::{Unanswered, chain};
use crate::failure::{Exit, Failure};
pub use sources::{REGION_VARIABLES, Sources};

/// The services that this tool calls, by the names that the SDKs of AWS use
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>).
const SERVICES: [&str; 7] = [
    "CloudFormation",
    "Auto Scaling",
    "ECS",
    "SFN",
    "SSM",
    "Elastic Load Balancing v2",
    "STS",
];

/// The variable that sets all endpoints; one with the service's name after it sets one of them
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// The place of this process. Set once, by the first connection.
static PLACE: OnceLock<Place> = OnceLock::new();

/// Where a setting was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// The configuration file of this tool.
    File(PathBuf),
    /// A key of a profile in the AWS configuration files.
    Profile {
        /// The key.
        key: &'static str,
        /// The profile.
        name: String,
    },
    /// The metadata of the EC2 instance on which this runs.
    Metadata,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", printable(&path.to_string_lossy())),
            Self::Profile { key, name } => write!(f, "{key} of profile {}", printable(name)),
            Self::Metadata => f.write_str("the metadata of this EC2 instance"),
        }
    }
}

/// A setting, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// Where it was found.
    pub origin: Origin,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' (from {})", printable(&self.value), self.origin)
    }
}

/// The Region and the endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    region: Setting,
    /// Those that are not AWS's own, in the order of the services.
    endpoints: Vec<Setting>,
}

impl Place {
    /// The place that the SDK's settings lead to.
    pub fn of(region: &str, config: &SdkConfig, from: &Sources<'_>) -> Self {
        let region = Setting {
            value: region.to_owned(),
            origin: from.region(),
        };
        let mut endpoints: Vec<Setting> = Vec::new();
        for service in SERVICES {
            let Some(value) = endpoint(config, service) else {
                continue;
            };
            let origin = from.endpoint(service);
            let setting = Setting { value, origin };
            if !endpoints.contains(&setting) {
                endpoints.push(setting);
            }
        }
        Self { region, endpoints }
    }

    /// Keeps it for what is said of later errors.
    ///
    /// # Errors
    /// If the Region cannot be one, or if an endpoint is no address.
    pub fn settle(self) -> Result<(), Failure> {
        self.check()?;
        PLACE.get_or_init(|| self);
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        if !is_host_label(&self.region.value) {
            return Err(Failure::from(format!(
                "Region {} cannot be the name of a Region; give one such as eu-west-1",
                self.region
            )));
        }
        match self.endpoints.iter().find(|one| !is_address(&one.value)) {
            Some(bad) => Err(Failure::from(format!(
                "endpoint {bad} is no address; give one such as https://ecs.eu-west-1.amazonaws.com, or remove the setting to use \
                 AWS's own endpoints"
            ))),
            None => Ok(()),
        }
    }

    /// What is said of an error for which the Region, an endpoint or the network is to blame, and
    /// how the verb ends by it.
    pub fn blame(&self, error: &Error) -> Option<(Exit, String)> {
        match error {
            Error::Unavailable {
                call,
                what,
                source: Some(source),
            } => {
                let cause = root(source.as_ref());
                let text = match unanswered(source.as_ref()) {
                    Some(one) => {
                        return Some(self.no_answer(&format!("{call} failed ({what})"), one));
                    }
                    None => format!("{call} failed ({what}): {cause}. {}", self.check_network()),
                };
                Some((Exit::Aws, text))
            }
            Error::BadAnswer {
                call,
                what,
                source: None,
            } if super::is_about_signature(error) => {
                let endpoint = self
                    .endpoints
                    .iter()
                    .find(|one| !self.is_in_region(&one.value))?;
                let text = format!(
                    "{call}: {what}. The requests are signed for Region {}, which is not the Region of endpoint {endpoint}; change \
                     one of the two",
                    self.region
                );
                Some((Exit::Input, text))
            }
            _ => None,
        }
    }

    fn no_answer(&self, failed: &str, one: &Unanswered) -> (Exit, String) {
        let (address, cause) = (&one.endpoint, root(one));
        let answer = format!("{failed}: {address} does not answer: {cause}");
        let same = |setting: &&Setting| super::edge::endpoint(&setting.value) == *address;
        if let Some(endpoint) = self.endpoints.iter().find(same) {
            let text = format!(
                "{answer}. Correct endpoint {endpoint}, or remove the setting to use AWS's own endpoints"
            );
            return (Exit::Aws, text);
        }
        let region = &self.region;
        if one.is_found || regions::is_known(&region.value) {
            return (Exit::Aws, format!("{answer}. {}", self.check_network()));
        }
        let instead = match regions::nearest(&region.value) {
            Some(name) => format!("did you mean {name}?"),
            None => format!("{} lists the Regions", regions::LIST),
        };
        let text =
            format!("{failed}: there is no Region {region}: {address} has no address; {instead}");
        (Exit::Input, text)
    }

    fn check_network(&self) -> String {
        match self.endpoints.first() {
            Some(endpoint) => format!("Check endpoint {endpoint}"),
            None => format!(
                "Check the network, and that this is the Region: {}",
                self.region
            ),
        }
    }

    /// Whether an address names the Region, as those of AWS and of VPC endpoints do.
    fn is_in_region(&self, address: &str) -> bool {
        let endpoint = super::edge::endpoint(address);
        endpoint
            .split(['.', '/', ':'])
            .any(|label| label == self.region.value)
    }
}

/// The address at which the SDK asks a service, if it is not AWS's own.
fn endpoint(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env(ENDPOINT)
        .profile("endpoint_url")
        .build()
        .ok()?;
    let set = config.service_config().and_then(|set| set.load_config(key));
    set.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// The Region is part of the host names of AWS, so that the SDK takes nothing else.
fn is_host_label(name: &str) -> bool {
    let is_letter = |one: char| one.is_ascii_alphanumeric() || one == '-';
    (1..=63).contains(&name.len()) && name.chars().all(is_letter) && !name.starts_with('-')
}

fn is_address(text: &str) -> bool {
    let rest = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let Some(rest) = rest.filter(|_| HttpRequest::new(SdkBody::empty()).set_uri(text).is_ok())
    else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    // An IPv6 address has colons of its own, in brackets.
    let after_address = authority
        .rsplit_once(']')
        .map_or(authority, |(_, rest)| rest);
    let port = after_address.split_once(':').map(|(_, port)| port);
    let has_host = !authority.is_empty() && !authority.starts_with(':');
    has_host && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// What the edge found out about an attempt that was not answered.
fn unanswered<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Unanswered> {
    chain(error).find_map(|error| error.downcast_ref::<Unanswered>())
}

/// The last cause, which is the operating system's or the TLS library's own.
fn root(error: &(dyn StdError + 'static)) -> String {
    chain(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}

/// What is to blame for an error that this process met, by the settings of its first connection.
pub fn blame(error: &Error) -> Option<(Exit, String)> {
    PLACE.get()?.blame(error)
}

#[cfg(test)]
mod tests;
