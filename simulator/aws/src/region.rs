//! The Region of the accounts of this process. It is chosen once, before the first account is made:
//! AWS's own accounts are in many Regions, but a rollout is in one.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Serialize, Serializer};

/// The Region in which everything happens.
pub static REGION: Region = Region(OnceLock::new());

/// The Region if nobody chooses another one.
const USUAL: &str = "eu-west-1";

/// Parts of the names of Regions, and how the ids of their zones shorten them
/// (<https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html>).
const DIRECTIONS: [(&str, &str); 9] = [
    ("central", "c"),
    ("east", "e"),
    ("north", "n"),
    ("northeast", "ne"),
    ("northwest", "nw"),
    ("south", "s"),
    ("southeast", "se"),
    ("southwest", "sw"),
    ("west", "w"),
];

/// Why a Region cannot be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// The partition `aws` has no such Region.
    #[error(
        "{0} is not the name of a Region of the partition aws; name one such as {USUAL} or us-east-1"
    )]
    NoRegion(String),
    /// Another Region was chosen or used before.
    #[error("the account is in {chosen} already, not in {wanted}")]
    ChosenBefore {
        /// That Region.
        chosen: String,
        /// The one that was to be chosen.
        wanted: String,
    },
}

/// A Region that is chosen once.
pub struct Region(OnceLock<String>);

impl Region {
    /// Chooses the Region called `name` for all accounts of this process.
    ///
    /// # Errors
    /// If no Region of the partition `aws` has such a name, or another one was chosen or used
    /// before.
    pub fn choose(&self, name: &str) -> Result<(), RegionError> {
        if short(name).is_none() {
            return Err(RegionError::NoRegion(name.to_owned()));
        }
        let chosen = self.0.get_or_init(|| name.to_owned());
        if chosen == name {
            Ok(())
        } else {
            Err(RegionError::ChosenBefore {
                chosen: chosen.clone(),
                wanted: name.to_owned(),
            })
        }
    }

    /// Its name, such as `eu-west-1`.
    pub fn as_str(&self) -> &str {
        self.0.get_or_init(|| USUAL.to_owned())
    }

    /// As the ids of its zones begin, such as `euw1`.
    pub fn short(&self) -> String {
        short(self).expect("only such a name is chosen")
    }
}

/// The short form of a Region's name: two letters, a direction, a number.
fn short(name: &str) -> Option<String> {
    let mut parts = name.split('-');
    let (area, direction, number) = (parts.next()?, parts.next()?, parts.next()?);
    let is_area = area.len() == 2 && area.bytes().all(|byte| byte.is_ascii_lowercase());
    // China has a partition of its own.
    let is_known = is_area && area != "cn" && parts.next().is_none();
    let (_, short) = DIRECTIONS.iter().find(|(known, _)| *known == direction)?;
    let is_number = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_known && is_number).then(|| format!("{area}{short}{number}"))
}

impl Deref for Region {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_chosen_once_and_by_a_good_name() {
        let region = Region(OnceLock::new());
        for name in [
            "",
            "eu",
            "eu-west",
            "eu-west-x",
            "eu-up-1",
            "cn-north-1",
            "us-gov-east-1",
        ] {
            let refused = region.choose(name).expect_err(name).to_string();
            assert!(refused.contains("partition aws"), "{refused}");
        }
        region.choose("ap-southeast-2").expect("a Region");
        region.choose("ap-southeast-2").expect("the same");
        assert_eq!(
            (&*region, region.short().as_str()),
            ("ap-southeast-2", "apse2")
        );
        let refused = region
            .choose("us-east-1")
            .expect_err("another one")
            .to_string();
        assert_eq!(
            refused,
            "the account is in ap-southeast-2 already, not in us-east-1"
        );
    }

    #[test]
    fn the_usual_region_is_that_of_the_scenarios() {
        let region = Region(OnceLock::new());
        assert_eq!(
            (region.as_str(), region.short().as_str()),
            ("eu-west-1", "euw1")
        );
    }
}
