//! The Lambda function `joined`: has the new instance joined its cluster?

use workers::{boot, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    boot::run::<handler::Joined>().await
}
