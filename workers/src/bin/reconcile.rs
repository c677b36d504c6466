//! The Lambda function `reconcile`: does every lifecycle action have an execution?

use workers::{boot, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<handler::Reconcile>().await
}
