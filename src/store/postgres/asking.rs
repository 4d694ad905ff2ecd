//! Who asks about which access token, the hot path: questions that come while others are under way are asked together.
//!
//! One that comes alone waits for nobody. Those that come while a statement is under way are the next one, as many as there are:
//! what a statement costs here, on the way and in the database is shared among them. Where many wait, or the one under way takes
//! longer than it should, another is sent beside it. Each question was there before its statement was sent, so that its answer
//! knows whatever was acknowledged by then.
//!
//! A statement reads the partition of an hour by its own name. One on the whole table would lock all its partitions, and be planned
//! anew on every connection whenever one of them comes or goes. What belongs to no partition that this node knows of is asked of the
//! whole table.

use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::domain::id::{ResourceId, SiteId};
use crate::domain::secret::TokenKey;
use crate::store::postgres::connections::PoolStatus;
use crate::store::postgres::partitions::{Known, TOKENS};
use crate::store::postgres::record::{bytes, number};
use crate::store::postgres::standby::Nearest;
use crate::store::postgres::statement::Param::{Many, ManyMaybe};
use crate::store::postgres::statement::Statement;
use crate::store::{Result, StoreError};

/// So many statements are under way at once, at most, each on a connection that nothing else is asked on: one that another statement
/// has just used is perhaps one that has not prepared this.
pub const LANES: usize = 4;

/// So many questions are one statement at most.
const MOST: usize = 256;

/// Where so many wait, another statement is sent beside those under way.
const MANY: usize = 64;

/// A statement that takes longer is not waited for.
const LONG: Duration = Duration::from_millis(10);

/// The columns of an answer, by number.
pub mod column {
    /// The number of the question, from 1.
    pub(super) const PLACE: usize = 0;
    /// The registration of who asks.
    pub const ASKER: usize = 1;
    /// The access token.
    pub const TOKEN: usize = 2;
    /// The registration of its client.
    pub const CLIENT: usize = 3;
    /// The site.
    pub const SITE: usize = 4;
    /// The installation there.
    pub const INSTALLATION: usize = 5;
    /// What runs there.
    pub const DEPLOYED: usize = 6;
    /// The person.
    pub const USER: usize = 7;
    /// What they allowed.
    pub const GRANT: usize = 8;
    /// Their membership.
    pub const MEMBER: usize = 9;
    /// Whether the family of the token lives.
    pub const FAMILY_IS_LIVE: usize = 10;
}

/// The types of what a statement is given: keys, sites that are asked about, and names of who asks.
const TYPES: [Type; 3] = [Type::BYTEA_ARRAY; 3];

// One indexed read of each noun. What a token hangs from is found by the columns beside it.
fn text(tokens: &str) -> String {
    format!(
        "SELECT q.place, a.record, t.record, r.record, s.record, COALESCE(own.record, there.record), d.record, u.record,
                g.record, m.record, get_byte(f.record, 1) = 0
         FROM unnest($1, $2, $3) WITH ORDINALITY AS q (key, site, asker, place)
         LEFT JOIN registry a ON a.key = q.asker
         LEFT JOIN {tokens} t ON t.key = q.key
         LEFT JOIN registry r ON r.key = t.client AND r.number = t.client_number
         LEFT JOIN sites s ON s.key = COALESCE(q.site, t.site_id)
         LEFT JOIN installations own ON own.key = t.installation
         LEFT JOIN installations there ON t.installation IS NULL
             AND there.site_id = COALESCE(q.site, t.site_id) AND there.deployment = r.deployment
         LEFT JOIN deployed d ON d.key = COALESCE(own.deployment, there.deployment)
         LEFT JOIN users u ON u.key = t.user_id
         LEFT JOIN grants g ON g.key = t.grant_id
         LEFT JOIN members m ON m.key = t.user_id || COALESCE(q.site, t.site_id)
         LEFT JOIN families f ON f.key = t.family"
    )
}

/// What is asked.
#[derive(Debug)]
pub struct Question {
    /// The access token.
    pub key: TokenKey,
    /// The site that is asked about, if it is not that of the token.
    pub site: Option<SiteId>,
    /// Who asks, if they are to be looked up as well.
    pub asker: Option<ResourceId>,
}

/// Asks.
pub struct Asking(Arc<Shared>);

struct Shared {
    nearest: Nearest,
    known: Arc<Known>,
    line: Mutex<Line>,
}

/// The questions that were not asked yet.
#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    under_way: usize,
    /// When the last statement was sent, or was to be.
    sent: Option<Instant>,
}

