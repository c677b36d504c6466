//! Metadata that an earlier template wrote: hooks keep it until the stack is updated, and an update
//! that rolls back brings it back. What a template of today writes in addition is then taken as it
//! was before there was a choice.

use std::ops::RangeInclusive;

use crate::config::fields::Fields;
use crate::model::UpdateMethod;

/// How many instances CloudFormation replaces at a time, by its MaxBatchSize.
const BATCH_SIZE: RangeInclusive<i64> = 1..=100;

/// `batchSize`. Before it was written, a batch was one instance as far as workers care.
pub fn batch_size(metadata: &mut Fields<'_>) -> Option<i64> {
    let given = metadata.optional(|it| it.whole("batchSize", &BATCH_SIZE), "batchSize")?;
    Some(given.unwrap_or(*BATCH_SIZE.start()))
}

/// `updateMethod`. Before it was written, every update was a rolling update.
pub fn update_method(metadata: &mut Fields<'_>) -> Option<UpdateMethod> {
    let known = [
        ("RollingUpdate", UpdateMethod::RollingUpdate),
        ("InstanceRefresh", UpdateMethod::InstanceRefresh),
    ];
    let given = metadata.optional(|it| it.one_of("updateMethod", &known), "updateMethod")?;
    Some(given.unwrap_or(UpdateMethod::RollingUpdate))
}

/// `metrics`. Before it was written, there were none.
pub fn metrics(metadata: &mut Fields<'_>) -> Option<bool> {
    let given = metadata.optional(|it| it.flag("metrics"), "metrics")?;
    Some(given.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::error::Mistake;

    fn read<T>(metadata: Value, read: impl Fn(&mut Fields<'_>) -> Option<T>) -> Result<T, String> {
        let empty = Map::new();
        let mut mistakes: Vec<Mistake> = Vec::new();
        let read = read(&mut Fields::of(&metadata, "m", &empty, &mut mistakes));
        read.ok_or_else(|| format!("{}: {}", mistakes[0].field, mistakes[0].problem))
    }

    #[test]
    fn what_an_earlier_template_did_not_write_is_as_it_was_then() {
        assert_eq!(read(json!({}), batch_size), Ok(1));
        assert_eq!(read(json!({"batchSize": 7}), batch_size), Ok(7));
        let method = |metadata| read(metadata, update_method);
        assert_eq!(method(json!({})), Ok(UpdateMethod::RollingUpdate));
        assert_eq!(
            method(json!({"updateMethod": "InstanceRefresh"})),
            Ok(UpdateMethod::InstanceRefresh)
        );
        assert_eq!(read(json!({}), metrics), Ok(false));
        assert_eq!(read(json!({"metrics": true}), metrics), Ok(true));
    }

    #[test]
    fn what_it_wrote_wrong_is_a_mistake() {
        let refused = read(json!({"batchSize": 0}), batch_size).expect_err("wrong");
        assert!(refused.starts_with("m.batchSize: must be"), "{refused}");
        let refused = read(json!({"metrics": "yes"}), metrics).expect_err("wrong");
        assert_eq!(refused, "m.metrics: must be true or false, and is \"yes\"");
        let refused = read(json!({"updateMethod": "Hope"}), update_method).expect_err("wrong");
        assert_eq!(
            refused,
            "m.updateMethod: must be RollingUpdate or InstanceRefresh, and is 'Hope'"
        );
    }
}
