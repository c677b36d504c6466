//! CloudWatch: the metrics that CloudWatch Logs reads out of log lines in the embedded metric
//! format, strictly by its specification
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//! What is not in it is not taken, and kept with the reason. And the metrics that services publish
//! about themselves ([`services`]), with the alarms that look at them ([`alarms`]).

pub mod alarms;
mod error;
pub mod services;

use crate::state::Key;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use error::DocumentError;

/// Limits of the specification: of a log event in bytes, of the metrics of one directive, of the
/// dimensions of one set, of a name.
const LINE_LIMIT: usize = 1024 * 1024;
const METRICS_LIMIT: usize = 100;
const DIMENSIONS_LIMIT: usize = 30;
const NAME_LIMIT: usize = 1024;

/// The units that our lines may name, of those that CloudWatch knows.
const UNITS: [&str; 6] = [
    "Seconds",
    "Milliseconds",
    "Count",
    "Percent",
    "Bytes",
    "None",
];

/// What a metric is: namespace, name, and dimensions. Each costs by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its dimensions: name and value.
    pub dimensions: BTreeMap<String, String>,
}

/// The way to what CloudWatch remembers of an account.
pub const CLOUDWATCH: Key<State> = Key::new();

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {
    /// The values of each metric, with their units, in the order in which they came.
    pub metrics: BTreeMap<Metric, Vec<(f64, String)>>,
    /// Lines that are no valid document of the format, with the reason.
    pub refused: Vec<(String, DocumentError)>,
    /// The names of the alarms that a scenario has set to ALARM.
    pub in_alarm: BTreeSet<String>,
    /// What services publish about themselves.
    pub services: services::Published,
}

impl State {
    /// Takes a line of a log.
    pub fn take(&mut self, line: &str) {
        match read(line) {
            Ok(values) => {
                for (metric, value) in values {
                    self.metrics.entry(metric).or_default().push(value);
                }
            }
            Err(reason) => self.refused.push((line.to_owned(), reason)),
        }
    }
}

/// A value, and its unit.
type Valued = (f64, String);

/// The values in a line: one for each metric and each set of dimensions.
fn read(line: &str) -> Result<Vec<(Metric, Valued)>, DocumentError> {
    if line.len() > LINE_LIMIT {
        return Err(DocumentError::TooLong(line.len()));
    }
    let root: Value =
        serde_json::from_str(line).map_err(|error| DocumentError::NotJson(error.to_string()))?;
    let metadata = &root["_aws"];
    only("_aws", metadata, &["Timestamp", "CloudWatchMetrics"])?;
    if !metadata["Timestamp"].is_u64() {
        return Err(DocumentError::NotATime);
    }
    let mut values = Vec::new();
    for directive in list(&metadata["CloudWatchMetrics"], "CloudWatchMetrics")? {
        only(
            "a directive",
            directive,
            &["Namespace", "Dimensions", "Metrics"],
        )?;
        let namespace = name(&directive["Namespace"], "Namespace")?;
        let metrics = list(&directive["Metrics"], "Metrics")?;
        if metrics.len() > METRICS_LIMIT {
            return Err(DocumentError::TooManyMetrics);
        }
        let sets = list(&directive["Dimensions"], "Dimensions")?;
        if sets.is_empty() {
            return Err(DocumentError::NoSet);
        }
        for set in sets {
            let dimensions = dimensions(&root, set)?;
            for metric in metrics {
                let (name, value) = value(&root, metric)?;
                let metric = Metric {
                    namespace: namespace.clone(),
                    name,
                    dimensions: dimensions.clone(),
                };
                values.push((metric, value));
            }
        }
    }
    Ok(values)
}

fn only(what: &'static str, value: &Value, known: &[&'static str]) -> Result<(), DocumentError> {
    let members = value.as_object().ok_or(DocumentError::NotAnObject(what))?;
    let given: BTreeSet<&str> = members.keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> = known.iter().copied().collect();
    if given == expected {
        Ok(())
    } else {
        Err(DocumentError::Members {
            what,
            found: members.keys().cloned().collect(),
            expected: known.iter().copied().collect(),
        })
    }
}

