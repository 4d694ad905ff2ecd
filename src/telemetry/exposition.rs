//! Everything that is counted, in the text of OpenMetrics 1.0.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::domain::error_code::ErrorCode;
use crate::telemetry::Telemetry;
use crate::telemetry::process::resident_bytes;
use crate::telemetry::requests::STATUS_CLASSES;
use crate::telemetry::tally::{BOUNDS, Distribution};

/// What the text is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the store says of itself.
#[derive(Clone, Debug, Default)]
pub struct StoreMeasures {
    /// How long each wait for a change to be durable took.
    pub commits: Distribution,
    /// What it takes on the disk, if that can be told.
    pub bytes: Option<u64>,
    /// Its connections, where it is reached by some.
    pub pool: Option<PoolMeasures>,
}

/// The connections to a store that is elsewhere.
#[derive(Clone, Debug, Default)]
pub struct PoolMeasures {
    /// How many wait to be used.
    pub idle: usize,
    /// How many are in use.
    pub in_use: usize,
    /// How many requests wait for one.
    pub waiting: usize,
    /// How long they waited.
    pub waits: Distribution,
    /// How long statements took on them, and transactions as a whole.
    pub statements: Distribution,
}

/// What the numbers are read from.
#[derive(Debug)]
struct Exposition {
    telemetry: Arc<Telemetry>,
    store: StoreMeasures,
}

impl Telemetry {
    /// Everything as it is now.
    ///
    /// # Errors
    /// None that the text itself does not cause: writing to memory does not fail.
    pub fn exposition(self: &Arc<Self>, store: StoreMeasures) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("hallmark");
        registry.register_collector(Box::new(Exposition { telemetry: Arc::clone(self), store }));
        let mut text = String::with_capacity(8 * 1024);
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let telemetry = &self.telemetry;
        self.requests(&mut encoder)?;
        let kinds = ["access_token", "refresh_token"].into_iter().zip(&telemetry.issued);
        let kinds = kinds.map(|(kind, count)| ([("kind", kind)], count.value()));
        counters(&mut encoder, "tokens_issued", "Tokens that were handed out", kinds)?;
        let outcomes = ["active", "inactive"].into_iter().zip(&telemetry.introspections);
        let outcomes = outcomes.map(|(outcome, count)| ([("outcome", outcome)], count.value()));
        counters(&mut encoder, "introspections", "Introspections that were answered", outcomes)?;
        let codes = ErrorCode::ALL.iter().zip(&telemetry.refusals);
        let codes = codes.map(|(code, count)| ([("code", code.as_str())], count.value()));
        counters(&mut encoder, "refusals", "Requests of clients that were refused or failed, by error code", codes)?;

        let refused = telemetry.sign_ins_refused.value();
        counter(&mut encoder, "sign_ins_refused", "Sign-ins that were refused", refused)?;
        let refused = telemetry.connections.refused.value();
        counter(&mut encoder, "connections_refused", "Connections beyond the limit of their address", refused)?;
        gauge(&mut encoder, ("connections_open", None), "Connections that are open", telemetry.connections.open())?;
        let dropped = telemetry.dropped_lines.get().map_or(0, |lines| lines.value());
        counter(&mut encoder, "log_lines_dropped", "Log lines that nobody read in time", dropped)?;

        let seconds = Some(&Unit::Seconds);
        let help = "How long the store took to make writes durable";
        let commits = encoder.encode_descriptor("store_commit", help, seconds, MetricType::Histogram)?;
        histogram(commits, &self.store.commits)?;
        if let Some(bytes) = self.store.bytes {
            gauge(&mut encoder, ("store_size", Some(&Unit::Bytes)), "What the store takes on the disk", bytes)?;
        }
        if let Some(pool) = &self.store.pool {
            pooled(&mut encoder, pool)?;
        }
        if let Some(bytes) = resident_bytes() {
            let help = "Memory of this process that is in RAM";
            gauge(&mut encoder, ("process_resident_memory", Some(&Unit::Bytes)), help, bytes)?;
        }
        Ok(())
    }
}

impl Exposition {
    fn requests(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(requests) = self.telemetry.requests() else { return Ok(()) };
        let help = "Requests that were answered, by route and class of status";
        let mut family = encoder.encode_descriptor("requests", help, None, MetricType::Counter)?;
        for route in requests.counted() {
            for (class, count) in STATUS_CLASSES.iter().zip(route.statuses).filter(|(_, count)| *count > 0) {
                let labels =
                    [("route", route.label.template.as_str()), ("method", route.label.method), ("status", class)];
                family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
        let help = "How long requests took, by route";
        let mut family =
            encoder.encode_descriptor("request_duration", help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for route in requests.counted() {
            let labels = [("route", route.label.template.as_str()), ("method", route.label.method)];
            histogram(family.encode_family(&labels)?, &route.times)?;
        }
        Ok(())
    }
}

fn pooled(encoder: &mut DescriptorEncoder<'_>, pool: &PoolMeasures) -> Result<(), fmt::Error> {
    let help = "Connections to the database";
    let mut family = encoder.encode_descriptor("store_connections", help, None, MetricType::Gauge)?;
    for (state, count) in [("idle", pool.idle), ("in_use", pool.in_use)] {
        family.encode_family(&[("state", state)])?.encode_gauge(&(count as u64))?;
    }
    let help = "Requests that wait for a connection to the database";
    gauge(encoder, ("store_connection_waiters", None), help, pool.waiting as u64)?;
    let seconds = Some(&Unit::Seconds);
    let help = "How long was waited for a connection to the database";
    let waits = encoder.encode_descriptor("store_connection_wait", help, seconds, MetricType::Histogram)?;
    histogram(waits, &pool.waits)?;
    let help = "How long statements and transactions took at the database";
    let statements = encoder.encode_descriptor("store_statement", help, seconds, MetricType::Histogram)?;
    histogram(statements, &pool.statements)
}

fn counters<'l>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    counted: impl Iterator<Item = ([(&'l str, &'l str); 1], u64)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, count) in counted {
        labelled(&mut family, &labels, count)?;
    }
    Ok(())
}

fn labelled(family: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, count: u64) -> Result<(), fmt::Error> {
    family.encode_family(labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, count: u64) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    metric.encode_counter::<NoLabelSet, _, u64>(&count, None)
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    (name, unit): (&str, Option<&Unit>),
    help: &str,
    value: u64,
) -> Result<(), fmt::Error> {
    encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?.encode_gauge(&value)
}

/// The bounds in seconds; the encoder adds the counts up.
#[expect(clippy::cast_precision_loss, reason = "a metric is read as a floating-point number")]
fn histogram(mut metric: MetricEncoder<'_>, distribution: &Distribution) -> Result<(), fmt::Error> {
    let seconds = |microseconds: u64| microseconds as f64 / 1e6;
    let bounds = BOUNDS.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(distribution.counts).collect();
    let count = distribution.counts.iter().sum();
    metric.encode_histogram::<NoLabelSet>(seconds(distribution.microseconds), count, &buckets, None)
}
