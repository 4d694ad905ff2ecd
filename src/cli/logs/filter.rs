//! What is logged, which may change while lines are written. Whether a place in the code logs is asked once and remembered
//! there, so that a line costs nothing more for it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Layer};

/// What is never logged: these write URIs with their queries, in which codes travel.
const SILENT: [&str; 3] = ["rocket=off", "hyper=off", "reqwest=off"];

/// A filter that can be replaced. All clones are the same one.
#[derive(Clone)]
pub struct Filter(Arc<ArcSwap<EnvFilter>>);

impl Filter {
    /// What `chosen` says, or `usual` where it means nothing.
    pub fn new(chosen: &str, usual: &str) -> Self {
        let filter = EnvFilter::try_new(chosen).unwrap_or_else(|_| EnvFilter::new(usual));
        Self(Arc::new(ArcSwap::from_pointee(silenced(filter))))
    }

    /// From here on what `chosen` says; nothing changes where it means nothing.
    pub fn set(&self, chosen: &str) {
        let Ok(filter) = EnvFilter::try_new(chosen) else { return };
        self.0.store(Arc::new(silenced(filter)));
        tracing::callsite::rebuild_interest_cache();
    }
}

fn silenced(filter: EnvFilter) -> EnvFilter {
    SILENT.iter().filter_map(|directive| directive.parse().ok()).fold(filter, EnvFilter::add_directive)
}

impl<S: Subscriber> Layer<S> for Filter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        Layer::<S>::register_callsite(&**self.0.load(), metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.0.load().enabled(metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.load().max_level_hint()
    }
}
