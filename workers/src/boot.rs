//! From a process to a worker: logs, clients, the clock, and the Lambda runtime. The only impure
//! glue.

use std::fmt;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;

use crate::handler::Handler;
use crate::metrics::Sink;
use crate::{Answer, Clients, Error, Worker, answer_as, http};

/// Serves the worker until Lambda ends the process. Level and format of the logs are the function's
/// own logging settings.
///
/// # Errors
/// If the Lambda Runtime API cannot be reached.
pub async fn run<W: Handler>() -> Result<(), lambda_runtime::Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let config = sdk_config(None).await;
    let clients = Clients::new(&config).measured_by(Sink::stdout());
    let clients = &clients;
    let serve = async |event: LambdaEvent<Value>| -> Result<Answer, Failed> {
        // Boxed: otherwise the compiler meets its limit of types within types.
        Box::pin(answer_as::<W>(event.payload, clients, clock))
            .await
            .map_err(|error| diagnose(W::WORKER, &error))
    };
    lambda_runtime::run(service_fn(serve)).await
}

/// What the SDKs need to work: credentials and Region from where AWS's SDKs look for them (another
/// Region, if one is named), and our HTTP client.
pub async fn sdk_config(region: Option<String>) -> SdkConfig {
    let http = http::Client::new();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    let config = loader.load().await;
    let http = http.for_endpoint(config.endpoint_url());
    config.into_builder().http_client(http).build()
}

/// The present instant.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock, which all else is handed"
)]
pub fn clock() -> Timestamp {
    Timestamp::now()
}

/// An error on its way to Lambda. The runtime prints its Debug form, which is the bare name, since
/// the chain of causes has been printed once already.
struct Failed(Diagnostic);

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.error_type)
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        failed.0
    }
}

/// The chain goes into the log here, and into the execution's history under the error's fixed name.
fn diagnose(worker: Worker, error: &Error) -> Failed {
    let (name, chain) = (error.name(), error.chain());
    tracing::error!(worker = worker.name(), error = name, chain, "no answer");
    Failed(Diagnostic {
        error_type: name.to_owned(),
        error_message: chain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Mistake;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "this machine's own clock is what it is compared with"
    )]
    fn the_clock_shows_now() {
        let (before, shown, after) = (Timestamp::now(), clock(), Timestamp::now());
        assert!(before <= shown && shown <= after, "{shown}");
    }

    #[tokio::test]
    async fn the_sdks_get_the_region_that_is_named_and_our_own_http_client() {
        let config = sdk_config(Some("eu-south-2".to_owned())).await;
        assert_eq!(config.region().map(AsRef::as_ref), Some("eu-south-2"));
        assert!(config.http_client().is_some() && config.credentials_provider().is_some());
    }

    #[test]
    fn the_state_machine_sees_the_fixed_name_and_the_whole_chain() {
        let field = "time".to_owned();
        let problem = "is missing".to_owned();
        let error = Error::BadEvent {
            mistakes: vec![Mistake { field, problem }],
        };
        let failed = diagnose(Worker::Joined, &error);
        assert_eq!(format!("{failed:?}"), "BadEvent");
        let diagnostic = Diagnostic::from(failed);
        assert_eq!(diagnostic.error_type, "BadEvent");
        assert!(diagnostic.error_message.ends_with("time is missing"));
    }
}
