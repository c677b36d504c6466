//! Who makes a call.

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The operator, with all rights.
    Operator,
    /// A Lambda function, by its name, with the rights of its role.
    Function(String),
    /// An activity worker, with the rights of the managed policy with this ARN.
    ActivityWorker(String),
    /// Somebody with the rights of the managed policies with these ARNs.
    PolicyHolder(Vec<String>),
    /// CloudFormation, with the rights of the service role with this ARN.
    StackRole(String),
    /// An AWS service on the user's behalf, such as `cloudformation`.
    Service(&'static str),
}
