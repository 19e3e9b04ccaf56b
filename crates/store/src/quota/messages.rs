//! What a process tells the shared quota, and what it is told.

use super::first_request::Lesson;

/// What one answer said of the quota as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservedQuota {
    /// The server's limit.
    pub limit: u32,
    /// What it had left.
    pub remaining: u32,
    /// When the answer came.
    pub at: u64,
    /// Until when that counts.
    pub until: u64,
}

/// What a process reports and wants.
#[derive(Debug, Clone, Default)]
pub struct LeaseRequest {
    /// The process.
    pub member: String,
    /// Its setting for the limit; the server's word can only tighten it.
    pub set_limit: Option<u32>,
    /// Its setting for the window, which beats what was learned.
    pub set_window: Option<u64>,
    /// The limit and the window (in milliseconds) that hold until an answer says otherwise, where they are not the default.
    pub usual: Option<(u32, u64)>,
    /// The longest time between the taking of a permit and the answer.
    pub longest: u64,
    /// Permits that it holds: in hand, or with a request that was not answered yet.
    pub held: u32,
    /// When requests were answered since the last exchange.
    pub ended: Vec<u64>,
    /// The server's limit, if an answer since then had it.
    pub told: Option<u32>,
    /// The window, if it was learned.
    pub learned_window: Option<u64>,
    /// A 429 asks to send nothing before this.
    pub held_until: u64,
    /// The scarcest answer since the last exchange.
    pub seen: Option<ObservedQuota>,
    /// What the first request, which went alone, says of the quota.
    pub lesson: Option<Lesson>,
    /// Permits for calls that somebody waits for.
    pub interactive: u32,
    /// Permits for work that can wait.
    pub bulk: u32,
    /// Permits to hold in reserve.
    pub spare: u32,
}

/// What a process is granted, and what it should know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaseGrant {
    /// The permits granted.
    pub permits: u32,
    /// Until when they may be used to send.
    pub until: u64,
    /// How long a lease lives.
    pub life: u64,
    /// The time of this computation.
    pub now: u64,
    /// The server's limit as far as any process knows.
    pub told: Option<u32>,
    /// The window as far as any process learned it.
    pub learned_window: Option<u64>,
    /// Nothing is sent before this, if it is still to come; else 0.
    pub held_until: u64,
    /// Permits that were held or cooling before this grant, whoever used them.
    pub used: u32,
    /// How many permits go to others before the first call that got none.
    pub ahead: u32,
    /// The one permit is for a request that goes alone.
    pub alone: bool,
    /// When permits come back, soonest first, and how many; empty if everything was granted.
    pub returns: Vec<(u64, u32)>,
}
