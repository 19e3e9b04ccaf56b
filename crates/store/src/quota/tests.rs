//! What processes tell one another through the quota; the property tests are beside the lease, with several processes.

use super::*;

const NOW: u64 = 1_700_000_000_000;

fn ask(member: &str, interactive: u32) -> LeaseRequest {
    let set = LeaseRequest { set_limit: Some(LIMIT), set_window: Some(WINDOW), ..LeaseRequest::default() };
    LeaseRequest { member: member.to_owned(), longest: 30_000, interactive, ..set }
}

/// A process that nobody told of limit and window.
fn asks(member: &str, interactive: u32) -> LeaseRequest {
    LeaseRequest { set_limit: None, set_window: None, ..ask(member, interactive) }
}

#[test]
fn the_first_request_goes_alone_in_all_processes_until_its_answer_has_taught_limit_and_window() {
    let mut quota = SharedQuota::default();
    let first = quota.exchange(&asks("a", 60), NOW);
    assert_eq!((first.permits, first.alone), (1, true));
    assert_eq!(quota.exchange(&asks("b", 60), NOW + 10).permits, 0);
    let learned =
        LeaseRequest { told: Some(50), learned_window: Some(2_000), lesson: Some(Lesson::Partial), ..asks("a", 60) };
    let then = quota.exchange(&LeaseRequest { ended: vec![NOW + 100], ..learned }, NOW + 110);
    // The other waits too, so that each takes a round.
    assert_eq!((then.permits, then.alone), (2, false));
    let other = quota.exchange(&asks("b", 60), NOW + 120);
    assert_eq!((other.permits, other.alone, other.learned_window), (2, false, Some(2_000)));
}

#[test]
fn an_answer_that_teaches_nothing_costs_it_once_and_one_that_cannot_teach_does_not_count() {
    let mut quota = SharedQuota::default();
    let gone = |lesson, at| LeaseRequest { ended: vec![at], lesson: Some(lesson), ..asks("a", 10) };
    assert_eq!(quota.exchange(&asks("a", 10), NOW).permits, 1);
    let after = quota.exchange(&gone(Lesson::None, NOW + 1), NOW + 2);
    assert_eq!((after.permits, after.alone), (1, true), "after a 401 the next goes alone");
    assert_eq!(quota.exchange(&gone(Lesson::Silent, NOW + 3), NOW + 4).permits, 10);
    let later = NOW + 3_600_000;
    assert_eq!(quota.exchange(&asks("b", 10), later).permits, 10, "no process goes alone any more");
}

#[test]
fn who_gets_no_answer_is_waited_for_no_longer_than_five_seconds() {
    let mut quota = SharedQuota::default();
    assert_eq!(quota.exchange(&asks("dies", 10), NOW).permits, 1);
    assert_eq!(quota.exchange(&asks("b", 10), NOW + 4_999).permits, 0);
    assert_eq!(quota.exchange(&asks("b", 10), NOW + 5_000).permits, 10);
}

#[test]
fn a_429_and_what_was_learned_are_known_to_all() {
    let mut quota = SharedQuota::default();
    let told = LeaseRequest { held_until: NOW + 7_000, told: Some(100), learned_window: Some(10_000), ..asks("a", 0) };
    quota.exchange(&told, NOW);
    let grant = quota.exchange(&asks("b", 5), NOW + 1);
    assert_eq!((grant.permits, grant.held_until), (0, NOW + 7_000));
    assert_eq!((grant.told, grant.learned_window), (Some(100), Some(10_000)));
    assert_eq!(quota.exchange(&asks("b", 200), NOW + 7_000).permits, 100);
}

#[test]
fn unused_permits_are_free_when_they_are_given_back_and_used_ones_a_window_after_the_answer() {
    let mut quota = SharedQuota::default();
    assert_eq!(quota.exchange(&ask("a", 300), NOW).permits, 300);
    assert_eq!(quota.exchange(&ask("b", 300), NOW + 1).permits, 0);
    let ended = vec![NOW + 500; 100];
    quota.exchange(&LeaseRequest { held: 0, ended, ..ask("a", 0) }, NOW + 600);
    assert_eq!(quota.exchange(&ask("b", 300), NOW + 601).permits, 200);
    let rest = LeaseRequest { held: 200, ..ask("b", 100) };
    assert_eq!(quota.exchange(&rest, NOW + 60_499).permits, 0);
    // Answers are kept in steps of a 250th of the window, rounded up.
    assert_eq!(quota.exchange(&rest, NOW + 60_500 + 240).permits, 100);
}

#[test]
fn users_elsewhere_are_seen_and_our_own_use_is_not_taken_for_theirs() {
    let mut quota = SharedQuota::default();
    quota.exchange(&ask("a", 100), NOW);
    let seen = |remaining| Some(ObservedQuota { limit: 300, remaining, at: NOW + 10, until: NOW + 20_000 });
    quota.exchange(&LeaseRequest { held: 100, seen: seen(200), ..ask("a", 0) }, NOW + 20);
    assert_eq!(quota.exchange(&ask("b", 0), NOW + 21).used, 100);
    quota.exchange(&LeaseRequest { held: 100, seen: seen(150), ..ask("a", 0) }, NOW + 30);
    assert_eq!(quota.exchange(&ask("b", 300), NOW + 31).permits, 150, "fifty are used by somebody else");
    assert_eq!(quota.exchange(&LeaseRequest { held: 150, ..ask("b", 50) }, NOW + 20_000).permits, 50);
}

#[test]
fn a_clock_that_was_set_back_holds_nobody_for_long() {
    let mut quota = SharedQuota::default();
    let ended = vec![NOW; 200];
    quota.exchange(&LeaseRequest { ended, held_until: NOW + 1_000, ..ask("a", 100) }, NOW);
    let hour_before = NOW - 3_600_000;
    assert_eq!(quota.exchange(&ask("b", 300), hour_before).permits, 0);
    let later = hour_before + 24 * 3_600_000;
    assert_eq!(quota.exchange(&ask("b", 300), later).permits, 300);
}

#[test]
fn the_least_asked_process_comes_first_again() {
    let mut quota = SharedQuota::default();
    quota.exchange(&ask("a", 300), NOW);
    for (member, at) in [("b", 10), ("a", 20)] {
        let held = if member == "a" { 300 } else { 0 };
        assert_eq!(quota.exchange(&LeaseRequest { held, ..ask(member, 40) }, NOW + at).permits, 0);
    }
    // Twenty come back: b waited longer and may take one round of fifteen, and then it is a's turn.
    let ended = vec![NOW + 100; 20];
    quota.exchange(&LeaseRequest { held: 280, ended, ..ask("a", 40) }, NOW + 110);
    let back = NOW + 60_400;
    let waiting = |member: &str, held| LeaseRequest { held, ..ask(member, 40) };
    quota.exchange(&waiting("a", 280), back - 300);
    quota.exchange(&waiting("b", 0), back - 300);
    assert_eq!(quota.exchange(&waiting("a", 280), back).permits, 5, "the rest of what came back");
    assert_eq!(quota.exchange(&waiting("b", 0), back + 1).permits, 15);
}
