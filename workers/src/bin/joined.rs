//! The Lambda function `joined`: has the new instance joined its cluster?

use workers::{Worker, boot};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run(Worker::Joined).await
}
