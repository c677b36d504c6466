//! The operator's own account, and the calls that read it. Only `roll`, `cancel`, `pause`, `resume`
//! and `terminate` change anything.

mod access;
mod activities;
mod caller;
mod cluster;
mod definition;
mod edge;
mod executions;
mod failed_call;
mod group;
mod half_key;
mod ours;
mod pages;
mod parameter;
mod past;
mod pause;
mod place;
mod rolling;
mod services;
mod shell;
mod stack;
mod state_names;

use aws_config::SdkConfig;
use aws_smithy_async::time::SharedTimeSource;
use jiff::Timestamp;
use workers::{Clients, Error, boot};

use access::LOG_IN;
pub use access::{Access, CredentialSource, Identity, InMemory};
pub use activities::Activity;
pub use cluster::{Compute, Machine, ServiceSettings, Services, StartedTask};
pub use definition::{Definition, RUNS_FOR};
use edge::Edge;
pub use edge::{Slots, fit_to_show};
pub use executions::{Execution, Ran, console};
pub use group::{Capacity, Group, Hook, Hooks, Member};
pub use pages::Page;
pub use parameter::{Parameter, readable};
pub use past::{Happened, Past};
pub use pause::{Pause, fits_tag};
pub use place::{Place, blame};
pub use rolling::RollingStep;
pub use services::Service;
pub use shell::{quoted, with_access, with_access_in};
pub use stack::{
    AMI_KEY, FailedOperation, OWN_AMI_PARAMETER, Stack, StackEvent, failure_events,
    is_about_lost_resource, missing_group, only_drafted, without_resources,
};
pub use state_names::current_name;

/// The account.
#[derive(Debug, Clone)]
pub struct Aws {
    /// What the workers look with; they change nothing.
    pub clients: Clients,
    /// The same clients for `terminate`, which does.
    pub acting: Clients,
    /// The Region.
    pub region: String,
    /// Whose credentials these are.
    pub identity: Identity,
    /// This machine's time, or that of an account in memory.
    time: SharedTimeSource,
    cloudformation: aws_sdk_cloudformation::Client,
    autoscaling: aws_sdk_autoscaling::Client,
    balancing: aws_sdk_elasticloadbalancingv2::Client,
    ecs: aws_sdk_ecs::Client,
    parameters: aws_sdk_ssm::Client,
    stepfunctions: aws_sdk_sfn::Client,
    sts: aws_sdk_sts::Client,
}

/// The same settings, by which every answer passes the edge.
fn with_edge(config: &SdkConfig, debug: bool, slots: Option<Slots>) -> SdkConfig {
    let Some(client) = config.http_client() else {
        // Nothing can be asked without one.
        return config.clone();
    };
    config
        .to_builder()
        .http_client(Edge {
            client,
            debug,
            slots,
        })
        .build()
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
    /// The account that the settings of `config` lead to. Its answers are fit to be shown, see
    /// [`edge`].
    pub fn of(config: &SdkConfig, region: String) -> Self {
        let identity = Identity {
            source: CredentialSource::Environment,
            debug: false,
        };
        Self::with_identity(config, region, identity, None)
    }

    /// The same account, by the credentials that were found.
    fn with_identity(
        config: &SdkConfig,
        region: String,
        identity: Identity,
        slots: Option<Slots>,
    ) -> Self {
        let config = &with_edge(config, identity.debug, slots);
        let acting = Clients::new(config);
        let clients = acting.clone().dry_run();
        let clock = &clients.clock;
        Self {
            region,
            identity,
            time: config.time_source().unwrap_or_default(),
            cloudformation: client!(aws_sdk_cloudformation, config, clock),
            autoscaling: client!(aws_sdk_autoscaling, config, clock),
            balancing: client!(aws_sdk_elasticloadbalancingv2, config, clock),
            ecs: client!(aws_sdk_ecs, config, clock),
            parameters: client!(aws_sdk_ssm, config, clock),
            stepfunctions: client!(aws_sdk_sfn, config, clock),
            sts: client!(aws_sdk_sts, config, clock),
            clients,
            acting,
        }
    }

    /// Which account an ARN belongs to, and by whose credentials it is changed: for every
    /// confirmation.
    pub fn place(&self, arn: &str) -> String {
        format!("Account {}", self.account(arn))
    }

    /// The same without its first word: for a line that has it as its label.
    pub fn account(&self, arn: &str) -> String {
        let account = arn.split(':').nth(4).filter(|account| !account.is_empty());
        format!(
            "{}, {}, Region {}",
            account.unwrap_or("unknown"),
            self.identity.source,
            self.region
        )
    }

    /// AWS's time, by its answers.
    pub fn now(&self) -> Timestamp {
        let local = Timestamp::try_from(self.time.now());
        self.clients
            .clock
            .at(local.unwrap_or_else(|_| boot::clock()))
    }
}

/// An error in words for an operator, whose own permissions are asked for here.
pub fn error_text(error: &Error) -> String {
    if let Some((_, text)) = blame(error) {
        return text;
    }
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
        } if is_about_credentials(error) => {
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
    has_code(error, &["ExpiredToken", "RequestExpired"])
}

/// Whether AWS does not accept the credentials: the common errors of its APIs
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>,
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html>).
pub fn is_about_credentials(error: &Error) -> bool {
    const CODES: [&str; 9] = [
        "AuthFailure",
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ];
    has_code(error, &CODES)
}

/// Whether AWS does not accept the signature: of a wrong secret key, or for another Region
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>).
pub fn is_about_signature(error: &Error) -> bool {
    has_code(
        error,
        &["InvalidSignatureException", "SignatureDoesNotMatch"],
    )
}

/// Whether AWS refused with one of these codes, which open what a refusal says.
fn has_code(error: &Error, codes: &[&str]) -> bool {
    matches!(error, Error::BadAnswer { what, .. } if codes.iter().any(|code| what.starts_with(code)))
}

/// An SDK's time as ours.
fn time(time: Option<&aws_smithy_types::DateTime>) -> Option<Timestamp> {
    let time = time?;
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}
