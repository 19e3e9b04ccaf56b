//! The limiter against a simple model, on a clock that stands still unless everyone waits.

mod jobs;
mod processes;

use super::{AnswerHeaders, Limiter, Permit, QuotaSettings, local::LocalQuota};
use chrono::Utc;
use futures::future::join_all;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use proptest::prelude::*;
use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn paused<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn long() -> CallContext {
    CallContext::new(Duration::from_secs(100_000))
}

fn limiter(limit: u32, window: Duration) -> Arc<Limiter> {
    Limiter::new(QuotaSettings { limit: Some(limit), window: Some(window), ..QuotaSettings::default() }, None)
}

async fn take(limiter: &Arc<Limiter>, context: &CallContext) -> Result<Permit> {
    limiter.acquire(limiter.ticket(context.priority), context).await
}

fn told(limit: u32, remaining: u32, reset: Option<Duration>) -> AnswerHeaders {
    AnswerHeaders {
        limit: Some(limit),
        remaining: Some(remaining),
        reset,
        reset_is_sure: true,
        ..AnswerHeaders::default()
    }
}

/// One call of a property: when it comes, how long its answer takes, when it is cancelled or has to be over.
#[derive(Debug, Clone)]
struct Call {
    comes: Duration,
    takes: Duration,
    gives_up: Option<Duration>,
    /// It ends without an answer.
    breaks: bool,
}

/// All times are even tens of milliseconds, except the giving up: so nothing happens at the same moment by chance.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = (0_u64..3_000, 0_u64..1_500, proptest::option::of(0_u64..4_000), any::<bool>());
    let call = call.prop_map(|(comes, takes, gives_up, breaks)| Call {
        comes: ms(comes * 10),
        takes: ms(takes * 10),
        gives_up: gives_up.map(|after| ms((comes + after) * 10 + 5)),
        breaks,
    });
    proptest::collection::vec(call, 1..60).prop_map(|mut calls| {
        calls.sort_by_key(|call| call.comes);
        calls
    })
}

/// When each call was sent, in the order of sending, with its number.
type Sent = Vec<(usize, Duration)>;

async fn run(limiter: &Arc<Limiter>, calls: &[Call], as_deadline: bool) -> (Sent, Vec<(usize, Error)>) {
    let start = Instant::now();
    let (sent, failed) = (Mutex::new(Sent::new()), Mutex::new(Vec::new()));
    let all = calls.iter().enumerate().map(|(number, call)| {
        let (sent, failed) = (&sent, &failed);
        async move {
            tokio::time::sleep_until(start + call.comes).await;
            let mut context = long();
            if let Some(at) = call.gives_up {
                if as_deadline {
                    context.deadline = start + at;
                } else {
                    let cancel = context.cancel.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep_until(start + at).await;
                        cancel.cancel();
                    });
                }
            }
            match take(limiter, &context).await {
                Ok(permit) => {
                    sent.lock().unwrap().push((number, start.elapsed()));
                    tokio::time::sleep(call.takes).await;
                    if call.breaks { drop(permit) } else { permit.answered(&AnswerHeaders::default(), false) }
                }
                Err(error) => failed.lock().unwrap().push((number, error)),
            }
        }
    });
    join_all(all).await;
    (sent.into_inner().unwrap(), failed.into_inner().unwrap())
}

/// Wherever between sending and answer the server counts, and wherever its window lies.
fn never_over(limit: usize, window: Duration, calls: &[Call], sent: &Sent) -> bool {
    sent.iter().all(|(_, end)| {
        let counted = |(number, at): &&(usize, Duration)| *at <= *end && *at + calls[*number].takes + window > *end;
        sent.iter().filter(counted).count() <= limit
    })
}

/// The model: calls in order, each takes the permit that is free first.
fn model(limit: usize, window: Duration, calls: &[Call]) -> Sent {
    let mut free = vec![Duration::ZERO; limit];
    let mut last = Duration::ZERO;
    let mut sent = Sent::new();
    for (number, call) in calls.iter().enumerate() {
        let first = free.iter_mut().min().unwrap();
        let at = call.comes.max(last).max(*first);
        if call.gives_up.is_none_or(|given_up| at < given_up) {
            *first = at + call.takes + window;
            last = at;
            sent.push((number, at));
        }
    }
    sent
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn calls_go_as_the_model_says(calls in calls(), limit in 1_u32..8, window in 1_u64..2_000) {
        let (window, size) = (ms(window * 10), usize::try_from(limit).unwrap());
        let (sent, failed) = paused(async { run(&limiter(limit, window), &calls, false).await });
        prop_assert_eq!(&sent, &model(size, window, &calls));
        prop_assert!(never_over(size, window, &calls, &sent));
        prop_assert!(failed.iter().all(|(_, error)| error.code == Code::Cancelled));
        prop_assert_eq!(sent.len() + failed.len(), calls.len());
    }

    #[test]
    fn deadlines_are_kept_and_nothing_is_lost(calls in calls(), limit in 1_u32..8, window in 1_u64..2_000) {
        let (window, size) = (ms(window * 10), usize::try_from(limit).unwrap());
        let ((sent, failed), free) = paused(async {
            let limiter = limiter(limit, window);
            let done = run(&limiter, &calls, true).await;
            tokio::time::sleep(window).await;
            (done, limiter.view().remaining)
        });
        prop_assert!(never_over(size, window, &calls, &sent));
        prop_assert!(sent.is_sorted_by_key(|(number, _)| *number), "first come, first served");
        prop_assert!(sent.iter().all(|(number, at)| calls[*number].gives_up.is_none_or(|deadline| *at < deadline)));
        prop_assert!(failed.iter().all(|(_, error)| error.code == Code::RateLimited && error.retry_at.is_some()));
        prop_assert_eq!(sent.len() + failed.len(), calls.len());
        prop_assert_eq!(free, limit, "every permit came back");
    }
}

