//! Services whose `memberOf` constraints no instance meets, and the attributes that these ask for:
//! more instances of the same kind would not help them.

use std::collections::BTreeSet;
use std::fmt;

use super::State;
use super::cluster::Cluster;
use super::filter::Expression;
use super::instance::{InCluster, Status};
use super::service::Service;

/// A service that lacks tasks because no instance meets its `memberOf` constraints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Its name.
    pub service: String,
    /// The attributes that the constraints ask for; empty if they ask for other things only.
    pub attributes: Vec<UnmetAttribute>,
}

/// An attribute that a constraint asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetAttribute {
    /// Its name.
    pub name: String,
    /// The values that instances have; empty if no instance has the attribute.
    pub values: BTreeSet<String>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no instance meets the memberOf constraints of service {}",
            self.service
        )?;
        for (place, attribute) in self.attributes.iter().enumerate() {
            f.write_str(if place == 0 { ": " } else { ", and " })?;
            write!(f, "{attribute}")?;
        }
        Ok(())
    }
}

impl fmt::Display for UnmetAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.values.is_empty() {
            return write!(f, "no instance has the attribute {}", self.name);
        }
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        write!(
            f,
            "the attribute {} is {} here",
            self.name,
            values.join(" or ")
        )
    }
}

impl State {
    /// The first ACTIVE REPLICA service of `cluster` that lacks tasks and whose `memberOf`
    /// constraints none of the cluster's ACTIVE instances meets. A cluster without instances has
    /// nothing to compare with.
    pub fn unmet(&self, cluster: &str) -> Option<Unmet> {
        let cluster = self.clusters.get(cluster)?;
        let mut instances = cluster.instances.values();
        if !instances.any(|instance| instance.status == Status::Active) {
            return None;
        }
        let mut services = cluster.services.values();
        let service = services.find(|service| is_unmet(cluster, service))?;
        Some(Unmet {
            service: service.name.clone(),
            attributes: unmet_attributes(cluster, service),
        })
    }
}

fn constraints(service: &Service) -> impl Iterator<Item = &Expression> {
    let definition = &service.primary().definition;
    service
        .rules
        .member_of
        .iter()
        .chain(&definition.constraints)
}

fn is_unmet(cluster: &Cluster, service: &Service) -> bool {
    let is_short = service.healthy < service.desired_in(cluster);
    service.active() && !service.daemon && is_short && service.eligible(cluster).next().is_none()
}

/// What the constraints ask for that no instance meets; if instances meet each of them, but none
/// meets all, what all of them ask for.
fn unmet_attributes(cluster: &Cluster, service: &Service) -> Vec<UnmetAttribute> {
    let instances = || {
        let instances = cluster.instances.values();
        instances.filter(|instance| instance.status == Status::Active)
    };
    let is_met = |it: &&Expression| instances().any(|one| it.holds(&InCluster(one, cluster)));
    let each_is_met = constraints(service).all(|it| is_met(&it));
    let unmet = constraints(service).filter(|it| each_is_met || !is_met(it));
    let names: BTreeSet<&str> = unmet.flat_map(Expression::attributes).collect();
    let names = names.into_iter();
    names
        .map(|name| {
            let values = instances().filter_map(|instance| instance.attribute(name));
            UnmetAttribute {
                name: name.to_owned(),
                values: values.map(str::to_owned).collect(),
            }
        })
        .collect()
}
