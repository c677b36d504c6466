//! How many tasks of each service ran, by what the workers counted when a drain began and until its
//! services had recovered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::ExecutionTrace;

/// The counts of a service over the rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSeries {
    /// The service.
    pub service: String,
    /// What was counted, oldest first.
    pub samples: Vec<Sample>,
}

/// What was counted at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Tasks that ran.
    pub running: i64,
    /// Tasks that the service wanted.
    pub desired: i64,
}

impl Sample {
    /// Which part of the tasks that it wanted ran; all, if it wanted none.
    pub fn share(&self) -> f64 {
        match self.desired {
            ..=0 => 1.0,
            desired => (self.running as f64 / desired as f64).clamp(0.0, 1.0),
        }
    }
}

impl ServiceSeries {
    /// When the smallest part of its tasks ran, for the first time.
    pub fn lowest(&self) -> Option<&Sample> {
        let samples = self.samples.iter();
        samples.min_by(|a, b| a.share().total_cmp(&b.share()))
    }

    /// The share that ran in each of so many equal parts of the time: the lowest that was counted
    /// in it, or else the last before it; nothing before the first count.
    pub fn shares(&self, parts: usize, began: Timestamp, ended: Timestamp) -> Vec<Option<f64>> {
        let whole = super::seconds(began, ended).max(f64::EPSILON);
        let mut shares = vec![None; parts];
        for sample in &self.samples {
            let part = super::seconds(began, sample.at).max(0.0) / whole * parts as f64;
            let part = (part as usize).min(parts.saturating_sub(1));
            let Some(share) = shares.get_mut(part) else {
                break;
            };
            let lowest = share.unwrap_or(1.0_f64).min(sample.share());
            *share = Some(lowest);
        }
        let ends = self.ends_of_parts(parts, began, whole);
        let mut last = None;
        for (share, end) in shares.iter_mut().zip(ends) {
            *share = share.or(last);
            last = end.or(last);
        }
        shares
    }

    /// The last share that was counted in each part.
    fn ends_of_parts(&self, parts: usize, began: Timestamp, whole: f64) -> Vec<Option<f64>> {
        let mut ends = vec![None; parts];
        for sample in &self.samples {
            let part = super::seconds(began, sample.at).max(0.0) / whole * parts as f64;
            let part = (part as usize).min(parts.saturating_sub(1));
            if let Some(end) = ends.get_mut(part) {
                *end = Some(sample.share());
            }
        }
        ends
    }
}

/// The series of all services that were counted, in the order of their names.
pub fn series(passages: &[ExecutionTrace]) -> Vec<ServiceSeries> {
    let mut all: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for (at, counts) in passages.iter().flat_map(|it| &it.counted) {
        let sample = Sample {
            at: *at,
            running: counts.running,
            desired: counts.desired,
        };
        let name = counts.service.to_string();
        all.entry(name).or_default().push(sample);
    }
    let series = all.into_iter().map(|(service, mut samples)| {
        samples.sort_by_key(|sample| sample.at);
        samples.dedup();
        ServiceSeries { service, samples }
    });
    series.collect()
}

#[cfg(test)]
mod tests {
    use workers::model::ServiceName;
    use workers::model::cluster::ServiceCounts;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn passage(counted: &[(i64, &str, i64, i64)]) -> ExecutionTrace {
        let counted = counted.iter().map(|(second, service, running, desired)| {
            let counts = ServiceCounts {
                service: ServiceName::new(*service),
                deployments: 1,
                running: *running,
                pending: 0,
                desired: *desired,
            };
            (at(*second), counts)
        });
        ExecutionTrace {
            counted: counted.collect(),
            ..ExecutionTrace::default()
        }
    }

    #[test]
    fn what_executions_counted_is_one_series_for_each_service() {
        let all = series(&[
            passage(&[(50, "web", 3, 4), (90, "web", 4, 4)]),
            passage(&[(10, "web", 4, 4), (10, "api", 2, 2)]),
        ]);
        let names: Vec<&str> = all.iter().map(|one| one.service.as_str()).collect();
        assert_eq!(names, ["api", "web"]);
        let web = &all[1];
        let times: Vec<i64> = web.samples.iter().map(|one| one.at.as_second()).collect();
        assert_eq!(times, [10, 50, 90]);
        assert_eq!(web.lowest().map(|one| one.at), Some(at(50)));
        assert_eq!(
            web.shares(5, at(0), at(100)),
            [Some(1.0), Some(1.0), Some(0.75), Some(0.75), Some(1.0)]
        );
        assert_eq!(all[0].shares(2, at(20), at(20))[0], Some(1.0));
        assert_eq!(series(&[]), []);
    }

    #[test]
    fn a_service_that_wants_nothing_lacks_nothing() {
        let none = Sample {
            at: at(0),
            running: 0,
            desired: 0,
        };
        assert!((none.share() - 1.0).abs() < f64::EPSILON);
    }
}
