//! What is explained: an instance in its group, or one that has left it.

use serde_json::Value;
use workers::Error;

use super::on_cluster;
use crate::aws::{Aws, Hook};
use crate::explanation::{Detached, Explanation, HookNames};
use crate::failure::Failure;

/// An instance in its group, or one that has left its group and not its cluster.
#[derive(Debug)]
pub enum About {
    /// In its group.
    InGroup(Box<Explanation>),
    /// Not in any.
    Detached(Detached),
}

impl About {
    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        match self {
            Self::InGroup(explanation) => explanation.is_well(),
            Self::Detached(_) => false,
        }
    }

    /// Lines to read.
    pub fn text(&self) -> String {
        match self {
            Self::InGroup(explanation) => explanation.to_string(),
            Self::Detached(detached) => detached.to_string(),
        }
    }

    /// One object.
    pub fn json(&self) -> Value {
        match self {
            Self::InGroup(explanation) => explanation.json(),
            Self::Detached(detached) => detached.json(),
        }
    }
}

/// There is no such cluster.
pub fn no_cluster(aws: &Aws, named: &str) -> Failure {
    let region = &aws.region;
    Failure::from(format!(
        "--cluster: there is no cluster {named} in {region}; give the name of one"
    ))
}

/// The cluster that was named, by name or ARN, is the one of the instance's group.
///
/// # Errors
/// A sentence that names both, if it is another.
pub fn of_cluster(explanation: &Explanation, named: Option<&str>) -> Result<(), Failure> {
    let own = &explanation.hooks.cluster;
    let name = |cluster: &str| cluster.rsplit('/').next().unwrap_or(cluster).to_owned();
    match named.filter(|named| name(named) != name(own)) {
        None => Ok(()),
        Some(named) => Err(Failure::from(format!(
            "--cluster: {} belongs to cluster {own}, not to {named}; leave --cluster out",
            explanation.member.id
        ))),
    }
}

/// An instance that no group has: ECS may still show it.
///
/// # Errors
/// If ECS does not show it either.
pub async fn detached(
    aws: &Aws,
    instance: &str,
    cluster: Option<&str>,
) -> Result<Detached, Failure> {
    let region = &aws.region;
    let found = match cluster {
        Some(named) => Some(named.to_owned()),
        None => aws.cluster_of(instance).await?,
    };
    let Some(found) = found else {
        return Err(Failure::from(format!(
            "{instance} is in no Auto Scaling group of {region}, and in no cluster of a group with hooks of ecs-rollout: it was \
             terminated, or it is in another Region or account (--region, --profile), or in another cluster (--cluster)"
        )));
    };
    let on = match on_cluster(aws, &found, instance).await {
        Err(Error::ClusterNotFound { .. }) => {
            return Err(no_cluster(aws, &found));
        }
        other => other?,
    };
    if !on.is_registered() {
        return Err(Failure::from(format!(
            "{instance} is in no Auto Scaling group of {region}, and not registered in cluster {found}: it was terminated, or it \
             is in another Region or account (--region, --profile)"
        )));
    }
    Ok(Detached {
        now: aws.now(),
        instance: instance.to_owned(),
        cluster: found,
        on_cluster: on,
    })
}

/// What our hooks are called.
pub(super) fn names_of_ours(hooks: &[Hook]) -> HookNames {
    let mut names = HookNames::default();
    for hook in hooks.iter().filter(|hook| hook.ours.is_some()) {
        let name = Some(hook.name.clone());
        if hook.is_of_launch {
            names.launch = name
        } else {
            names.terminate = name
        }
    }
    names
}

/// The explanation of an instance of a group, as text.
///
/// # Errors
/// As the verb.
pub async fn explained(aws: &Aws, instance: &str) -> Result<String, Failure> {
    Ok(super::look(aws, instance, None).await?.text())
}
