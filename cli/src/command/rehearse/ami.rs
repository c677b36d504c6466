//! Whether instances can boot what the AMI parameter holds.

use crate::failure::Failure;
use std::path::Path;

use simulator::scenario::Settings;
use simulator::ssm::public;

use crate::aws::AMI_KEY;

/// Refuses a public parameter that holds no AMI id. Of an AMI for another processor it warns: the
/// rollout shows the rest.
///
/// # Errors
/// A sentence that names the file, if the parameters are of one, the value and the way out.
pub(super) fn check(settings: &Settings, file: Option<&Path>) -> Result<(), Failure> {
    let of = |key: &str| settings.parameter(key).unwrap_or_default();
    if let Some(why) = public::why_no_ami(of(AMI_KEY)) {
        let place = file.map_or_else(String::new, |file| format!("{}: ", file.display()));
        return Err(format!("{place}{AMI_KEY}: {why}").into());
    }
    if let Some(wrong) = public::wrong_processor(of(AMI_KEY), of("EcsInstanceType")) {
        anstream::eprintln!("ecs-rollout: {wrong}");
    }
    Ok(())
}
