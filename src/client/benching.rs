//! Bodies and permits, for the benches.

use super::{
    Body,
    attempt::parse,
    budget::{self, AnswerHeaders, Sharing},
};
use crate::{
    context::{CallContext, Priority},
    error::Result,
    store::{LIMIT, Store, WINDOW},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

pub(crate) fn body(text: &str) -> Body {
    parse(text)
}

/// A quota that is shared with the other processes of a state directory.
#[derive(Debug)]
pub struct Budget(Arc<budget::Budget>);

impl Budget {
    /// One of so many requests in a window, with its books in this directory.
    pub fn shared(limit: u32, window: Duration, dir: PathBuf) -> Self {
        let sharing = Sharing {
            store: Arc::new(Store::open(dir)),
            address: "https://api.example".to_owned(),
            location: Some("bench".to_owned()),
            member: "bench".to_owned(),
            attempt_timeout: Duration::from_secs(30),
        };
        Self(budget::Budget::with(Some(limit), Some(window), 100, (LIMIT, WINDOW), Some(sharing)))
    }

    /// A request's permit, from its being asked for to its answer.
    ///
    /// # Errors
    /// As a call has them that gets no permit.
    pub async fn spend(&self, context: &CallContext) -> Result<()> {
        let ticket = self.0.ticket(Priority::Interactive);
        self.0.acquire(ticket, context).await?.answered(&AnswerHeaders::default(), false);
        Ok(())
    }
}