struct Waiting {
    question: Question,
    /// The partition that the token is in, if this node knows of it.
    part: Option<u64>,
    answer: oneshot::Sender<Result<Row>>,
}

impl Asking {
    /// Nothing is asked yet.
    pub fn new(nearest: Nearest, known: Arc<Known>) -> Self {
        Self(Arc::new(Shared { nearest, known, line: Mutex::default() }))
    }

    /// The answer to a question: one row, in which all is NULL that is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it could not be asked.
    pub async fn row(&self, question: Question) -> Result<Row> {
        let (answer, answered) = oneshot::channel();
        let part = TOKENS.part_of_hour(question.key.hour);
        let part = self.0.known.has(TOKENS, part).then_some(part);
        if self.0.line().join(Waiting { question, part, answer }, Instant::now()) {
            // By a task of its own: whoever asked first may go away, and others wait for the same statement.
            tokio::spawn(Arc::clone(&self.0).ask());
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the question got lost".into())))
    }

    /// What becomes of the connections at this moment; questions that were not asked yet wait for one.
    pub fn status(&self) -> PoolStatus {
        let status = self.0.nearest.primary().status();
        PoolStatus { waiting: status.waiting + self.0.line().waiting.len(), ..status }
    }

    /// Lets go of every connection.
    pub fn close(&self) {
        self.0.nearest.primary().close();
    }

    /// Forgets how a partition is asked about whose tokens are over.
    pub fn forget(&self, part: u64) {
        self.0.forget(part);
    }
}

impl Line {
    /// Whether whoever joined is to see to it that somebody asks.
    fn join(&mut self, waiting: Waiting, now: Instant) -> bool {
        self.waiting.push(waiting);
        let takes_long = || self.sent.is_some_and(|sent| now.saturating_duration_since(sent) > LONG);
        let waits_for_nobody =
            self.under_way == 0 || self.under_way < LANES && (self.waiting.len() >= MANY || takes_long());
        if waits_for_nobody {
            self.under_way += 1;
            self.sent = Some(now);
        }
        waits_for_nobody
    }

    /// What is asked next, all of one partition: that of whoever waits longest. A lane ends where there is nothing.
    fn next(&mut self, now: Instant) -> Option<Vec<Waiting>> {
        let Some(part) = self.waiting.first().map(|first| first.part) else {
            self.under_way -= 1;
            return None;
        };
        self.sent = Some(now);
        if self.waiting.len() <= MOST && self.waiting.iter().all(|waiting| waiting.part == part) {
            return Some(mem::take(&mut self.waiting));
        }
        Some(self.waiting.extract_if(.., |waiting| waiting.part == part).take(MOST).collect())
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, part: u64) {
        self.nearest.forget(&text(&TOKENS.name(part)), &TYPES);
    }

    /// Asks until nobody waits.
    async fn ask(self: Arc<Self>) {
        let mut lane = Lane { shared: self, is_open: true };
        loop {
            // Whoever can ask at this moment does so before the statement is sent.
            tokio::task::yield_now().await;
            let Some(together) = lane.next() else { return };
            lane.shared.answer(together).await;
        }
    }

    async fn answer(&self, together: Vec<Waiting>) {
        match self.rows(&together).await {
            Ok(rows) => self.tell(together, rows),
            Err(error) => {
                let error = Arc::new(error);
                for Waiting { answer, .. } in together {
                    let shared = SharedError(Arc::clone(&error));
                    _ = answer.send(Err(StoreError::Unavailable(Box::new(shared))));
                }
            }
        }
    }

    async fn rows(&self, together: &[Waiting]) -> Result<Vec<Row>> {
        if let Some(part) = together.first().and_then(|first| first.part) {
            match self.rows_of(&TOKENS.name(part), together).await {
                // Another node dropped it.
                Err(error) if is_no_table(&error) => {
                    self.known.remove(TOKENS, part);
                    self.forget(part);
                }
                answer => return answer,
            }
        }
        self.rows_of(TOKENS.table, together).await
    }

    async fn rows_of(&self, tokens: &str, together: &[Waiting]) -> Result<Vec<Row>> {
        let keys: Vec<_> = together.iter().map(|waiting| waiting.question.key.to_bytes()).collect();
        let keys: Vec<_> = keys.iter().map(<[u8; _]>::as_slice).collect();
        let questions = || together.iter().map(|waiting| &waiting.question);
        let sites: Vec<_> =
            questions().map(|asked| asked.site.as_ref().map(|site| site.as_bytes().as_slice())).collect();
        let askers: Vec<_> = questions().map(|asked| asked.asker.as_ref().map(|id| id.as_str().as_bytes())).collect();
        let text = text(tokens);
        let params = [Many(&keys), ManyMaybe(&sites), ManyMaybe(&askers)];
        self.nearest.rows(&Statement::reading("credentials", &text), &params).await
    }

