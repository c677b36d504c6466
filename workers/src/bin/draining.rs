//! The Lambda function `draining`: is the leaving instance DRAINING?

use workers::{boot, only};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<only::Draining>().await
}
