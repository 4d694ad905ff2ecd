//! An event as one line of JSON: time, level, target, then its fields. Written by hand, since there is a line for each request.

use std::fmt::{self, Write};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// The form of a line.
pub struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "a log tells the machine's time, whatever the server's clock says")]
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (metadata, now) = (event.metadata(), humantime::format_rfc3339_micros(SystemTime::now()));
        write!(writer, "{{\"timestamp\":\"{now}\",\"level\":\"{}\"", metadata.level())?;
        let mut fields = Fields { writer: writer.by_ref(), outcome: Ok(()) };
        fields.text("target", metadata.target());
        event.record(&mut fields);
        fields.outcome?;
        writer.write_str("}\n")
    }
}

/// Writes each field behind a comma.
struct Fields<'w> {
    writer: Writer<'w>,
    outcome: fmt::Result,
}

impl Fields<'_> {
    fn text(&mut self, name: &str, value: &str) {
        self.write(|writer| {
            write!(writer, ",\"{name}\":\"")?;
            Escaped(writer).write_str(value)?;
            writer.write_char('"')
        });
    }

    fn write(&mut self, write: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.outcome.is_ok() {
            self.outcome = write(&mut self.writer);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(|writer| write!(writer, ",\"{}\":{value}", field.name()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(|writer| write!(writer, ",\"{}\":{value}", field.name()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(|writer| write!(writer, ",\"{}\":{value}", field.name()));
    }

    /// An error with its causes, since each tells its own level only.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let causes = std::iter::successors(Some(value), |error| error.source());
        let told = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        self.text(field.name(), &told);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(|writer| {
            write!(writer, ",\"{}\":\"", field.name())?;
            write!(Escaped(writer), "{value:?}")?;
            writer.write_char('"')
        });
    }
}

/// Writes text as it stands between quotation marks in JSON (RFC 8259 section 7), so that nothing logged ends its line.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            if byte >= b' ' && byte != b'"' && byte != b'\\' && byte != 0x7f {
                continue;
            }
            self.0.write_str(&text[plain..at])?;
            match byte {
                b'"' | b'\\' => write!(self.0, "\\{}", char::from(byte))?,
                control => write!(self.0, "\\u{control:04x}")?,
            }
            plain = at + 1;
        }
        self.0.write_str(&text[plain..])
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("a lock").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> serde_json::Value {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = tracing_subscriber::fmt::layer().event_format(JsonLine).with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let bytes = kept.0.lock().expect("a lock").clone();
        let line = String::from_utf8(bytes).expect("UTF-8");
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        serde_json::from_str(&line).expect("JSON")
    }

    #[test]
    fn a_line_is_json_with_every_field_in_its_own_type() {
        let line = logged(|| tracing::info!(target: "access", status = 200u64, route = "/login", ok = true, n = -1i64));
        assert_eq!(
            (&line["level"], &line["target"], &line["route"]),
            (&"INFO".into(), &"access".into(), &"/login".into())
        );
        assert_eq!((&line["status"], &line["ok"], &line["n"]), (&200.into(), &true.into(), &(-1).into()));
        assert!(line["timestamp"].as_str().is_some_and(|time| time.len() == 27 && time.ends_with('Z')), "{line}");
    }

    #[test]
    fn nothing_that_is_logged_ends_its_line_or_passes_for_another_field() {
        let hostile = "a\"b\\c\nd\u{1b}[31m\u{7f} é \",\"level\":\"ERROR";
        let line = logged(|| tracing::warn!(agent = hostile, told = ?hostile, "said {hostile}"));
        assert_eq!((&line["agent"], &line["level"]), (&hostile.into(), &"WARN".into()));
        assert_eq!(line["message"], format!("said {hostile}"));
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = crate::store::StoreError::Unavailable("the disk is full".into());
        let line = logged(|| tracing::error!(error = &error as &dyn std::error::Error, "the store failed"));
        assert_eq!(line["error"], "the store is unavailable: the disk is full");
    }
}
