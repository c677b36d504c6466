//! The AMIs of the launch template versions: ECS says of one instance of each which AMI it runs.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use workers::Error;

use super::super::paced_client::PacedClient;
use crate::aws::Member;

/// An instance that has not joined the cluster is looked for again after so long.
const TRIED_EVERY: Duration = Duration::from_secs(15);

/// What was looked at.
#[derive(Debug, Default)]
pub struct Amis {
    tried: Option<Instant>,
    /// You may not look at the cluster's instances: a rollout can be watched without.
    is_denied: bool,
}

impl Amis {
    /// Looks at an instance of one version whose AMI is not known yet; whether it looked at any.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn look(
        &mut self,
        look: &mut PacedClient,
        cluster: &str,
        members: &[Member],
        amis: &mut BTreeMap<String, String>,
    ) -> Result<bool, Error> {
        let is_early = self.tried.is_some_and(|at| at.elapsed() < TRIED_EVERY);
        let unknown = members
            .iter()
            .filter(|one| !amis.contains_key(&one.version));
        // Those in service have joined the cluster; others may have.
        let Some(member) = unknown.max_by_key(|one| one.is_in_service()) else {
            return Ok(false);
        };
        if is_early || self.is_denied {
            return Ok(false);
        }
        self.tried = Some(Instant::now());
        match ami(look, cluster, &member.id).await {
            Ok(Some(ami)) => {
                amis.insert(member.version.clone(), ami);
                self.tried = None;
                Ok(true)
            }
            Err(Error::AccessDenied { .. }) => {
                self.is_denied = true;
                Ok(true)
            }
            other => other.map(|_| true),
        }
    }
}

async fn ami(
    look: &mut PacedClient,
    cluster: &str,
    instance: &str,
) -> Result<Option<String>, Error> {
    match look.registration(cluster, instance).await? {
        Some(arn) => look.ami(cluster, &arn).await,
        None => Ok(None),
    }
}
