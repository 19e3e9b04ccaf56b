//! Who counts the calls of a server.

use highlevel_catalog::OperationSpec;
use highlevel_core::error::Result;
use rmcp::model::CallToolResponse;
use std::{fmt, sync::Arc, time::Duration};

type Observe = dyn Fn(&'static str, &'static str, Duration) + Send + Sync;

/// Is told the tool, the outcome and the duration of each call: never what it is about.
#[derive(Clone)]
pub struct CallObserver(Arc<Observe>);

impl CallObserver {
    /// An observer that runs `observe`, which must not block.
    pub fn new(observe: impl Fn(&'static str, &'static str, Duration) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    pub(super) fn observe(&self, spec: &'static OperationSpec, outcome: &Result<CallToolResponse>, took: Duration) {
        let outcome = match outcome {
            Ok(CallToolResponse::Complete(_)) => "ok",
            Ok(CallToolResponse::Task(_)) => "task",
            Ok(_) => "input_required",
            Err(error) => error.code.as_str(),
        };
        (self.0)(&spec.name, outcome, took);
    }
}

impl fmt::Debug for CallObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallObserver")
    }
}
