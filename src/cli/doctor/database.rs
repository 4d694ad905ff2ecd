//! The database that nodes share: whether it answers and takes writes, what its word on a change is worth, and its clock.

use crate::authorization_server::Clock;
use crate::cli::answer::CommandError;
use crate::cli::doctor::finding::Finding;
use crate::domain::time::{Lifetime, Timestamp};
use crate::store::Result;
use crate::store::postgres::{Examined, OLDEST, Opening, PostgresStore, SCHEMA};

const VERSION: &str = "database";
/// What the finding of the schema is called.
pub const SCHEMA_OF: &str = "schema";
const WRITES: &str = "writes";
const DURABILITY: &str = "durability";
const PARTITIONS: &str = "partitions";
const CONNECTIONS: &str = "connections to the database";
const CLOCK: &str = "clock of the database";

/// So far two clocks that are kept right may be apart.
const TOLERABLE: Lifetime = Lifetime::seconds(2);
/// From here on what is over on one node is long over, or not yet, on another.
const INTOLERABLE: Lifetime = Lifetime::minutes(1);
/// A question that takes longer than this many milliseconds is asked over too long a way: a request asks several.
const SLOW: u128 = 10;

/// What is found at the database.
///
/// # Errors
/// [`CommandError`] if the settings are no good or the database does not answer.
pub async fn findings(opening: &Opening) -> std::result::Result<Vec<Finding>, CommandError> {
    let store = PostgresStore::new(opening)?;
    let found = examine(&store, opening).await;
    store.close();
    Ok(found?)
}

async fn examine(store: &PostgresStore, opening: &Opening) -> Result<Vec<Finding>> {
    let examined = store.examine().await?;
    let now = Clock::System.now();
    let mut findings = vec![version(&examined)];
    if examined.number < OLDEST {
        return Ok(findings);
    }
    let found = store.schema().await?;
    findings.push(schema(found));
    findings.push(writes(&examined));
    findings.push(durability(&examined));
    if found == SCHEMA {
        findings.push(partitions(&store.missing_partitions(now).await?));
    }
    findings.push(connections(&examined, opening.connections_in_all()));
    findings.push(clock(examined.clock, now));
    Ok(findings)
}

fn version(examined: &Examined) -> Finding {
    let took = examined.round_trip;
    let detail = format!("PostgreSQL {}, {:.1} ms away", examined.version, took.as_secs_f64() * 1000.0);
    if examined.number < OLDEST {
        return Finding::wrong(VERSION, detail, "this program needs PostgreSQL 15 or later");
    }
    if took.as_millis() >= SLOW {
        return Finding::doubtful(
            VERSION,
            detail,
            "every request asks it several times: bring nodes and database together",
        );
    }
    Finding::good(VERSION, detail)
}

fn schema(found: i32) -> Finding {
    let detail = format!("{found}, and this program needs {SCHEMA}");
    match found {
        SCHEMA => Finding::good(SCHEMA_OF, format!("{found}, as this program needs")),
        found if found < SCHEMA => Finding::wrong(SCHEMA_OF, detail, "run `hallmark store migrate`"),
        _ => Finding::wrong(SCHEMA_OF, detail, "run the version of this program that migrated it"),
    }
}

fn writes(examined: &Examined) -> Finding {
    if examined.follows {
        let fix = "name its primary as well, with target_session_attrs=read-write, or promote it";
        return Finding::wrong(WRITES, "it is a standby, which takes none", fix);
    }
    if examined.read_only {
        return Finding::wrong(WRITES, "it takes none (default_transaction_read_only)", "turn that off for this role");
    }
    Finding::good(WRITES, "it is a primary that takes them")
}

/// What an answer is worth that this server sent after the database said that a change was made.
fn durability(examined: &Examined) -> Finding {
    let (commit, standbys) = (examined.synchronous_commit.as_str(), examined.standbys.as_str());
    let told = format!("synchronous_commit = {commit}, synchronous_standby_names = '{standbys}'");
    if !examined.fsync {
        let detail = "fsync = off: a power cut may cost the whole database";
        return Finding::wrong(DURABILITY, detail, "turn fsync on");
    }
    match (commit, standbys.trim()) {
        ("off", _) => {
            let detail = format!(
                "{told}: what was acknowledged just before a crash of the database may be forgotten, a revocation too"
            );
            Finding::wrong(DURABILITY, detail, "set synchronous_commit = on for this role")
        }
        ("local", _) | (_, "") => {
            let detail = format!(
                "{told}: what was acknowledged survives a crash and a power cut, and is lost with the disk of the primary, or by a \
                 failover to a standby that had not got it yet"
            );
            let fix = "to fail over without loss, name standbys in synchronous_standby_names";
            Finding::doubtful(DURABILITY, detail, fix)
        }
        ("remote_write", _) => {
            let detail = format!(
                "{told}: what was acknowledged is on the disk of the primary and in the memory of the standbys"
            );
            Finding::doubtful(DURABILITY, detail, "set synchronous_commit = on, which waits for their disks")
        }
        _ => {
            let detail = format!(
                "{told}: what was acknowledged is on the disks of the primary and of the standbys that are waited for"
            );
            Finding::good(DURABILITY, detail)
        }
    }
}

