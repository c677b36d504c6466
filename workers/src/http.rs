//! The HTTP client of the SDKs, which spares a process the machine's root certificates while it
//! needs none.
//!
//! To read and parse them takes as long as everything else that a function does before it asks for
//! its first event. For AWS's endpoints they are read then, once: in that phase Lambda gives a
//! function the most processor time. For an endpoint on plain HTTP, such as an account on loopback,
//! they are not read before the first request over TLS, if there is one.

use std::sync::{Arc, Once};

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;

/// Two clients, of which the scheme of a request's address chooses one.
#[derive(Debug, Clone)]
pub struct Client {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
    /// Runs when the first SDK client is made, if the root certificates are wanted then.
    roots: Option<Arc<Once>>,
}

impl Client {
    /// Reads the root certificates when the first request over TLS is made.
    pub fn new() -> Self {
        // The SDKs are built without their default HTTP client, whose TLS library needs a C
        // compiler and minutes.
        let ring = Provider::Rustls(CryptoMode::Ring);
        Self {
            plain: Builder::new().build_http(),
            tls: Builder::new().tls_provider(ring).build_https(),
            roots: None,
        }
    }

    /// Reads them at the start, unless this is the address of an endpoint on plain HTTP. No address
    /// means AWS's own.
    pub fn for_endpoint(self, address: Option<&str>) -> Self {
        let is_plain = address.is_some_and(|address| address.starts_with("http:"));
        Self {
            roots: (!is_plain).then(|| Arc::new(Once::new())),
            ..self
        }
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            client: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let mut read = Ok(());
        if let Some(roots) = &self.roots {
            roots.call_once(|| read = self.tls.validate_base_client_config(components, config));
        }
        read
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.tls.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    client: Client,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("http:") {
            &self.client.plain
        } else {
            &self.client.tls
        };
        // Each of the two keeps its connector for the next request.
        client
            .http_connector(&self.settings, &self.components)
            .call(request)
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::http::http_client_fn;

    use super::*;
    use crate::clock::Clock;
    use crate::ecs::Ecs;
    use crate::model::{ClusterName, InstanceId};
    use crate::stub;

    /// A client that takes every request, and refuses it under `code`.
    fn refusing(code: &'static str) -> SharedHttpClient {
        let body = serde_json::json!({"__type": code}).to_string();
        let aws = stub::aws(move |_| (400, body.clone()));
        let inner = aws.http_client().expect("the stub has one");
        http_client_fn(move |settings, components| inner.http_connector(settings, components))
    }

    #[tokio::test]
    async fn the_scheme_chooses_the_client() {
        for (endpoint, name) in [
            ("http://127.0.0.1:1", "AccessDenied"),
            ("https://ecs.eu-central-1.amazonaws.com", "Throttled"),
        ] {
            let client = Client {
                plain: refusing("AccessDeniedException"),
                tls: refusing("ThrottlingException"),
                roots: None,
            };
            let config = stub::aws(|_| (200, String::new())).into_builder();
            let config = config.http_client(client).endpoint_url(endpoint).build();
            let (cluster, instance) = (ClusterName::new("dev"), InstanceId::new("i-1"));
            let ecs = Ecs::new(&config, &Clock::default());
            let error = ecs.registrations(&cluster, &instance).await;
            assert_eq!(error.expect_err("a refusal").name(), name, "{endpoint}");
        }
    }

    #[test]
    fn roots_are_read_at_the_start_unless_the_endpoint_is_plain() {
        for (endpoint, read) in [
            (None, true),
            (Some("https://vpce.example"), true),
            (Some("http://127.0.0.1:4000"), false),
        ] {
            let client = Client::new().for_endpoint(endpoint);
            assert_eq!(client.roots.is_some(), read, "{endpoint:?}");
        }
    }
}
