//! Parts of a request that CreateService and UpdateService share.

use serde::Deserialize;
use serde_json::Value;

use crate::wire::request::non_empty;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct LoadBalancerRequest<'a> {
    #[serde(deserialize_with = "non_empty")]
    pub(super) target_group_arn: &'a str,
    #[serde(deserialize_with = "non_empty")]
    pub(super) container_name: &'a str,
    pub(super) container_port: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DeploymentConfiguration<'a> {
    pub(super) minimum_healthy_percent: Option<i64>,
    pub(super) maximum_percent: Option<i64>,
    pub(super) deployment_circuit_breaker: Option<Value>,
    pub(super) strategy: Option<&'a str>,
    pub(super) bake_time_in_minutes: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DeploymentController<'a> {
    #[serde(deserialize_with = "non_empty")]
    pub(super) r#type: &'a str,
}
