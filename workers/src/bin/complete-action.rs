//! The Lambda function `complete-action`: answers the lifecycle hook, and tells CloudFormation.

use workers::{boot, only};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<only::CompleteAction>().await
}
