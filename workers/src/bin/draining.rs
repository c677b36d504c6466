//! The Lambda function `draining`: is the leaving instance DRAINING?

use workers::{boot, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<handler::Draining>().await
}
