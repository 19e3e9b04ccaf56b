use super::*;
use highlevel_core::context::Caller;
use serde_json::{Map, json};

fn new_row(number: u64, key: Option<&str>) -> JobRow {
    let arguments = json!({"id": format!("c-{number}"), "addTags": ["vip"]});
    JobRow {
        number,
        line: Some(number + 1),
        tool: "update_contact".to_owned(),
        arguments: arguments.as_object().cloned().unwrap_or_default(),
        key: key.map(str::to_owned),
        ..JobRow::default()
    }
}

#[tokio::test]
async fn rows_are_kept_with_what_became_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = Jobs::new(dir.path().to_owned());
    assert_eq!(jobs.list(vec![], 10).await.unwrap(), [], "reading creates nothing");
    assert!(!dir.path().join("jobs.db").exists());
    let job = jobs.create(NewJob { account: "Spa".to_owned(), ..NewJob::default() }).await.unwrap();
    jobs.append(&job, vec![new_row(1, Some("a")), new_row(2, Some("a")), new_row(3, None)]).await.unwrap();
    let other = Jobs::new(dir.path().to_owned());
    other.mark_sent(&job, 1).await.unwrap();
    let waiting = jobs.rows(&job, &[RowState::Waiting], 0, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 3]);
    assert!(jobs.row(&job, 1).await.unwrap().unwrap().sent_at.is_some());
    let outcome = RowOutcome { object: Some("c-1".to_owned()), ..RowOutcome::default() };
    jobs.settle(&job, 1, RowState::Done, outcome).await.unwrap();
    let counts = jobs.counts(&job).await.unwrap();
    assert_eq!(counts, RowCounts::from([(RowState::Done, 1), (RowState::Waiting, 2)]));
    assert_eq!(jobs.row(&job, 1).await.unwrap().unwrap().object.as_deref(), Some("c-1"));
    let same = jobs.arguments_by_key(&job, vec!["a".to_owned(), "b".to_owned()]).await.unwrap();
    let of_a = |argument: &str| ("a".to_owned(), argument.to_owned(), 2);
    assert_eq!(same, [of_a("addTags"), of_a("id")]);
}

#[tokio::test]
async fn of_two_processes_one_works_a_job() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = Jobs::new(dir.path().to_owned());
    let job = jobs.create(NewJob::default()).await.unwrap();
    let lock = jobs.lock(&job).await.unwrap().unwrap();
    assert!(jobs.lock(&job).await.unwrap().is_none());
    drop(lock);
    assert!(jobs.lock(&job).await.unwrap().is_some());
    assert!(jobs.step(&job, &[JobState::Draft], JobState::Planned).await.unwrap());
    let caller = Caller { client: "claude".to_owned(), subject: None };
    assert!(jobs.begin_run(&job, &[JobState::Planned], Some(&caller)).await.unwrap());
    assert!(!jobs.begin_run(&job, &[JobState::Planned], None).await.unwrap(), "once");
    assert!(jobs.begin_run(&job, &[JobState::Running], None).await.unwrap());
    let runs = jobs.job(&job).await.unwrap().unwrap().runs();
    assert_eq!(runs, [JobRun { from: JobState::Planned, caller: Some(caller) }], "it is in its first run still");
    let running = jobs.running().await.unwrap();
    assert_eq!(running.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Running]);
    let told = |value| Map::from_iter([("why".to_owned(), value)]);
    jobs.tell(&job, told(json!("the token ended"))).await.unwrap();
    assert_eq!(jobs.job(&job).await.unwrap().unwrap().text("why"), "the token ended");
    jobs.tell(&job, told(json!(null))).await.unwrap();
    assert_eq!(jobs.job(&job).await.unwrap().unwrap().text("why"), "");
    jobs.delete(&job).await.unwrap();
    assert_eq!(jobs.job(&job).await.unwrap(), None);
    assert!(!jobs.files(&job).exists());
}

#[tokio::test]
async fn a_run_that_an_older_version_began_is_its_planners() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = Jobs::new(dir.path().to_owned());
    let facts = json!({"runs": ["planned"], "caller": {"client": "desk", "subject": "anna"}});
    let facts = facts.as_object().unwrap().clone();
    let job = jobs.create(NewJob { facts, ..NewJob::default() }).await.unwrap();
    assert!(jobs.begin_run(&job, &[JobState::Draft], None).await.unwrap());
    let anna = Caller { client: "desk".to_owned(), subject: Some("anna".to_owned()) };
    let runs = jobs.job(&job).await.unwrap().unwrap().runs();
    let of = |from, caller| JobRun { from, caller };
    assert_eq!(runs, [of(JobState::Planned, Some(anna)), of(JobState::Draft, None)]);
}

#[tokio::test]
async fn only_what_is_named_is_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let jobs = Jobs::new(dir.path().to_owned());
    let job = jobs.create(NewJob::default()).await.unwrap();
    jobs.append(&job, (1..=3).map(|number| new_row(number, None)).collect()).await.unwrap();
    for number in 1..=3 {
        let state = if number == 3 { RowState::Done } else { RowState::Unknown };
        jobs.settle(&job, number, state, RowOutcome::default()).await.unwrap();
    }
    assert_eq!(jobs.send_again(&job, &[RowState::Unknown], vec![2, 3]).await.unwrap(), 1);
    let counts = jobs.counts(&job).await.unwrap();
    assert_eq!(counts, RowCounts::from([(RowState::Waiting, 1), (RowState::Done, 1), (RowState::Unknown, 1)]));
}
