//! The Lambda function `drained`: has every task left the leaving instance?

use workers::{boot, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<handler::Drained>().await
}
