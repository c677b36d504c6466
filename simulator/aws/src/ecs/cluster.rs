//! Clusters: what belongs to one, and the calls about clusters themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Page, failure, invalid, names, paged};
use super::instance::ContainerInstance;
use super::provider::{Share, Waiting};
use super::service::Service;
use super::task::{Ids, Task, Tasks};
use crate::account::{Account, arn};
use crate::ecs::ECS;
use crate::wire::ApiError;
use crate::wire::request::non_empty;

/// A cluster and everything in it.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) active: bool,
    pub(super) instances: BTreeMap<String, ContainerInstance>,
    pub(super) services: BTreeMap<String, Service>,
    pub(super) tasks: Tasks,
    /// The container instance of each EC2 instance that has one.
    pub(super) by_ec2: BTreeMap<String, String>,
    /// The older record of each EC2 instance whose agent left one behind.
    pub(super) left_behind: BTreeMap<String, String>,
    /// The services that found no place for a task, and wait for one.
    pub(super) hungry: BTreeSet<String>,
    /// Its capacity providers.
    pub(super) providers: Vec<String>,
    pub(super) default_strategy: Option<Share>,
    /// The tasks that wait for a capacity provider, in order of creation.
    pub(super) waiting: BTreeMap<u64, Waiting>,
    /// Those that wait will be looked at.
    pub(super) placing: bool,
    tags: Value,
}

impl Cluster {
    /// The ARN of a `kind` (such as `service`) called `id` in this cluster.
    pub(super) fn arn_of(&self, kind: &str, id: &str) -> String {
        arn_in(&self.name, kind, id)
    }

    /// The tasks of `ids`.
    pub(super) fn tasks_of<'a>(&'a self, ids: &'a Ids) -> impl Iterator<Item = &'a Task> {
        ids.values().filter_map(|place| self.tasks.at(*place))
    }

    /// The container instance that `name`, an id or an ARN, means.
    pub(super) fn instance(&self, name: &str) -> Option<&ContainerInstance> {
        self.instances.get(self.id_of("container-instance", name)?)
    }

    /// The task that `name`, an id or an ARN, means.
    pub(super) fn task(&self, name: &str) -> Option<&Task> {
        self.tasks.get(self.id_of("task", name)?)
    }

    /// The service that `name`, a name or an ARN, means.
    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(self.id_of("service", name)?)
    }

    /// The short form of `name`; `None` if it is the ARN of something elsewhere.
    pub(super) fn id_of<'a>(&self, kind: &str, name: &'a str) -> Option<&'a str> {
        if !name.starts_with("arn:") {
            return Some(name);
        }
        name.strip_prefix(&arn("ecs", &format!("{kind}/{}/", self.name)))
    }
}

/// The ARN of a `kind` called `id` in `cluster`.
pub(super) fn arn_in(cluster: &str, kind: &str, id: &str) -> String {
    arn("ecs", &format!("{kind}/{cluster}/{id}"))
}

/// The ARN that a failure names: `name` itself if it is one.
pub(super) fn failed_arn(cluster: &str, kind: &str, name: &str) -> String {
    if name.starts_with("arn:") {
        name.to_owned()
    } else {
        arn_in(cluster, kind, name)
    }
}

fn short(name: &str) -> String {
    name.strip_prefix(&arn("ecs", "cluster/"))
        .unwrap_or(name)
        .to_owned()
}

