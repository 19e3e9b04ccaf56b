//! Ending a command with everything that it started.

/// Kills every process of the group that this process leads. On Windows there are no such groups, and nothing is done.
///
/// The process must not have been waited for: its number could be another's by then.
pub fn kill_group(leader: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // A group that has ended by itself is no fault.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}
