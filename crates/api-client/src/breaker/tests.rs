//! The breaker on a clock that the tests move.

use super::*;
use tokio::time::advance;

fn fail(breaker: &Breaker, call: CallId) {
    breaker.admit(call).unwrap().ended(AttemptVerdict::Trouble("it is ill".into()));
}

fn answer(breaker: &Breaker) {
    breaker.admit(breaker.call()).unwrap().ended(AttemptVerdict::Answered);
}

async fn opened() -> Breaker {
    let breaker = Breaker::default();
    for _ in 0..ATTEMPTS {
        fail(&breaker, breaker.call());
        advance(SPAN / 4).await;
    }
    assert!(breaker.check().is_err());
    breaker
}

#[tokio::test(start_paused = true)]
async fn sustained_failure_opens_it_and_says_when_to_come_back() {
    let breaker = opened().await;
    let error = breaker.admit(breaker.call()).unwrap_err();
    assert_eq!(error.code, Code::UpstreamUnreachable);
    assert!(error.message.contains("it is ill.") && error.retry_at.is_some(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_sustained_does_not_open_it() {
    // At once, however many.
    let breaker = Breaker::default();
    (0..100).for_each(|_| fail(&breaker, breaker.call()));
    assert!(breaker.check().is_ok());
    // Of one call alone.
    let (breaker, call) = (Breaker::default(), CallId(7));
    for _ in 0..20 {
        fail(&breaker, call);
        advance(SPAN).await;
    }
    assert!(breaker.check().is_ok());
    // Mixed with answers.
    let breaker = Breaker::default();
    for round in 0..50 {
        fail(&breaker, breaker.call());
        if round % 4 == 3 {
            answer(&breaker);
        }
        advance(SPAN).await;
    }
    assert!(breaker.check().is_ok());
    // Rarely.
    let breaker = Breaker::default();
    for _ in 0..20 {
        fail(&breaker, breaker.call());
        advance(GAP + SPAN).await;
    }
    assert!(breaker.check().is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_attempt_tests_the_water_and_pauses_grow() {
    let breaker = opened().await;
    let mut pause = FIRST_PAUSE;
    for _ in 0..8 {
        advance(pause).await;
        let pass = breaker.admit(breaker.call()).unwrap();
        assert!(breaker.check().is_err() && breaker.admit(breaker.call()).is_err(), "one alone");
        pass.ended(AttemptVerdict::Trouble("still".into()));
        pause = (pause * 2).min(LONGEST_PAUSE);
        advance(pause - Duration::from_millis(1)).await;
        assert!(breaker.check().is_err(), "the pause has grown to {pause:?}");
        advance(Duration::from_millis(1)).await;
        assert!(breaker.check().is_ok());
    }
    answer(&breaker);
    let both = (breaker.admit(breaker.call()), breaker.admit(breaker.call()));
    assert!(both.0.is_ok() && both.1.is_ok(), "closed again");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_without_a_verdict_leaves_the_turn_to_another() {
    let breaker = opened().await;
    advance(FIRST_PAUSE).await;
    drop(breaker.admit(breaker.call()).unwrap());
    assert!(breaker.admit(breaker.call()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_under_way_closes_it_and_a_failure_does_not_prolong_it() {
    let breaker = Breaker::default();
    let (good, bad) = (breaker.admit(CallId(91)).unwrap(), breaker.admit(CallId(92)).unwrap());
    for _ in 0..ATTEMPTS {
        fail(&breaker, breaker.call());
        advance(SPAN / 4).await;
    }
    bad.ended(AttemptVerdict::Trouble("late".into()));
    advance(FIRST_PAUSE).await;
    assert!(breaker.check().is_ok(), "not prolonged");
    good.ended(AttemptVerdict::Answered);
    assert_eq!(breaker.state().circuit, Circuit::Closed);
}
