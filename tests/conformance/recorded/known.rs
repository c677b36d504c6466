//! The known differences between the account in memory and the recordings, each with its reason.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::replay::Outcome;

/// What a fact counts as.
#[derive(Debug)]
pub struct Verdict {
    /// Whether it agrees.
    pub agrees: bool,
    /// Whether a difference is known.
    pub known: bool,
    /// What is wrong about it: a difference that is not known, or a known one that is none any
    /// more.
    pub complaint: Option<String>,
}

/// The list.
#[derive(Debug)]
pub struct Known {
    reasons: BTreeMap<String, String>,
    used: Vec<String>,
}

impl Known {
    /// Reads `[{"fact": "service/id", "reason": "…"}]`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = "known-differences.json";
        let list: Value = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        let list = list.as_array().ok_or(format!("{name} is no list"))?;
        let mut reasons = BTreeMap::new();
        for entry in list {
            let member = |member: &str| entry[member].as_str().filter(|text| !text.is_empty());
            let (Some(fact), Some(reason)) = (member("fact"), member("reason")) else {
                return Err(format!("{name}: {entry} lacks a fact or a reason"));
            };
            if reasons.insert(fact.to_owned(), reason.to_owned()).is_some() {
                return Err(format!("{name}: {fact} is there twice"));
            }
        }
        Ok(Self {
            reasons,
            used: Vec::new(),
        })
    }

    /// Says what `outcome` counts as.
    pub fn judge(&mut self, outcome: &Outcome) -> Verdict {
        let known = self.reasons.contains_key(&outcome.fact);
        if known {
            self.used.push(outcome.fact.clone());
        }
        let complaint = match (&outcome.difference, known) {
            (None, false) | (Some(_), true) => None,
            (Some(how), false) => Some(format!("{} differs: {how}", outcome.fact)),
            (None, true) => Some(format!(
                "{} agrees now: take it out of known-differences.json",
                outcome.fact
            )),
        };
        Verdict {
            agrees: outcome.difference.is_none(),
            known: known && outcome.difference.is_some(),
            complaint,
        }
    }

    /// Complaints about known differences of facts that no sequence has.
    pub fn unused(&self) -> Vec<String> {
        let unused = self.reasons.keys().filter(|fact| !self.used.contains(fact));
        unused
            .map(|fact| format!("known-differences.json: no sequence has the fact {fact}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(difference: Option<&str>) -> Verdict {
        let text = r#"[{"fact": "ecs/known", "reason": "nobody depends on it"}]"#;
        let mut known = Known::parse(text).expect("it is good");
        let fact = difference.map_or("ecs/known", |_| "ecs/other").to_owned();
        let difference = difference.map(str::to_owned);
        known.judge(&Outcome { fact, difference })
    }

    #[test]
    fn a_new_difference_is_wrong_and_so_is_a_stale_one() {
        let new = judge(Some("1 is 2")).complaint.expect("it is wrong");
        assert_eq!(new, "ecs/other differs: 1 is 2");
        let stale = judge(None).complaint.expect("it is wrong");
        assert!(stale.starts_with("ecs/known agrees now"), "{stale}");
    }

    #[test]
    fn a_known_difference_is_counted_and_one_without_a_fact_is_wrong() {
        let text = r#"[{"fact": "ecs/known", "reason": "nobody depends on it"}]"#;
        let mut known = Known::parse(text).expect("it is good");
        assert_eq!(known.unused().len(), 1);
        let verdict = known.judge(&Outcome {
            fact: "ecs/known".to_owned(),
            difference: Some("1 is 2".to_owned()),
        });
        assert!(verdict.known && !verdict.agrees && verdict.complaint.is_none());
        assert!(known.unused().is_empty());
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        for text in [
            r#"[{"fact": "a"}]"#,
            r#"[{"fact": "a", "reason": ""}]"#,
            "{}",
            "[",
        ] {
            assert!(Known::parse(text).is_err(), "{text}");
        }
    }
}
