//! The figures: of each service, how many facts were compared, and how many agree.

use std::collections::BTreeMap;
use std::fmt;

use crate::known::Verdict;

/// The figures of all services.
#[derive(Debug, Default)]
pub struct Table(BTreeMap<String, Row>);

#[derive(Debug, Default)]
struct Row {
    compared: usize,
    agree: usize,
    known: usize,
}

impl Table {
    /// Counts one fact of `service`.
    pub fn count(&mut self, service: &str, verdict: &Verdict) {
        let row = self.0.entry(service.to_owned()).or_default();
        row.compared += 1;
        row.agree += usize::from(verdict.agrees);
        row.known += usize::from(verdict.known);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &str, row: &Row| {
            let Row {
                compared,
                agree,
                known,
            } = row;
            writeln!(f, "{name:<16}{compared:>10}{agree:>8}{known:>18}")
        };
        writeln!(
            f,
            "{:<16}{:>10}{:>8}{:>18}",
            "service", "compared", "agree", "known difference"
        )?;
        let mut all = Row::default();
        for (service, row) in &self.0 {
            line(f, service, row)?;
            all.compared += row.compared;
            all.agree += row.agree;
            all.known += row.known;
        }
        line(f, "all", &all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_service_and_a_sum() {
        let mut table = Table::default();
        let verdict = |agrees| Verdict {
            agrees,
            known: !agrees,
            complaint: None,
        };
        table.count("ecs", &verdict(true));
        table.count("ecs", &verdict(false));
        table.count("ssm", &verdict(true));
        let text = table.to_string();
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(lines[1], ["ecs", "2", "1", "1"]);
        assert_eq!(lines[2], ["ssm", "1", "1", "0"]);
        assert_eq!(lines[3], ["all", "3", "2", "1"]);
    }
}
