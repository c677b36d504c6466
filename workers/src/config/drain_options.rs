//! Reading the settings for hard cases, each of which metadata of an earlier template may lack.

use std::ops::RangeInclusive;

use super::fields::Fields;
use crate::model::drain_options::{DrainOptions, StandaloneTaskPolicy};

/// The members that are read here.
pub const KEYS: [&str; 4] = [
    "standaloneTaskPolicy",
    "standaloneTaskLimitSeconds",
    "agentDisconnectedLimitSeconds",
    "waitForDaemons",
];

/// A lifecycle action ends after 48 hours, and no limit inside it is longer. None at all is a limit
/// too.
const LIMIT_SECONDS: RangeInclusive<i64> = 0..=172_800;

/// The settings, or nothing if there is a mistake in one of them.
pub fn read(metadata: &mut Fields<'_>) -> Option<DrainOptions> {
    let default = DrainOptions::default();
    let policies = [
        ("wait", StandaloneTaskPolicy::Wait),
        ("stop", StandaloneTaskPolicy::Stop),
        ("skip-instance", StandaloneTaskPolicy::SkipInstance),
    ];
    let [policy, limit, agent, daemons] = KEYS;
    let policy = metadata.optional(|it| it.one_of(policy, &policies), policy);
    let limit = metadata.optional(|it| it.seconds(limit, &LIMIT_SECONDS), limit);
    let agent = metadata.optional(|it| it.seconds(agent, &LIMIT_SECONDS), agent);
    let daemons = metadata.optional(|it| it.flag(daemons), daemons);
    Some(DrainOptions {
        standalone: policy?.unwrap_or(default.standalone),
        standalone_limit: limit?.unwrap_or(default.standalone_limit),
        agent_limit: agent?.unwrap_or(default.agent_limit),
        wait_for_daemons: daemons?.unwrap_or(default.wait_for_daemons),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn read_from(metadata: &Value) -> Result<DrainOptions, Vec<String>> {
        let (empty, mut mistakes) = (Map::new(), Vec::new());
        let cases = read(&mut Fields::of(metadata, "m", &empty, &mut mistakes));
        let told =
            |mistake: crate::error::Mistake| format!("{} {}", mistake.field, mistake.problem);
        cases.ok_or_else(|| mistakes.into_iter().map(told).collect())
    }

    #[test]
    fn metadata_of_an_earlier_template_gets_the_defaults() {
        assert_eq!(read_from(&json!({})), Ok(DrainOptions::default()));
    }

    #[test]
    fn each_setting_is_read() {
        let metadata = json!({
            "standaloneTaskPolicy": "skip-instance", "standaloneTaskLimitSeconds": 60,
            "agentDisconnectedLimitSeconds": 0, "waitForDaemons": false,
        });
        let cases = read_from(&metadata).expect("good");
        assert_eq!(cases.standalone, StandaloneTaskPolicy::SkipInstance);
        assert_eq!(cases.standalone_limit.as_secs(), 60);
        assert_eq!(cases.agent_limit.as_secs(), 0);
        assert!(!cases.wait_for_daemons);
    }

    #[test]
    fn all_mistakes_are_reported_with_what_could_stand_there() {
        let metadata = json!({
            "standaloneTaskPolicy": "kill", "standaloneTaskLimitSeconds": -1,
            "agentDisconnectedLimitSeconds": "600", "waitForDaemons": "yes",
        });
        assert_eq!(
            read_from(&metadata),
            Err(vec![
                "m.standaloneTaskPolicy must be wait or stop or skip-instance, and is 'kill'".to_owned(),
                "m.standaloneTaskLimitSeconds must be a whole number from 0 to 172800, and is -1".to_owned(),
                "m.agentDisconnectedLimitSeconds must be a whole number from 0 to 172800, and is \"600\"".to_owned(),
                "m.waitForDaemons must be true or false, and is \"yes\"".to_owned(),
            ])
        );
    }
}
