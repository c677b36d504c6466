//! The Lambda function `reconcile`: does every lifecycle action have an execution?

use workers::{boot, only};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<only::Reconcile>().await
}
