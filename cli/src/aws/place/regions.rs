//! The names of AWS's Regions. They decide only what is said of a host name that does not exist, so
//! a Region that is newer than this list is used like any other.

/// Where AWS lists them.
pub const LIST: &str =
    "https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html";

/// Those of [`LIST`], of AWS GovCloud (US)
/// (<https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/using-govcloud-endpoints.html>), of
/// China (<https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html>) and of the
/// AWS European Sovereign Cloud (<https://docs.aws.eu/esc/latest/userguide/regions.html>).
const REGIONS: [&str; 39] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-gov-east-1",
    "us-gov-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eusc-de-east-1",
];

/// A name is meant by another one that takes at most this many changes of a letter.
const CHANGES: usize = 2;

/// Whether a Region has this name.
pub fn is_known(name: &str) -> bool {
    REGIONS.contains(&name)
}

/// The Region whose name is almost this one, if there is one.
pub fn nearest(name: &str) -> Option<&'static str> {
    let changes = REGIONS.into_iter().map(|one| (changes(name, one), one));
    let (least, one) = changes.min_by_key(|(changes, _)| *changes)?;
    (least <= CHANGES).then_some(one)
}

/// How many letters must be inserted, left out or replaced to make one name of the other (the
/// Levenshtein distance).
fn changes(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, own) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(letter != own);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_slip_has_its_region_and_another_has_none() {
        for (name, region) in [
            ("eu-wset-1", Some("eu-west-1")),
            ("eu-west1", Some("eu-west-1")),
            ("us-east-1a", Some("us-east-1")),
            ("frankfurt", None),
        ] {
            assert!(!is_known(name));
            assert_eq!(nearest(name), region, "{name}");
        }
        assert!(is_known("eu-west-1"));
        assert_eq!(changes("", "abc"), 3);
        assert_eq!(changes("kitten", "sitting"), 3);
    }
}
