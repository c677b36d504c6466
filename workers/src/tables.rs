//! Tests in tables: every call of every client with every way in which AWS can refuse it, answer it
//! in part, or split its answer; every worker with an instance that is registered twice; every
//! deadline of a drain that had to wait.

mod answers;
mod calls;
mod deadlines;
mod fields;
mod limits;
pub mod lists;
mod nouns;
mod registrations;
mod translation;
