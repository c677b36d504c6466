//! The place of this process, for a person to read.

use super::{PLACE, Place, Setting};

impl Place {
    /// The place of this process, once it has connected.
    pub fn settled() -> Option<&'static Self> {
        PLACE.get()
    }

    /// Whether all endpoints that are set are on this machine, as those of the simulator are.
    pub fn is_local(&self) -> bool {
        let is_local = |setting: &Setting| {
            let host = setting.value.split("://").nth(1).unwrap_or_default();
            let local = ["127.", "localhost", "[::1]"];
            local.iter().any(|begin| host.starts_with(begin))
        };
        !self.endpoints.is_empty() && self.endpoints.iter().all(is_local)
    }

    /// The Region, and where it was set.
    pub fn region(&self) -> String {
        self.region.to_string()
    }

    /// The endpoints, and where they were set.
    pub fn endpoints(&self) -> String {
        if self.endpoints.is_empty() {
            return "AWS's own".to_owned();
        }
        let all = self.endpoints.iter().map(ToString::to_string);
        all.collect::<Vec<_>>().join(", ")
    }
}
