//! Why a nested stack failed.

use crate::cloudformation::status_reason::StatusReason;

/// Why a nested stack failed, as its parent tells it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChildError {
    /// Its creation failed.
    #[error("Embedded stack {child} was not successfully created: {reason}")]
    NotCreated {
        /// Its id.
        child: String,
        /// The reason of its rollback.
        reason: StatusReason,
    },
    /// Its update failed.
    #[error(
        "Embedded stack {child} was not successfully updated. Currently in {status} with reason: {reason}"
    )]
    NotUpdated {
        /// Its id.
        child: String,
        /// Its status when it turned round.
        status: String,
        /// The reason of that.
        reason: StatusReason,
    },
    /// It has come to rest in a status of failure.
    #[error("Embedded stack {child} is in {status}: {reason}")]
    Failed {
        /// Its id.
        child: String,
        /// Its status.
        status: String,
        /// The reason of that.
        reason: StatusReason,
    },
}
