//! One more look for the object of a create that got no clear answer, in this process or an earlier one.

use super::{Creates, Creation, IncompleteLookup, Lookup, LookupResult};
use crate::{api::Adapter, service::LaterLook};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_api_client::Moment;
use highlevel_catalog::Invocation;
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::{EntryFilter, Journal};

/// How much earlier than its sending a create may have been recorded. Older versions waited for the quota in between.
const RECORDED_BEFORE: TimeDelta = TimeDelta::minutes(10);

/// How old a create may be that the account's clock is learned from.
const LEARNED_FROM: TimeDelta = TimeDelta::hours(6);

/// The most creates that the account's clock is learned from.
const MOST_LEARNED: u64 = 100;

impl Creates {
    /// Learns the clock of the account's creation times from what earlier processes created, unless it is known. A look after a
    /// restart then tells an object that was created since from an older one.
    ///
    /// # Errors
    /// That of the journal.
    pub(in crate::service) async fn learn_clock(&self, journal: &Journal, account: &str, tool: &str) -> Result<()> {
        if self.stamps.are_known() {
            return Ok(());
        }
        let filter = EntryFilter {
            since: Some(Utc::now() - LEARNED_FROM),
            accounts: vec![account.to_owned()],
            tool: Some(tool.to_owned()),
            ..EntryFilter::default()
        };
        let range = journal.range(filter.clone(), Some(MOST_LEARNED)).await?;
        for entry in journal.entries(filter, range, MOST_LEARNED, true).await? {
            let moment = |name: &str| {
                let time = DateTime::parse_from_rfc3339(entry.text(name)).ok()?;
                Some(Moment::earlier(time.with_timezone(&Utc)))
            };
            let (Some(sent_at), Some(answered_at)) = (moment("time"), moment("finished")) else { continue };
            if let (Some(created), "done") = (entry.members.get("after"), entry.text("outcome")) {
                self.stamps.learn(created, sent_at, answered_at);
            }
        }
        Ok(())
    }
}

/// Looks once for the object of a create that was sent at `sent_at`.
///
/// # Errors
/// That of the wait for other calls that create the same object.
pub(in crate::service) async fn look_again(
    creates: &Creates,
    api: &Adapter,
    create: &Invocation,
    sent_at: DateTime<Utc>,
    context: &CallContext,
) -> Result<LaterLook> {
    let creation = Creation::in_turn(api, create, context).await?;
    let Some(identity) = &creation.identity else { return Ok(LaterLook::CannotTell) };
    // Creates of one object take turns, so that the last one before the sending is this one.
    let between = (sent_at - RECORDED_BEFORE, sent_at);
    let recorded = api.store().last_creation(&creation.account, &creation.key, between).await?;
    let number = match recorded {
        Some((_, Some(object))) => return Ok(LaterLook::Done(serde_json::json!({"id": object}))),
        Some((number, None)) => Some(number),
        None => None,
    };
    let sent_at = Moment::earlier(sent_at);
    let lookup = Lookup { api, create, identity, stamps: &creates.stamps, sent_at, number, known: None };
    Ok(match lookup.look(context).await.0 {
        Ok(LookupResult::One(object)) => LaterLook::Done(object),
        Ok(LookupResult::None) => LaterLook::NotShown(None),
        Ok(LookupResult::Unclear(why, candidates)) => {
            LaterLook::NotShown(Some(format!("{why}: {}", candidates.join(", "))))
        }
        Err(IncompleteLookup { why, .. }) => {
            LaterLook::NotShown(Some(format!("the look-up could not be completed ({why})")))
        }
    })
}
