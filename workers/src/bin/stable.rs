//! The Lambda function `stable`: may the instance go on?

use workers::{boot, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<handler::Stable>().await
}
