//! The operator's own account: the profile, the Region, and the calls that read it. Only `roll`,
//! `stop` and `terminate` change anything.

mod activities;
mod cluster;
mod definition;
mod edge;
mod executions;
mod group;
mod pages;
mod parameter;
mod past;
mod pause;
mod rolling;
mod services;
mod stack;

use std::error::Error as _;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use clap::Args;
use jiff::Timestamp;
use workers::{Clients, Error, boot, http};

pub use activities::Activity;
pub use cluster::{Machine, ServiceSettings, StartedTask};
pub use definition::{Definition, RUNS_FOR};
use edge::Edge;
pub use edge::fit_to_show;
pub use executions::{Execution, Ran, console};
pub use group::{Capacity, Group, Hook, Hooks, Member};
pub use pages::Page;
pub use past::{Happened, Past};
pub use pause::Pause;
pub use rolling::RollingStep;
pub use services::Service;
pub use stack::{Stack, StackEvent};

/// An answer that has not come by then does not come; the longest lists take a few seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

const LOG_IN: &str = "name a profile with --profile, log in (aws sso login), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// The codes with which AWS refuses credentials that it does not know, or that do not fit together
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html>).
const REFUSED_KEYS: [&str; 5] = [
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
];

/// Where the account is.
#[derive(Debug, Clone, Args)]
pub struct Access {
    /// Profile of the AWS configuration files [default: AWS_PROFILE, or `default`]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Region [default: AWS_REGION, or the profile's]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

/// The account.
#[derive(Debug, Clone)]
pub struct Aws {
    /// What the workers look with; they change nothing.
    pub clients: Clients,
    /// The same clients for `terminate`, which does.
    pub acting: Clients,
    /// The Region.
    pub region: String,
    cloudformation: aws_sdk_cloudformation::Client,
    autoscaling: aws_sdk_autoscaling::Client,
    balancing: aws_sdk_elasticloadbalancingv2::Client,
    ecs: aws_sdk_ecs::Client,
    parameters: aws_sdk_ssm::Client,
    stepfunctions: aws_sdk_sfn::Client,
}

impl Access {
    /// Finds credentials and Region where AWS's SDKs look for them: environment, configuration files, IAM Identity Center,
    /// the instance's or the container's role; and the address of another endpoint, AWS_ENDPOINT_URL.
    ///
    /// # Errors
    /// A sentence for the user if there is no Region, or if there are no credentials.
    pub async fn connect(&self) -> Result<Aws, String> {
        self.connect_with(None).await
    }

    /// The same for whoever counts his calls, and tries again himself: the SDK makes one attempt.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_without_retries(&self) -> Result<Aws, String> {
        self.connect_with(Some(RetryConfig::disabled())).await
    }

    async fn connect_with(&self, retries: Option<RetryConfig>) -> Result<Aws, String> {
        let http = http::Client::new();
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .timeout_config(timeouts);
        if let Some(retries) = retries {
            loader = loader.retry_config(retries);
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let config = loader.load().await;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(
                "no Region: give --region, or set AWS_REGION, or name one in the profile"
                    .to_owned(),
            );
        };
        has_credentials(&config).await?;
        let http = http.for_endpoint(config.endpoint_url());
        let config = config.into_builder().http_client(http).build();
        Ok(Aws::of(&config, region))
    }
}

/// Nobody should wait for an account that he has no key to.
async fn has_credentials(config: &SdkConfig) -> Result<(), String> {
    let Some(provider) = config.credentials_provider() else {
        return Err(format!("no credentials; {LOG_IN}"));
    };
    let Err(error) = provider.provide_credentials().await else {
        return Ok(());
    };
    let mut text = format!("no credentials; {LOG_IN}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    Err(text)
}

/// The same settings, by which every answer passes the edge.
fn with_edge(config: &SdkConfig) -> SdkConfig {
    let Some(client) = config.http_client() else {
        // Nothing can be asked without one.
        return config.clone();
    };
    config.to_builder().http_client(Edge(client)).build()
}

/// A client of the SDK `$sdk` whose every answer sets the clock.
macro_rules! client {
    ($sdk:ident, $config:expr, $clock:expr) => {
        $sdk::Client::from_conf(
            $sdk::config::Builder::from($config)
                .interceptor($clock.clone())
                .build(),
        )
    };
}

impl Aws {
    /// The account that the settings of `config` lead to. Its answers are fit to be shown, see [`edge`].
    pub fn of(config: &SdkConfig, region: String) -> Self {
        let config = &with_edge(config);
        let acting = Clients::new(config);
        let clients = acting.clone().only_looking();
        let clock = &clients.clock;
        Self {
            region,
            cloudformation: client!(aws_sdk_cloudformation, config, clock),
            autoscaling: client!(aws_sdk_autoscaling, config, clock),
            balancing: client!(aws_sdk_elasticloadbalancingv2, config, clock),
            ecs: client!(aws_sdk_ecs, config, clock),
            parameters: client!(aws_sdk_ssm, config, clock),
            stepfunctions: client!(aws_sdk_sfn, config, clock),
            clients,
            acting,
        }
    }

    /// AWS's time, by its answers.
    pub fn now(&self) -> Timestamp {
        self.clients.clock.at(boot::clock())
    }
}

/// An error in words for an operator, whose own permissions are asked for here.
pub fn told(error: &Error) -> String {
    match error {
        Error::AccessDenied {
            call,
            code,
            message,
        } => format!(
            "{call} is not allowed to you ({code}: {message}); a policy with {{\"Effect\": \"Allow\", \"Action\": \"{call}\", \
             \"Resource\": \"*\"}} grants it"
        ),
        Error::BadAnswer {
            call,
            what,
            source: None,
        } if REFUSED_KEYS.iter().any(|code| what.starts_with(code)) => {
            format!("{call}: {what}; AWS does not accept the credentials: {LOG_IN}")
        }
        Error::BadAnswer {
            call,
            what,
            source: None,
        } => format!("{call}: {what}"),
        other => other.chain(),
    }
}

/// Whether the credentials were good, and are not any more.
pub fn has_expired(error: &Error) -> bool {
    let codes = ["ExpiredToken", "RequestExpired"];
    matches!(error, Error::BadAnswer { what, .. } if codes.iter().any(|code| what.starts_with(code)))
}

/// An SDK's time as ours.
fn time(time: Option<&aws_smithy_types::DateTime>) -> Option<Timestamp> {
    let time = time?;
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}
