//! Lines on their way out, written by a thread of their own: no request waits for whoever reads the log, and many lines
//! cost one write. Where nobody reads, lines are dropped and counted, and the count is told as soon as somebody does.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use crate::telemetry::tally::Counter;

/// How long a line may wait for others.
const WAIT: Duration = Duration::from_millis(100);

/// So many bytes wait for the writer at most; a line that would be one too many is dropped.
const MAX_WAITING: usize = 1 << 20;

/// Lines that are written until this is dropped, which waits for the last.
pub struct Lines {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// All that were dropped so far.
    dropped: Arc<Counter>,
    ended: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: u64,
    end: bool,
}

/// Where lines are handed in.
#[derive(Clone)]
pub struct Handing(Arc<Shared>);

impl Lines {
    /// Lines for `out`.
    pub fn begin(out: impl Write + Send + 'static) -> Self {
        let shared = Arc::<Shared>::default();
        let writing = Arc::clone(&shared);
        let thread = thread::Builder::new().name("log".into()).spawn(move || write(&writing, out)).ok();
        Self { shared, thread }
    }

    /// How many were dropped.
    pub fn dropped(&self) -> Arc<Counter> {
        Arc::clone(&self.shared.dropped)
    }

    /// Where to hand lines in.
    pub fn writer(&self) -> Handing {
        Handing(Arc::clone(&self.shared))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.shared.waiting().end = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what waits, ten times a second: whoever hands a line in wakes nobody.
fn write(shared: &Shared, mut out: impl Write) {
    let mut bytes = Vec::new();
    loop {
        let (end, dropped) = {
            let waiting = shared.waiting();
            let pause = shared.ended.wait_timeout_while(waiting, WAIT, |waiting| !waiting.end);
            let (mut waiting, _) = pause.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut bytes, &mut waiting.bytes);
            (waiting.end, std::mem::take(&mut waiting.dropped))
        };
        // Where a log cannot be written there is nowhere to say so.
        let _ = out.write_all(&bytes);
        if dropped > 0 {
            let _ = writeln!(
                out,
                "{{\"level\":\"WARN\",\"target\":\"log\",\"message\":\"lines were dropped\",\"count\":{dropped}}}"
            );
        }
        let _ = out.flush();
        bytes.clear();
        if end {
            return;
        }
    }
}

impl<'a> MakeWriter<'a> for Handing {
    type Writer = Handing;

    fn make_writer(&'a self) -> Handing {
        self.clone()
    }
}

impl Write for Handing {
    /// Takes a line whole or drops it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.waiting();
        if waiting.bytes.len() + line.len() > MAX_WAITING {
            waiting.dropped += 1;
            self.0.dropped.increment();
        } else {
            waiting.bytes.extend_from_slice(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver, Sender};

    use super::*;

    /// Hands on what is written, once it may.
    struct Pipe {
        opened: Receiver<()>,
        written: Sender<Vec<u8>>,
        open: bool,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !self.open {
                self.open = self.opened.recv().is_ok();
            }
            self.written.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe() -> (Sender<()>, Receiver<Vec<u8>>, Pipe) {
        let ((open, opened), (written, read)) = (mpsc::channel(), mpsc::channel());
        (open, read, Pipe { opened, written, open: false })
    }

    fn all(read: Receiver<Vec<u8>>) -> String {
        String::from_utf8(read.into_iter().flatten().collect()).expect("UTF-8")
    }

    #[test]
    fn every_line_is_written_whole_and_in_order_before_the_end() {
        let (open, read, pipe) = pipe();
        open.send(()).expect("a pipe");
        let lines = Lines::begin(pipe);
        let mut handing = lines.writer();
        for number in 0..1000 {
            writeln!(handing, "line {number}").expect("handed in");
        }
        drop(lines);
        let written = all(read);
        assert_eq!(written, (0..1000).map(|number| format!("line {number}\n")).collect::<String>());
    }

    #[test]
    fn a_log_that_nobody_reads_holds_nobody_up_and_tells_later_how_much_was_dropped() {
        let (open, read, pipe) = pipe();
        let lines = Lines::begin(pipe);
        let mut handing = lines.writer();
        let line = [b'x'; 1024];
        // Twice what may wait, and what the writer may have taken before it was blocked.
        for _ in 0..3 * MAX_WAITING / line.len() {
            handing.write_all(&line).expect("handed in");
        }
        open.send(()).expect("a pipe");
        drop(lines);
        let written = all(read);
        assert!(written.len() < 5 * MAX_WAITING / 2, "{}", written.len());
        assert!(written.contains("lines were dropped"));
    }
}
