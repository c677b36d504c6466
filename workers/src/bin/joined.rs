//! The Lambda function `joined`: has the new instance joined its cluster?

use workers::{boot, only};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<only::Joined>().await
}