    /// Gives everybody their row.
    fn tell(&self, together: Vec<Waiting>, rows: Vec<Row>) {
        let mut together: Vec<_> = together.into_iter().map(Some).collect();
        for row in rows {
            let place = number(&row, column::PLACE).ok().flatten().and_then(|place| usize::try_from(place - 1).ok());
            let Some(waiting) = place.and_then(|place| together.get_mut(place)?.take()) else { continue };
            if waiting.part.is_none() && bytes(&row, column::TOKEN).is_ok_and(|token| token.is_some()) {
                self.known.add(TOKENS, TOKENS.part_of_hour(waiting.question.key.hour));
            }
            // Whoever is gone needs none.
            _ = waiting.answer.send(Ok(row));
        }
    }
}

/// One of those who ask. If it breaks off, another may take its place.
struct Lane {
    shared: Arc<Shared>,
    is_open: bool,
}

impl Lane {
    fn next(&mut self) -> Option<Vec<Waiting>> {
        let next = self.shared.line().next(Instant::now());
        self.is_open = next.is_some();
        next
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if self.is_open {
            self.shared.line().under_way -= 1;
        }
    }
}

/// Whether a statement names a table that is not there.
fn is_no_table(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    let cause = cause.downcast_ref::<tokio_postgres::Error>();
    cause.and_then(tokio_postgres::Error::code) == Some(&SqlState::UNDEFINED_TABLE)
}

/// Why a statement failed that was asked for several.
#[derive(Debug)]
struct SharedError(Arc<StoreError>);

impl SharedError {
    fn cause(&self) -> &(dyn Error + 'static) {
        self.0.source().unwrap_or(&self.0)
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.cause(), f)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Digest;

    fn waiting(part: Option<u64>) -> Waiting {
        let key = TokenKey { hour: 0, digest: Digest([0; 32]).into() };
        Waiting { question: Question { key, site: None, asker: None }, part, answer: oneshot::channel().0 }
    }

    fn parts(line: &mut Line, now: Instant) -> Option<Vec<Option<u64>>> {
        line.next(now).map(|together| together.iter().map(|waiting| waiting.part).collect())
    }

    #[test]
    fn who_comes_alone_waits_for_nobody_and_who_comes_meanwhile_is_asked_about_next() {
        let (mut line, now) = (Line::default(), Instant::now());
        assert!(line.join(waiting(Some(1)), now));
        assert_eq!(parts(&mut line, now), Some(vec![Some(1)]));

        assert!(!line.join(waiting(Some(1)), now));
        assert!(!line.join(waiting(Some(1)), now));
        assert_eq!(parts(&mut line, now), Some(vec![Some(1); 2]));

        assert_eq!(parts(&mut line, now), None);
        assert!(line.join(waiting(Some(1)), now), "the lane ended, and another begins");
    }

    #[test]
    fn one_statement_is_about_one_partition_and_whoever_waits_longest_is_in_the_next() {
        let (mut line, now) = (Line::default(), Instant::now());
        for part in [Some(2), None, Some(2), Some(1), None] {
            line.join(waiting(part), now);
        }
        assert_eq!(parts(&mut line, now), Some(vec![Some(2); 2]));
        assert_eq!(parts(&mut line, now), Some(vec![None; 2]));
        assert_eq!(parts(&mut line, now), Some(vec![Some(1)]));
    }

    #[test]
    fn where_many_wait_more_statements_are_sent_but_not_any_number() {
        let (mut line, now) = (Line::default(), Instant::now());
        let lanes = (0..10 * MANY).filter(|_| line.join(waiting(Some(1)), now)).count();
        assert_eq!(lanes, LANES);
        assert_eq!(parts(&mut line, now).map(|together| together.len()), Some(MOST));
    }

    #[test]
    fn a_statement_that_takes_long_is_not_waited_for() {
        let (mut line, now) = (Line::default(), Instant::now());
        line.join(waiting(Some(1)), now);
        line.next(now);
        assert!(!line.join(waiting(Some(1)), now));
        let later = now + 2 * LONG;
        assert!(line.join(waiting(Some(1)), later));
        assert!(!line.join(waiting(Some(1)), later), "the next one is about to be sent");
    }
}
