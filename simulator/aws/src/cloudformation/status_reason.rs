//! Why a stack or a resource is in its status.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::error::ResourceError;

/// Why a stack or a resource is in its status. The text is the StackStatusReason or the
/// ResourceStatusReason of the answers.
#[derive(Debug, Clone, Default)]
pub enum StatusReason {
    /// No reason is given.
    #[default]
    None,
    /// A call has asked for it.
    UserInitiated,
    /// The service is at work on a new resource.
    CreationInitiated,
    /// The resource is configured, and CloudFormation waits until it can be seen everywhere.
    ConsistencyCheck,
    /// How far CloudFormation is with a group, or which signal came.
    Progress(String),
    /// The creation of the resource is cancelled, because something else failed.
    CreationCancelled,
    /// The update of the resource is cancelled, because something else failed.
    UpdateCancelled,
    /// The resource failed.
    Failed(Arc<ResourceError>),
    /// The creation of a stack failed, and is undone.
    CreationFailed(FailedResources),
    /// An update or its rollback failed.
    UpdateFailed(FailedResources),
    /// These resources could not be deleted.
    DeletionFailed(Vec<String>),
}

/// The resources of a stack that failed, by logical id.
#[derive(Debug, Clone)]
pub struct FailedResources {
    /// Those that could not be made.
    pub created: Vec<String>,
    /// Those that could not be changed.
    pub updated: Vec<String>,
}

impl Display for StatusReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::UserInitiated => f.write_str("User Initiated"),
            Self::CreationInitiated => f.write_str("Resource creation Initiated"),
            Self::ConsistencyCheck => f.write_str("Eventual consistency check initiated"),
            Self::Progress(text) => f.write_str(text),
            Self::CreationCancelled => f.write_str("Resource creation cancelled"),
            Self::UpdateCancelled => f.write_str("Resource update cancelled"),
            Self::Failed(error) => error.fmt(f),
            Self::CreationFailed(failed) => write!(f, "{failed}Rollback requested by user."),
            Self::UpdateFailed(failed) => failed.fmt(f),
            Self::DeletionFailed(names) => write_sentence(f, "delete", names),
        }
    }
}

/// A sentence for what could not be made and one for what could not be changed, each with a blank
/// after it. Recorded (radkawar/stackd testdata/aws/cloudformation/lifecycle.json, 2026-09) for
/// what could not be made.
///
/// assumption: the other has the blank too. A failed update with two resources proves it.
impl Display for FailedResources {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_sentence(f, "create", &self.created)?;
        write_sentence(f, "update", &self.updated)
    }
}

/// `The following resource(s) failed to …`; nothing if none did.
fn write_sentence(f: &mut Formatter<'_>, verb: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join(", ");
    write!(f, "The following resource(s) failed to {verb}: [{names}]. ")
}
