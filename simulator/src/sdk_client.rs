//! AWS SDKs that talk to the account without a socket: an HTTP client that ends in the world, and
//! the world's clock.

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use workers::metrics::Sink;

use crate::account::{Caller, REGION};
use crate::cloudwatch::CLOUDWATCH;
use crate::host::SimulationHost;
use crate::wire as requests;

/// The way of `caller`'s requests to the account of `world`.
pub fn in_process_connector(world: &SimulationHost, caller: Caller) -> SharedHttpConnector {
    let world = world.clone();
    SharedHttpConnector::new(Wire { world, caller })
}

/// Where workers in this process write their metrics: CloudWatch, in `world`.
pub fn metrics(world: &SimulationHost) -> Sink {
    let world = world.clone();
    Sink::new(move |line| world.with(|account| account[CLOUDWATCH].take(line)))
}

/// What SDKs need that send their requests through `connector`, in the time of `world`.
pub fn sdk_config(world: &SimulationHost, connector: SharedHttpConnector) -> aws_config::SdkConfig {
    let clock = SharedTimeSource::new(Clock(world.clone()));
    let config = client_config(connector).into_builder();
    config.time_source(clock).build()
}

/// The same on this machine's clock, which the account's need not be.
pub fn client_config(connector: SharedHttpConnector) -> aws_config::SdkConfig {
    let credentials = aws_credential_types::Credentials::new(
        "AKIDREHEARSAL",
        "rehearsal",
        None,
        None,
        "rehearsal",
    );
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new(REGION.as_str()))
        .credentials_provider(
            aws_credential_types::provider::SharedCredentialsProvider::new(credentials),
        )
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build()
}

#[derive(Debug)]
struct Clock(SimulationHost);

impl TimeSource for Clock {
    fn now(&self) -> std::time::SystemTime {
        self.0.machine_time().into()
    }
}

/// The HTTP client of one caller's SDKs.
#[derive(Debug)]
struct Wire {
    world: SimulationHost,
    caller: Caller,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let authorization = request.headers().get("authorization").unwrap_or_default();
        let service = requests::scope(authorization).service.to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let call = requests::read(target.as_deref(), &service, body);
        let (world, caller) = (self.world.clone(), self.caller.clone());
        HttpConnectorFuture::new(async move {
            let response = match call {
                Ok(call) => world.serve(&caller, &call).await,
                Err(error) => world.refuse(target.as_deref(), &service, error),
            };
            let status = response
                .status
                .try_into()
                .expect("our services answer with valid statuses");
            let mut http = HttpResponse::new(status, SdkBody::from(response.body));
            let date = DateTime::from_secs(world.date().as_second());
            let headers = http.headers_mut();
            headers.insert("content-type", response.content_type);
            if let Ok(date) = date.fmt(Format::HttpDate) {
                headers.insert("date", date);
            }
            Ok(http)
        })
    }
}
