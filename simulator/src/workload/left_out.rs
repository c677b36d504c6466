//! Services that are not rehearsed, and why.

use std::fmt;

/// A service of a file that is not rehearsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub service: String,
    /// Why it is not rehearsed.
    pub why: WhyLeftOut,
}

/// Why a service has no tasks on EC2 instances of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyLeftOut {
    /// It was deleted, and its tasks stop.
    Draining,
    /// It was deleted.
    Inactive,
    /// Its tasks run on Fargate.
    Fargate,
    /// Its tasks run on external instances.
    External,
    /// Its tasks run on ECS Managed Instances.
    ManagedInstances,
    /// Its launch type is another than EC2.
    LaunchType(String),
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.service, self.why)
    }
}

impl fmt::Display for WhyLeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draining => f.write_str("is DRAINING: it was deleted, and ECS stops its tasks"),
            Self::Inactive => f.write_str("is INACTIVE: it was deleted, and has no tasks"),
            Self::Fargate => f.write_str("runs on Fargate"),
            Self::External => f.write_str("runs on external instances (launch type EXTERNAL)"),
            Self::ManagedInstances => {
                f.write_str("runs on ECS Managed Instances (launch type MANAGED_INSTANCES)")
            }
            Self::LaunchType(other) => write!(f, "has the launch type {other}, not EC2"),
        }
    }
}
