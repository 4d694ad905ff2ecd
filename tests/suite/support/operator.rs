//! An operator at a terminal: runs the binary for real, in a folder of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than any line of the log is on its way.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody with a shell and an installation.
pub struct Operator {
    home: TempDir,
    /// Where the server listens.
    pub port: u16,
}

/// What a command said.
pub struct Said {
    /// The exit code.
    pub exit: i32,
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
}

impl Said {
    /// The answer of a command that was to succeed.
    pub fn json(&self) -> Value {
        assert_eq!(self.exit, 0, "{}", self.err);
        serde_json::from_str(&self.out).expect(&self.out)
    }
}

/// A server that runs.
pub struct Serving {
    child: Child,
    log: Arc<Mutex<String>>,
}

/// An operator who has nothing installed yet.
pub fn operator() -> Operator {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Operator { home: tempfile::tempdir().expect("a folder"), port: bound.expect("a free port").port() }
}

impl Operator {
    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The folder in which the operator works.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes the configuration file that is found in that folder.
    pub fn configure(&self, toml: &str) {
        std::fs::write(self.home().join("Rocket.toml"), toml).expect("a file");
    }

    /// Runs a command, such as `user list`; on another folder than [`Operator::data`] if it names one.
    pub fn run(&self, command: &str) -> Said {
        self.run_with(command, "")
    }

    /// Runs a command with something on standard input.
    pub fn run_with(&self, command: &str, input: &str) -> Said {
        self.run_in(command, input, &[])
    }

    /// Runs a command with something on standard input and in the environment.
    pub fn run_in(&self, command: &str, input: &str, environment: &[(&str, &str)]) -> Said {
        let mut child = self.command(command).envs(environment.iter().copied()).spawn().expect("the binary");
        // A command that reads nothing may have ended before this is written.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        said(&child.wait_with_output().expect("an end"))
    }

    /// Starts the server and waits until it can be reached.
    pub fn serve(&self) -> Serving {
        self.serve_in(&[])
    }

    /// Starts the server with something in the environment and waits until it can be reached.
    pub fn serve_in(&self, environment: &[(&str, &str)]) -> Serving {
        Self::reached(self.command("serve").envs(environment.iter().copied()))
    }

    /// Starts the server so that no file of it grows beyond so many blocks of 512 bytes: a write fails, and no signal comes.
    pub fn serve_within(&self, blocks: u64, environment: &[(&str, &str)]) -> Serving {
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = self.process("/bin/sh");
        shell.args(["-c", &limit, env!("CARGO_BIN_EXE_hallmark"), "--data", "data", "serve"]);
        Self::reached(shell.envs(environment.iter().copied()))
    }

    fn reached(command: &mut Command) -> Serving {
        let mut child = command.spawn().expect("the binary");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut begin = String::new();
        while !begin.contains("\"serving\"") {
            let length = lines.read_line(&mut begin).expect("a line");
            assert_ne!(length, 0, "the server did not begin: {begin}");
        }
        let log = Arc::new(Mutex::new(begin));
        let kept = log.clone();
        std::thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
                kept.lock().expect("a log").push_str(&std::mem::take(&mut line));
            }
        });
        Serving { child, log }
    }

    fn command(&self, command: &str) -> Command {
        let mut process = self.process(env!("CARGO_BIN_EXE_hallmark"));
        let place: &[&str] = if command.contains("--data ") { &[] } else { &["--data", "data"] };
        process.args(place).args(command.split_whitespace());
        process
    }

    fn process(&self, program: &str) -> Command {
        let mut process = Command::new(program);
        process
            .current_dir(self.home.path())
            .env_clear()
            .env("ROCKET_PORT", self.port.to_string())
            .env("HALLMARK_OPERATIONS__ADDRESS", "off")
            .env("HALLMARK_PASSWORDS__MEMORY_KIB", "64")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        process
    }
}

impl Serving {
    /// Sends the server a signal, by its name.
    pub fn signal(&self, name: &str) {
        let (name, pid) = (format!("-{name}"), self.child.id().to_string());
        assert!(Command::new("kill").args([name, pid]).status().expect("kill").success());
    }

    /// Waits until the log holds `text`; the log so far.
    pub fn log_with(&self, text: &str) -> String {
        let begin = Instant::now();
        loop {
            let log = self.log.lock().expect("a log").clone();
            if log.contains(text) {
                return log;
            }
            assert!(begin.elapsed() < PATIENCE, "{text} is not in the log: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks the server to stop as a service manager does; its exit code and what it logged.
    pub fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let mut out = String::new();
        self.child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
        let exit = self.child.wait().expect("an end");
        (exit.code(), format!("{out}{}", self.log.lock().expect("a log")))
    }

    /// Where the listener for operators is, as the log tells.
    pub fn operations(&self) -> SocketAddr {
        let log = self.log.lock().expect("a log");
        let line = log.lines().find(|line| line.contains("health and metrics")).expect("a line of the log");
        let line: Value = serde_json::from_str(line).expect(line);
        line["address"].as_str().expect("an address").parse().expect("an address")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that was stopped is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn said(output: &Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { exit: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}
