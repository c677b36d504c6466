//! Which faults an account has that no scenario drives.

use super::Fault;

impl Fault {
    /// Whether an account has it by itself, without a scenario that starts the workload and runs
    /// the workers.
    ///
    /// # Errors
    /// Why not, after the fault's name.
    pub fn is_of_an_account(self) -> Result<(), &'static str> {
        match self {
            Self::DrainHangs
            | Self::LongTask
            | Self::ProtectedTask
            | Self::BrokenDaemon
            | Self::NoRoom
            | Self::HostPortTaken
            | Self::ConstraintUnmet
            | Self::NoCapacity => Err("is a fault of the workload, which you start yourself"),
            Self::WorkerError
            | Self::WorkerTimeout
            | Self::WorkerMemory
            | Self::FunctionsThrottled
            | Self::ClockSkew => {
                Err("is a fault of workers inside the rehearsal, and here they are processes")
            }
            _ => Ok(()),
        }
    }
}
