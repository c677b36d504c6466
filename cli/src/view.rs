//! What people see.

pub mod answer;
pub mod ending;
pub mod graph;
pub mod live;
pub mod milestones;
pub mod out;
pub mod page;
pub mod planned;
pub mod report;
pub mod simulated;
pub mod status;
pub mod summary;
pub mod wrap;
