//! `--html`: the page on a rehearsed roll, read from the account in memory by its API, as `report`
//! reads a real one.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use simulator::account::REGION;
use simulator::scenario::Inspect;

use crate::aws::Aws;
use crate::command::report;
use crate::failure::Failure;
use crate::fetch::Reader;
use crate::report::{RolloutReport, Source};

/// The stack of every rehearsal.
const STACK: &str = "ecs-cluster";

/// What was read when the rollout was over.
#[derive(Debug, Default)]
pub struct Read {
    source: RefCell<Option<Result<Source, Failure>>>,
}

impl Read {
    /// Reads the account.
    pub fn afterwards(&self) -> Inspect<'_> {
        Box::new(move |config| {
            Box::pin(async move {
                let aws = Aws::of(&config, REGION.to_owned());
                let mut reader = Reader::new(aws, Duration::ZERO, false);
                let source = reader.read(STACK, |_| Ok(None)).await;
                self.source.replace(Some(source));
            })
        })
    }

    /// Writes the page on a rehearsal that cost so much.
    ///
    /// # Errors
    /// A sentence that names the file, or tells what could not be read.
    pub fn write(&self, path: &Path, cost_usd: f64) -> Result<(), Failure> {
        let read = self.source.take();
        let unread = "the account was not read; this is a mistake in ecs-rollout";
        let source = read.ok_or_else(|| Failure::from(unread.to_owned()))??;
        let definition = source.definition.clone();
        let mut tale = RolloutReport::of(source);
        // The page shows the sum that the rehearsal counted, not what histories let estimate.
        tale.cost.is_counted(cost_usd);
        report::write(path, &tale, &definition)
    }
}
