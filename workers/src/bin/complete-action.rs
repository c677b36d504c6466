//! The Lambda function `complete-action`: answers the lifecycle hook, and tells CloudFormation.

use workers::{boot, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<handler::CompleteAction>().await
}