/// The name of the cluster that `cluster` of a call means, if it is ACTIVE.
///
/// # Errors
/// `ClusterNotFoundException`.
pub(super) fn named(account: &Account, cluster: Option<&str>) -> Result<String, ApiError> {
    let name = short(cluster.unwrap_or("default"));
    match account[ECS].clusters.get(&name) {
        Some(cluster) if cluster.active => Ok(name),
        _ => Err(ApiError::client(
            "ClusterNotFoundException",
            "Cluster not found.",
        )),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateCluster<'a> {
    cluster_name: Option<&'a str>,
    #[serde(default)]
    tags: Vec<Value>,
    #[serde(default)]
    settings: Vec<Value>,
}

/// CreateCluster. As with AWS, one that is there already is answered as it is.
pub(super) fn create(account: &mut Account, request: CreateCluster<'_>) -> Result<Value, ApiError> {
    let name = request.cluster_name.unwrap_or("default");
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 255 || !name.chars().all(legal) {
        return Err(invalid(format!("Invalid cluster name: {name}")));
    }
    for setting in request.settings {
        if setting["name"] != "containerInsights" {
            return Err(ApiError::not_known(format_args!(
                "the cluster setting {setting}"
            )));
        }
    }
    let clusters = &mut account[ECS].clusters;
    if !clusters.get(name).is_some_and(|cluster| cluster.active) {
        let cluster = Cluster {
            name: name.to_owned(),
            active: true,
            instances: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: Tasks::default(),
            by_ec2: BTreeMap::new(),
            left_behind: BTreeMap::new(),
            hungry: BTreeSet::new(),
            providers: Vec::new(),
            default_strategy: None,
            waiting: BTreeMap::new(),
            placing: false,
            tags: request.tags.into(),
        };
        clusters.insert(name.to_owned(), cluster);
    }
    Ok(answer(&clusters[name]))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteCluster<'a> {
    #[serde(deserialize_with = "non_empty")]
    cluster: &'a str,
}

/// DeleteCluster.
pub(super) fn delete(account: &mut Account, request: DeleteCluster<'_>) -> Result<Value, ApiError> {
    let name = named(account, Some(request.cluster))?;
    let cluster = account[ECS].cluster_mut(&name);
    let (code, what) = if cluster
        .instances
        .values()
        .any(ContainerInstance::registered)
    {
        (
            "ClusterContainsContainerInstancesException",
            "Container Instances",
        )
    } else if cluster.services.values().any(|service| !service.inactive()) {
        ("ClusterContainsServicesException", "Services")
    } else if cluster.tasks.values().any(|task| !task.stopped()) {
        ("ClusterContainsTasksException", "Tasks")
    } else {
        cluster.active = false;
        return Ok(json!({"cluster": described(cluster, false)}));
    };
    let message = format!("The Cluster cannot be deleted while {what} are active.");
    Err(ApiError::client(code, message))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListClusters<'a> {
    max_results: Option<i64>,
    next_token: Option<&'a str>,
}

/// ListClusters.
pub(super) fn list(account: &Account, request: ListClusters<'_>) -> Result<Value, ApiError> {
    let page = Page {
        max_results: request.max_results,
        next_token: request.next_token,
        default: 100,
    };
    let active = account[ECS]
        .clusters
        .values()
        .filter(|cluster| cluster.active);
    let (names, next) = page.of(active.map(|cluster| cluster.name.as_str()))?;
    let arns = names
        .into_iter()
        .map(|name| arn("ecs", &format!("cluster/{name}")));
    Ok(paged("clusterArns", arns.collect(), next))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeClusters<'a> {
    #[serde(borrow, default)]
    clusters: Vec<&'a str>,
    #[serde(default)]
    include: Vec<ClusterField>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum ClusterField {
    Tags,
    Statistics,
    Settings,
    Configurations,
    Attachments,
}

/// DescribeClusters.
pub(super) fn describe(
    account: &Account,
    request: DescribeClusters<'_>,
) -> Result<Value, ApiError> {
    let names = if request.clusters.is_empty() {
        vec!["default"]
    } else {
        names("clusters", request.clusters, 100)?
    };
    let statistics = request.include.contains(&ClusterField::Statistics);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match account[ECS].clusters.get(&short(name)) {
            Some(cluster) => found.push(described(cluster, statistics)),
            None => failures.push(failure(
                &arn("ecs", &format!("cluster/{}", short(name))),
                "MISSING",
            )),
        }
    }
    Ok(json!({"clusters": found, "failures": failures}))
}

/// An answer that describes a cluster.
pub(super) fn answer(cluster: &Cluster) -> Value {
    json!({"cluster": described(cluster, false)})
}

fn described(cluster: &Cluster, statistics: bool) -> Value {
    let strategy = cluster.default_strategy.iter().map(|one| &one.described);
    let running = cluster.tasks.values().filter(|task| task.running()).count();
    let pending = cluster.tasks.values().filter(|task| task.pending()).count();
    let services = |test: fn(&Service) -> bool| {
        cluster
            .services
            .values()
            .filter(|service| test(service))
            .count()
    };
    let registered = cluster
        .instances
        .values()
        .filter(|i| i.registered())
        .count();
    let mut list = Vec::new();
    if statistics {
        let counts = [
            ("runningEC2TasksCount", running),
            ("RunningFargateTasksCount", 0),
            ("pendingEC2TasksCount", pending),
            ("pendingFargateTasksCount", 0),
            ("activeEC2ServiceCount", services(Service::active)),
            ("activeFargateServiceCount", 0),
            ("drainingEC2ServiceCount", services(Service::draining)),
            ("drainingFargateServiceCount", 0),
        ];
        list.extend(counts.map(|(name, count)| json!({"name": name, "value": count.to_string()})));
    }
    json!({
        "clusterArn": arn("ecs", &format!("cluster/{}", cluster.name)),
        "clusterName": cluster.name,
        "status": if cluster.active { "ACTIVE" } else { "INACTIVE" },
        "registeredContainerInstancesCount": registered,
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": services(Service::active),
        "statistics": list,
        "tags": cluster.tags,
        "settings": [],
        "capacityProviders": cluster.providers,
        "defaultCapacityProviderStrategy": strategy.collect::<Vec<_>>(),
    })
}
