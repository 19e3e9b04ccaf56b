//! Jobs beside a chat, on a clock that stands still unless everyone waits.

use super::{Limiter, SECOND, limiter, long, ms, paused, take};
use futures::future::join_all;
use highlevel_core::context::{CallContext, JobReference};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

/// How long an answer takes.
const LATENCY: Duration = ms(150);

/// The rows of a job that are under way at once.
const ROWS: usize = 12;

/// The quotas of the official API and of the session API.
const QUOTAS: [(u32, Duration); 2] = [(100, Duration::from_secs(10)), (300, Duration::from_secs(60))];

fn of_job() -> CallContext {
    long().in_bulk().for_job(JobReference { job: Arc::from("j"), row: 1 })
}

async fn send(limiter: &Arc<Limiter>, context: &CallContext) -> Instant {
    let permit = take(limiter, context).await.unwrap();
    let sent = Instant::now();
    tokio::time::sleep(LATENCY).await;
    permit.answered(&super::AnswerHeaders::default(), false);
    sent
}

/// Sends requests of a job until `end`, or so many. Returns when each was sent.
async fn job(limiter: &Arc<Limiter>, count: usize, end: Instant) -> Vec<Instant> {
    let (left, sent) = (Mutex::new(count), Mutex::new(Vec::new()));
    join_all((0..ROWS).map(|_| async {
        loop {
            let is_over = {
                let mut left = left.lock().unwrap();
                let is_over = *left == 0;
                *left = left.saturating_sub(1);
                is_over
            };
            if is_over || Instant::now() >= end {
                return;
            }
            let at = send(limiter, &of_job()).await;
            sent.lock().unwrap().push(at);
        }
    }))
    .await;
    sent.into_inner().unwrap()
}

/// A call of a chat each `every`. Returns the longest wait.
async fn chat(limiter: &Arc<Limiter>, every: Duration, end: Instant) -> Duration {
    let mut longest = Duration::ZERO;
    while Instant::now() < end {
        tokio::time::sleep(every).await;
        let asked = Instant::now();
        longest = longest.max(send(limiter, &long()).await - asked);
    }
    longest
}

/// Sixteen updates, each read before and after. A caller without progress is answered after five seconds.
#[test]
fn a_small_job_does_not_wait_for_the_pace() {
    for ((limit, window), longest) in QUOTAS.into_iter().zip([ms(4_200), LATENCY * 4]) {
        paused(async {
            let limiter = limiter(limit, window);
            let start = Instant::now();
            let sent = job(&limiter, 48, start + window).await;
            assert_eq!(sent.len(), 48);
            assert!(start.elapsed() <= longest, "{:?}", start.elapsed());
        });
    }
}

/// Counted in windows wherever they begin, from the second one on. The first one begins with a burst and a reserve.
#[test]
fn a_saturated_job_uses_98_percent_of_every_window() {
    for (limit, window) in QUOTAS {
        paused(async {
            let limiter = limiter(limit, window);
            let start = Instant::now();
            let sent = job(&limiter, usize::MAX, start + window * 12).await;
            let count = |from: Instant| sent.iter().filter(|at| **at >= from && **at < from + window).count();
            for part in 0..40 {
                let used = count(start + window + window / 4 * (part + 1));
                assert!(used * 1000 >= limit as usize * 980, "{used} of {limit} after {part} quarters");
            }
            let first = count(start);
            assert!(first * 100 >= limit as usize * 90, "{first} of {limit} in the first window");
        });
    }
}

#[test]
fn a_chats_call_beside_a_job_waits_no_longer_than_one_interval() {
    for (limit, window) in QUOTAS {
        let interval = window / limit * 1000 / 985;
        for every in [ms(1_130), SECOND * 7] {
            paused(async {
                let limiter = limiter(limit, window);
                let end = Instant::now() + window * 6;
                let (sent, longest) = tokio::join!(job(&limiter, usize::MAX, end), chat(&limiter, every, end));
                assert!(longest <= interval, "{longest:?} with a call each {every:?} and {limit} in {window:?}");
                assert!(sent.len() > limit as usize * 4, "the job goes on: {}", sent.len());
            });
        }
    }
}
