//! An HTTP client whose answers are fit to be shown.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;

use tokio::time::Instant;
use workers::text::printable;

use super::call::Call;
use super::replace;
use super::slots::Slots;

/// The client behind it, with answers in which hostile characters are replaced.
#[derive(Debug, Clone)]
pub struct Edge {
    /// What sends the requests.
    pub client: SharedHttpClient,
    /// Whether each call is written to stderr.
    pub debug: bool,
    /// When calls may be made, if that is limited.
    pub slots: Option<Slots>,
}

impl HttpClient for Edge {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            connector: self.client.http_connector(settings, components),
            debug: self.debug,
            slots: self.slots.clone(),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.client.validate_base_client_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.client.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    debug: bool,
    slots: Option<Slots>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = Call::of(&request);
        let debug = self.debug;
        let (connector, slots) = (self.connector.clone(), self.slots.clone());
        HttpConnectorFuture::new(async move {
            if let Some(slots) = slots {
                slots.take().await;
            }
            let began = Instant::now();
            let answer = connector.call(request).await;
            if debug {
                let took = began.elapsed();
                anstream::eprintln!("{}", printable(&call.line(answer.as_ref(), took)));
            }
            match answer {
                Ok(answer) => fit_to_show(answer).await,
                Err(error) => Err(call.named(error).await),
            }
        })
    }
}

/// The answer with a body in which hostile characters are replaced. None of our calls has a body
/// that is a stream.
async fn fit_to_show(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::empty());
    let read = ByteStream::new(body).collect().await;
    let read = read.map_err(|error| ConnectorError::io(error.into()))?;
    let read = read.into_bytes();
    let body = match replace::in_answer(&read) {
        Some(replaced) => SdkBody::from(replaced),
        None => SdkBody::from(read),
    };
    *answer.body_mut() = body;
    Ok(answer)
}
