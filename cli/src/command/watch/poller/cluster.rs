//! The services of the cluster: listed now and then, described ten at a time, so that hundreds of
//! them take a minute or two and no more than a call or two of each round.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use workers::Error;

use super::super::paced_client::PacedClient;
use crate::aws::{Aws, Service};

/// So often they are listed anew.
const LISTED_EVERY: Duration = Duration::from_secs(120);

/// With more services than this two calls of a round describe them, not one.
const MANY: usize = 100;

/// What is known of them.
#[derive(Debug, Default)]
pub struct Cluster {
    arns: Vec<String>,
    listed: Option<Instant>,
    /// Where the next ten begin.
    place: usize,
}

impl Cluster {
    /// Reads some of the cluster's services into `services`; how many there are.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn look(
        &mut self,
        look: &mut PacedClient,
        cluster: &str,
        services: &mut BTreeMap<String, Service>,
    ) -> Result<Option<usize>, Error> {
        if self.listed.is_none_or(|at| at.elapsed() >= LISTED_EVERY) {
            self.arns = listed(look, cluster).await?;
            self.listed = Some(Instant::now());
            services.retain(|arn, _| self.arns.contains(arn));
        }
        let calls = 1 + usize::from(self.arns.len() > MANY);
        for _ in 0..calls {
            if self.place >= self.arns.len() {
                self.place = 0;
            }
            let some = self.arns.iter().skip(self.place);
            let some: Vec<String> = some.take(Aws::SERVICES_AT_ONCE).cloned().collect();
            if some.is_empty() {
                break;
            }
            self.place += some.len();
            let described = look.services(cluster, &some).await?;
            for arn in some {
                let name = arn.rsplit('/').next().unwrap_or_default();
                match described.iter().find(|one| one.name == name) {
                    Some(found) => services.insert(arn, found.clone()),
                    None => services.remove(&arn),
                };
            }
        }
        Ok(Some(self.arns.len()))
    }
}

async fn listed(look: &mut PacedClient, cluster: &str) -> Result<Vec<String>, Error> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = look.services_listed(cluster, next).await?;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(found);
        }
    }
}