fn list<'a>(value: &'a Value, what: &'static str) -> Result<&'a Vec<Value>, DocumentError> {
    value.as_array().ok_or(DocumentError::NotAList(what))
}

fn name(value: &Value, what: &str) -> Result<String, DocumentError> {
    let text = value
        .as_str()
        .filter(|text| (1..=NAME_LIMIT).contains(&text.len()));
    text.map(str::to_owned)
        .ok_or_else(|| DocumentError::NotAName {
            what: what.to_owned(),
            value: value.clone(),
        })
}

fn dimensions(root: &Value, set: &Value) -> Result<BTreeMap<String, String>, DocumentError> {
    let names = list(set, "a set of dimensions")?;
    if names.len() > DIMENSIONS_LIMIT {
        return Err(DocumentError::TooManyDimensions);
    }
    let of = |each: &Value| {
        let key = name(each, "a dimension")?;
        let value = name(&root[&key], &format!("the dimension {key}"))?;
        Ok((key, value))
    };
    names.iter().map(of).collect()
}

fn value(root: &Value, metric: &Value) -> Result<(String, (f64, String)), DocumentError> {
    only("a metric", metric, &["Name", "Unit"])?;
    let (name, unit) = (
        name(&metric["Name"], "Name")?,
        name(&metric["Unit"], "Unit")?,
    );
    if !UNITS.contains(&unit.as_str()) {
        return Err(DocumentError::UnknownUnit(unit));
    }
    let value = root[&name].as_f64();
    let value = value.ok_or_else(|| DocumentError::NoValue(name.clone()))?;
    Ok((name, (value, unit)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line() -> Value {
        json!({
            "_aws": {"Timestamp": 1_574_109_732_004_u64, "CloudWatchMetrics": [{
                "Namespace": "n", "Dimensions": [["Cluster"]], "Metrics": [{"Name": "time", "Unit": "Seconds"}],
            }]},
            "Cluster": "Dev", "time": 100, "instance": "i-1",
        })
    }

    #[test]
    fn a_document_of_the_format_is_read() {
        let mut state = State::default();
        state.take(&line().to_string());
        assert!(state.refused.is_empty(), "{:?}", state.refused);
        let metric = Metric {
            namespace: "n".to_owned(),
            name: "time".to_owned(),
            dimensions: [("Cluster".to_owned(), "Dev".to_owned())].into(),
        };
        assert_eq!(state.metrics[&metric], [(100.0, "Seconds".to_owned())]);
    }

    #[test]
    fn whatever_breaks_the_specification_is_refused_with_the_reason() {
        for (pointer, value, says) in [
            ("/_aws/Timestamp", json!("now"), "Timestamp"),
            (
                "/_aws/CloudWatchMetrics/0/Namespace",
                json!(""),
                "Namespace",
            ),
            ("/_aws/CloudWatchMetrics/0/Dimensions", json!([]), "no set"),
            (
                "/_aws/CloudWatchMetrics/0/Dimensions/0",
                json!(["Other"]),
                "the dimension Other",
            ),
            (
                "/_aws/CloudWatchMetrics/0/Metrics/0/Name",
                json!("other"),
                "no number other",
            ),
            (
                "/_aws/CloudWatchMetrics/0/Metrics/0/Unit",
                json!("Furlongs"),
                "Furlongs",
            ),
            ("/_aws", json!({}), "_aws has the members"),
            ("/time", json!("long"), "no number time"),
            ("/Cluster", json!(1), "the dimension Cluster"),
        ] {
            let mut line = line();
            *line.pointer_mut(pointer).expect("a member") = value;
            let refused = read(&line.to_string()).expect_err(pointer);
            assert!(refused.to_string().contains(says), "{pointer}: {refused}");
        }
        assert!(read("not JSON").is_err());
    }
}
