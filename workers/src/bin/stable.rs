//! The Lambda function `stable`: may the instance go on?

use workers::{Worker, boot};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run(Worker::Stable).await
}
