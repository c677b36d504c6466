//! The Lambda function `drained`: has every task left the leaving instance?

use workers::{Worker, boot};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run(Worker::Drained).await
}
