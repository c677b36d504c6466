//! The cluster's services: how many tasks they want, and how many run.

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use workers::Error;
use workers::error::Refusal;
use workers::model::ClusterName;

use super::{Aws, Page};

/// ListServices takes so many, by the ECS API.
const LISTED_AT_ONCE: i32 = 100;

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Tasks that it wants.
    pub desired: i32,
    /// Tasks that run.
    pub running: i32,
    /// Tasks that are starting.
    pub pending: i32,
    /// What it said last of itself; empty if it has not said anything.
    pub message: String,
}

impl Aws {
    /// So many services DescribeServices takes, by the ECS API.
    pub const SERVICES_AT_ONCE: usize = 10;

    /// A page of the ARNs of the cluster's services.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn services_listed(
        &self,
        cluster: &str,
        next: Option<String>,
    ) -> Result<Page<String>, Error> {
        let call = "ecs:ListServices";
        let sent = self
            .ecs
            .list_services()
            .cluster(cluster)
            .max_results(LISTED_AT_ONCE)
            .set_next_token(next)
            .send();
        let answer = sent.await.map_err(|error| refused(call, cluster, error))?;
        Ok(Page {
            items: answer.service_arns().to_vec(),
            next: answer.next_token().map(str::to_owned),
        })
    }

    /// The services of these ARNs, [`Self::SERVICES_AT_ONCE`] at most, that are not being deleted.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn services(&self, cluster: &str, arns: &[String]) -> Result<Vec<Service>, Error> {
        let call = "ecs:DescribeServices";
        let sent = self
            .ecs
            .describe_services()
            .cluster(cluster)
            .set_services(Some(arns.to_vec()))
            .send();
        let answer = sent.await.map_err(|error| refused(call, cluster, error))?;
        let active = answer.services().iter();
        let active = active.filter(|one| one.status() == Some("ACTIVE"));
        let services = active.map(|one| Service {
            name: one.service_name().unwrap_or_default().to_owned(),
            desired: one.desired_count(),
            running: one.running_count(),
            pending: one.pending_count(),
            message: one
                .events()
                .first()
                .and_then(|event| event.message())
                .unwrap_or_default()
                .to_owned(),
        });
        Ok(services.collect())
    }
}

pub(super) fn refused(
    call: &'static str,
    cluster: &str,
    error: SdkError<impl Refusal, HttpResponse>,
) -> Error {
    if error.code() == Some("ClusterNotFoundException") {
        let cluster = ClusterName::new(cluster);
        return Error::ClusterNotFound { call, cluster };
    }
    Error::from_sdk(call, error)
}