#[test]
fn a_permit_comes_back_one_window_after_the_answer() {
    paused(async {
        let (limiter, start) = (limiter(1, 10 * SECOND), Instant::now());
        let permit = take(&limiter, &long()).await.unwrap();
        tokio::time::sleep(3 * SECOND).await;
        permit.answered(&AnswerHeaders::default(), false);
        take(&limiter, &long()).await.unwrap();
        assert_eq!(start.elapsed(), 13 * SECOND);
    });
}

#[test]
fn a_permit_that_was_not_used_is_free_at_once() {
    paused(async {
        let (limiter, start) = (limiter(1, 10 * SECOND), Instant::now());
        let permit = take(&limiter, &long()).await.unwrap();
        let context = long();
        let (next, ()) = tokio::join!(take(&limiter, &context), async { permit.unused() });
        next.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_call_whose_turn_comes_too_late_fails_at_once_and_says_when() {
    paused(async {
        let (limiter, start, now) = (limiter(2, 10 * SECOND), Instant::now(), Utc::now());
        for _ in 0..2 {
            take(&limiter, &long()).await.unwrap().answered(&AnswerHeaders::default(), false);
            tokio::time::sleep(SECOND).await;
        }
        // Answers at 0 and 1: turns at 10, 11 (both waited for), 20 (the third).
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                tokio::spawn({
                    let limiter = Arc::clone(&limiter);
                    async move { drop(take(&limiter, &long()).await) }
                })
            })
            .collect();
        tokio::task::yield_now().await;
        let error = take(&limiter, &CallContext::new(17 * SECOND)).await.unwrap_err();
        assert_eq!((error.code, start.elapsed()), (Code::RateLimited, 2 * SECOND));
        // The runtime's clock stands still at 2, the wall's at about 0: the distance to 20 is 18.
        let distance = (error.retry_at.unwrap() - now).as_seconds_f64();
        assert!((18.0..19.0).contains(&distance), "{distance}");
        join_all(waiting).await;
    });
}

#[test]
fn a_refusal_holds_back_all_and_fails_those_it_makes_too_late() {
    paused(async {
        let (limiter, start) = (limiter(5, 10 * SECOND), Instant::now());
        let first = take(&limiter, &long()).await.unwrap();
        let headers = AnswerHeaders { retry_after: Some(7 * SECOND), ..AnswerHeaders::default() };
        first.answered(&headers, true);
        assert_eq!(limiter.view().remaining, 0);
        assert!(limiter.view().held_until.is_some());
        let short = take(&limiter, &CallContext::new(6 * SECOND)).await.unwrap_err();
        assert_eq!((short.code, start.elapsed()), (Code::RateLimited, Duration::ZERO));

        // These two would be served at 7 until another refusal, at 1, moves it to 21.
        let in_time = CallContext::new(9 * SECOND);
        let patient = long();
        let again = AnswerHeaders { retry_after: Some(20 * SECOND), ..AnswerHeaders::default() };
        let later = async {
            tokio::time::sleep(SECOND).await;
            Permit::new(Arc::clone(&limiter)).answered(&again, true);
        };
        let impatient = async { (take(&limiter, &in_time).await.map(drop), start.elapsed()) };
        let waits = async { (take(&limiter, &patient).await.map(drop), start.elapsed()) };
        let (impatient, waits, ()) = tokio::join!(impatient, waits, later);
        assert_eq!((impatient.0.unwrap_err().code, impatient.1), (Code::RateLimited, SECOND));
        assert_eq!((waits.0, waits.1), (Ok(()), 21 * SECOND));
    });
}

#[test]
fn refusals_without_a_time_double_up_to_four_seconds() {
    let mut local = LocalQuota::new(None, None);
    let (headers, mut now) = (AnswerHeaders::default(), Instant::now());
    for seconds in [1, 2, 4, 4] {
        for _ in 0..50 {
            local.refused(&headers, now, 0.0); // Those that were out together count once.
        }
        assert_eq!(local.held_until(), Some(now + seconds * SECOND));
        now += seconds * SECOND;
        local.settle(now);
    }
    local.accepted();
    local.refused(&headers, now, 1.0);
    assert_eq!(local.held_until(), Some(now + ms(1_500)), "with all its jitter");
}

#[test]
fn of_setting_and_header_the_tighter_holds() {
    let mut local = LocalQuota::new(None, None);
    assert_eq!((local.limit(), local.window()), (300, 60 * SECOND));
    local.learn(&told(500, 500, None), Instant::now());
    assert_eq!(local.limit(), 500, "without a setting the header's");
    let mut local = LocalQuota::new(Some(100), None);
    local.learn(&told(500, 500, None), Instant::now());
    assert_eq!(local.limit(), 100);
    local.learn(&told(50, 50, None), Instant::now());
    assert_eq!(local.limit(), 50);
}

#[test]
fn what_others_use_is_held_back_until_the_reset() {
    let (mut local, now) = (LocalQuota::new(None, None), Instant::now());
    local.take();
    local.ended(now);
    // Of 300 we used one, 250 remain: others used 49.
    local.learn(&told(300, 250, Some(20 * SECOND)), now);
    assert_eq!(local.free(), 250);
    assert_eq!(local.turn(250, now), Some(now + 20 * SECOND));
    local.settle(now + 20 * SECOND);
    assert_eq!(local.free(), 299);
}

#[test]
fn a_setting_below_the_servers_limit_leaves_others_the_difference() {
    let (mut local, now) = (LocalQuota::new(Some(100), None), Instant::now());
    local.learn(&told(300, 250, Some(20 * SECOND)), now);
    assert_eq!(local.free(), 100);
    local.learn(&told(300, 80, Some(20 * SECOND)), now);
    assert_eq!(local.free(), 80);
}

#[test]
fn the_window_is_learned_from_an_answer_that_opened_one() {
    let (mut local, now) = (LocalQuota::new(None, None), Instant::now());
    local.learn(&told(300, 200, Some(3_600 * SECOND)), now);
    assert_eq!(local.window(), 60 * SECOND, "somewhere in a window says nothing");
    local.learn(&told(300, 299, Some(10 * SECOND)), now);
    assert_eq!(local.window(), 10 * SECOND);
    local.learn(&told(300, 299, Some(3_600 * SECOND)), now);
    local.learn(&told(300, 299, Some(10 * SECOND)), now);
    assert_eq!(local.window(), 3_600 * SECOND, "the largest seen");
    let unsure = AnswerHeaders { reset_is_sure: false, ..told(300, 299, Some(7_200 * SECOND)) };
    local.learn(&unsure, now);
    assert_eq!(local.window(), 3_600 * SECOND);
    let mut set = LocalQuota::new(None, Some(30 * SECOND));
    set.learn(&told(300, 299, Some(10 * SECOND)), now);
    assert_eq!(set.window(), 30 * SECOND);
}

#[test]
fn turns_are_told_through_many_rounds_and_a_lowered_limit() {
    let (mut local, now) = (LocalQuota::new(Some(2), Some(10 * SECOND)), Instant::now());
    assert_eq!(local.turn(0, now), Some(now));
    assert_eq!(local.turn(2, now), Some(now + 10 * SECOND));
    assert_eq!(local.turn(5, now), Some(now + 20 * SECOND));
    assert_eq!(local.turn(usize::MAX, now), None, "beyond any time");
    for _ in 0..2 {
        local.take();
    }
    local.ended(now);
    local.learn(&told(1, 1, None), now + SECOND);
    // One permit is cooling until 10, one is out: with a limit of one, the turn comes when both are back.
    assert_eq!(local.turn(0, now + SECOND), Some(now + 11 * SECOND));
}

#[test]
fn the_renewal_goes_first_and_waits_are_told() {
    paused(async {
        let limiter = limiter(1, 10 * SECOND);
        take(&limiter, &long()).await.unwrap().answered(&AnswerHeaders::default(), false);
        let (order, words) = (Mutex::new(Vec::new()), Arc::new(Mutex::new(Vec::new())));
        let context = long().reporting_to({
            let words = Arc::clone(&words);
            move |text| words.lock().unwrap().push(text.to_owned())
        });
        let call = async {
            let permit = take(&limiter, &context).await.unwrap();
            order.lock().unwrap().push("call");
            permit.answered(&AnswerHeaders::default(), false);
        };
        let renewal = async {
            tokio::time::sleep(SECOND).await;
            let permit = limiter.acquire(limiter.front_ticket(), &long()).await.unwrap();
            order.lock().unwrap().push("renewal");
            permit.answered(&AnswerHeaders::default(), false);
        };
        tokio::join!(call, renewal);
        assert_eq!(*order.lock().unwrap(), ["renewal", "call"]);
        assert_eq!(*words.lock().unwrap(), ["waiting 10 s for the quota"]);
    });
}
