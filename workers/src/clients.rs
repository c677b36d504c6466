//! The clients of the AWS services, with our own timeouts and retries.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

use crate::autoscaling::AutoScaling;
use crate::clock::Clock;
use crate::cloudformation::CloudFormation;
use crate::ecs::Ecs;
use crate::metrics::Sink;

/// A connection inside a Region takes milliseconds; after this it is better to try another.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The slowest of our calls answer within a second or two.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// All attempts of one call. The functions' own timeout must leave room for a few calls.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Attempts of one call: a worker makes up to six calls in a row, so each must come through well
/// even while half of them are throttled. More patience is the state machine's part, which does not
/// pay by the second.
const ATTEMPTS: u32 = 5;

/// The AWS services that workers talk to. Made once, used for every answer.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Amazon ECS.
    pub ecs: Ecs,
    /// EC2 Auto Scaling.
    pub autoscaling: AutoScaling,
    /// AWS CloudFormation.
    pub cloudformation: CloudFormation,
    /// AWS's clock, by the answers of all of them.
    pub clock: Clock,
    /// What a client of another service is made of.
    pub(crate) sdk: Box<SdkConfig>,
    /// Where lines of metrics go. Nowhere, unless somebody says where.
    pub metrics: Sink,
}

impl Clients {
    /// Clients with `config`'s Region, credentials, HTTP client, clock and sleep, and our own
    /// timeouts and retries.
    pub fn new(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        let config = config
            .to_builder()
            .timeout_config(timeouts)
            .retry_config(retries)
            .build();
        let clock = Clock::default();
        Self {
            ecs: Ecs::new(&config, &clock),
            autoscaling: AutoScaling::new(&config, &clock),
            cloudformation: CloudFormation::new(&config, &clock),
            clock,
            sdk: Box::new(config),
            metrics: Sink::default(),
        }
    }

    /// The same, which give lines of metrics to `sink`.
    pub fn measured_by(self, sink: Sink) -> Self {
        Self {
            metrics: sink,
            ..self
        }
    }

    /// The same for [`crate::look`]: they change nothing.
    pub fn dry_run(self) -> Self {
        Self {
            ecs: self.ecs.dry_run(),
            autoscaling: self.autoscaling.dry_run(),
            ..self
        }
    }
}
