//! The workers without Lambda: a long-running process that polls one Step Functions activity for
//! each worker, and answers with the same code as the functions do.
//!
//! ```text
//! main          flags, logs, signals            (the binary)
//! lib           one loop for each activity: poll, hand over, poll again
//! hold          one question: work, beat, answer
//! stepfunctions the calls; the only file that names the SDK
//! pace          how long to wait, without a clock
//! ```
//!
//! Nothing is kept between questions. A process that is killed loses what it holds; Step Functions
//! notices after the definition's HeartbeatSeconds, and asks again. So any number of processes may
//! run, and come and go.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use workers::{Clients, Worker};

pub mod pace;
pub mod stepfunctions;
mod task;

use stepfunctions::StepFunctions;

/// What a process does.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The ARN of each activity, and the worker that answers there.
    pub activities: Vec<(Worker, String)>,
    /// How many questions of one activity are worked on at a time.
    pub concurrency: usize,
    /// What the executions' histories call this process.
    pub name: String,
    /// How long questions that are held may take to be answered when the process is told to stop.
    pub grace: Duration,
}

impl Settings {
    /// The activities of all workers: `prefix` and the worker's name, as the template names them.
    pub fn activities_with(prefix: &str) -> Vec<(Worker, String)> {
        Worker::ALL
            .into_iter()
            .map(|worker| (worker, format!("{prefix}{}", worker.name())))
            .collect()
    }
}

/// Polls and answers until `stop` says true, then finishes what is held. Returns how many questions
/// were left unanswered.
pub async fn run(
    settings: &Settings,
    stepfunctions: &StepFunctions,
    clients: &Clients,
    now: impl Fn() -> Timestamp + Clone + Send + Sync + 'static,
    stop: watch::Receiver<bool>,
) -> usize {
    let mut lines = JoinSet::new();
    for (worker, activity) in &settings.activities {
        let line = Line {
            worker: *worker,
            activity: activity.clone(),
            settings: settings.clone(),
            stepfunctions: stepfunctions.clone(),
            clients: clients.clone(),
            tasks: JoinSet::new(),
        };
        lines.spawn(line.serve(now.clone(), stop.clone()));
    }
    let left = lines.join_all().await;
    left.into_iter().sum()
}

/// The line of questions of one activity.
struct Line {
    worker: Worker,
    activity: String,
    settings: Settings,
    stepfunctions: StepFunctions,
    clients: Clients,
    tasks: JoinSet<()>,
}

impl Line {
    async fn serve(
        mut self,
        now: impl Fn() -> Timestamp + Clone + Send + Sync + 'static,
        mut stop: watch::Receiver<bool>,
    ) -> usize {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.poll(now) => {}
        }
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        let _out_of_time = tokio::time::timeout(self.settings.grace, finished).await;
        self.tasks.len()
    }

    /// Takes questions for ever, no more at a time than it may work on.
    async fn poll(&mut self, now: impl Fn() -> Timestamp + Clone + Send + Sync + 'static) {
        let mut trouble = Trouble::default();
        loop {
            while self.tasks.try_join_next().is_some() {}
            if self.tasks.len() >= self.settings.concurrency {
                self.tasks.join_next().await;
            }
            let polled = self.stepfunctions.next(&self.activity, &self.settings.name);
            match polled.await {
                Ok(task) => {
                    trouble.over(self.worker, &self.activity);
                    if let Some(task) = task {
                        let (stepfunctions, clients) =
                            (self.stepfunctions.clone(), self.clients.clone());
                        let answer =
                            task::answer(self.worker, task, stepfunctions, clients, now.clone());
                        self.tasks.spawn(answer);
                    }
                }
                Err(error) => {
                    trouble.again(self.worker, &self.activity, error.name(), &error.chain());
                    tokio::time::sleep(pace::backoff(trouble.failures, fastrand::f64())).await;
                }
            }
        }
    }
}

/// Polls that failed in a row. Each kind of error is told once, and so is its end.
#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
    told: Option<&'static str>,
}

impl Trouble {
    fn again(&mut self, worker: Worker, activity: &str, name: &'static str, chain: &str) {
        self.failures = self.failures.saturating_add(1);
        if self.told != Some(name) {
            tracing::error!(
                worker = worker.name(),
                activity,
                error = name,
                chain,
                "cannot poll; trying again"
            );
            self.told = Some(name);
        }
    }

    fn over(&mut self, worker: Worker, activity: &str) {
        if self.told.is_some() {
            let failures = self.failures;
            tracing::info!(worker = worker.name(), activity, failures, "polling again");
        }
        *self = Self::default();
    }
}