fn partitions(missing: &[String]) -> Finding {
    if missing.is_empty() {
        return Finding::good(PARTITIONS, "those of the next hours are there");
    }
    let detail = format!("{} of the next hours are not there, such as {}", missing.len(), missing[0]);
    Finding::doubtful(
        PARTITIONS,
        detail,
        "a server makes them within a minute of its start; if one runs, look at its log",
    )
}

fn connections(examined: &Examined, each: usize) -> Finding {
    let (room, taken) = (examined.room, examined.taken);
    let each = i64::try_from(each).unwrap_or(i64::MAX);
    let detail = format!("at most {each} of each node; the database takes {room}, and has {taken}");
    if each > room {
        let fix = "raise max_connections, lower store.connections, or put a pooler between";
        return Finding::wrong(CONNECTIONS, detail, fix);
    }
    if each.saturating_mul(2) > room {
        return Finding::doubtful(CONNECTIONS, detail, "there is no room for a second node: raise max_connections");
    }
    Finding::good(CONNECTIONS, detail)
}

/// Nodes decide by their own clocks what is over, and the clock of the database is another witness of the time.
fn clock(database: Timestamp, here: Timestamp) -> Finding {
    let (apart, side) =
        if database > here { (database.remaining(here), "ahead of") } else { (here.remaining(database), "behind") };
    let detail = format!("{} s {side} that of this machine", apart.as_secs());
    let fix = "let NTP keep both clocks: every node decides by its own what is over";
    if apart >= INTOLERABLE {
        Finding::wrong(CLOCK, detail, fix)
    } else if apart > TOLERABLE {
        Finding::doubtful(CLOCK, detail, fix)
    } else {
        Finding::good(CLOCK, "as that of this machine")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::doctor::finding::State;

    fn examined() -> Examined {
        Examined {
            version: "15.8".into(),
            number: 150_008,
            follows: false,
            read_only: false,
            synchronous_commit: "on".into(),
            standbys: "ANY 1 (one, two)".into(),
            fsync: true,
            room: 97,
            taken: 20,
            clock: Timestamp(1000),
            round_trip: Duration::from_micros(300),
        }
    }

    #[test]
    fn what_an_acknowledged_change_is_worth_is_told_by_what_the_database_waits_for() {
        let state = |commit: &str, standbys: &str| {
            let found = Examined { synchronous_commit: commit.into(), standbys: standbys.into(), ..examined() };
            durability(&found).state
        };
        assert_eq!(state("on", "ANY 1 (one, two)"), State::Good);
        assert_eq!(state("remote_apply", "one"), State::Good);
        assert_eq!(state("remote_write", "one"), State::Doubtful);
        assert_eq!(state("on", ""), State::Doubtful);
        assert_eq!(state("local", "one"), State::Doubtful);
        assert_eq!(state("off", "one"), State::Wrong);
        assert_eq!(durability(&Examined { fsync: false, ..examined() }).state, State::Wrong);
    }

    #[test]
    fn a_database_that_takes_no_writes_or_too_few_connections_is_wrong() {
        assert_eq!(writes(&examined()).state, State::Good);
        assert_eq!(writes(&Examined { follows: true, ..examined() }).state, State::Wrong);
        assert_eq!(writes(&Examined { read_only: true, ..examined() }).state, State::Wrong);
        let state = |each| connections(&examined(), each).state;
        assert_eq!([state(16), state(60), state(98)], [State::Good, State::Doubtful, State::Wrong]);
    }

    #[test]
    fn another_schema_or_an_old_version_is_wrong() {
        assert_eq!(schema(SCHEMA).state, State::Good);
        assert_eq!([schema(SCHEMA - 1).state, schema(SCHEMA + 1).state], [State::Wrong, State::Wrong]);
        assert_eq!(version(&examined()).state, State::Good);
        assert_eq!(version(&Examined { number: 140_010, ..examined() }).state, State::Wrong);
        assert_eq!(version(&Examined { round_trip: Duration::from_millis(20), ..examined() }).state, State::Doubtful);
    }

    #[test]
    fn clocks_that_are_apart_are_told() {
        let state = |database, here| clock(Timestamp(database), Timestamp(here)).state;
        assert_eq!([state(1000, 1002), state(1002, 1000)], [State::Good, State::Good]);
        assert_eq!([state(1000, 1003), state(1059, 1000)], [State::Doubtful, State::Doubtful]);
        assert_eq!([state(1000, 1060), state(1060, 1000)], [State::Wrong, State::Wrong]);
    }
}
