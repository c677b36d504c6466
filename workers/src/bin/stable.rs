//! The Lambda function `stable`: may the instance go on?

use workers::{boot, only};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<only::Stable>().await
}
