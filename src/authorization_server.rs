//! AuthorizationServer: config, store, passwords, seal, outbound requests, throttles and clock, handed to every use case. `record`
//! writes the audit trail and the log from one event.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};

use crate::config::Config;
use crate::config::cors::Cors;
use crate::config::passwords::PasswordSettings;
use crate::config::proxies::Proxies;
use crate::config::throttle::{Rate, ThrottleSettings};
use crate::domain::api_token::TokenUse;
use crate::domain::event::{Event, Recorded};
use crate::domain::guess::GuessRate;
use crate::domain::secret::TokenKey;
use crate::domain::site::Site;
use crate::domain::time::{Lifetime, Timestamp};
use crate::outbound::{Outbound, PrivateAddresses};
use crate::secrets::password::{Cost, Passwords};
use crate::secrets::random;
use crate::secrets::seal::SealingKey;
use crate::store::{Horizon, PendingUses, Readiness, Store, StoreError, Unready};
use crate::telemetry::{StoreMeasures, Telemetry};
use crate::throttle::{Throttle, network_of};

/// The context of every use case.
pub struct AuthorizationServer {
    /// What the operator set, as it was when the server began; what may change since is in [`AuthorizationServer::trust`] and
    /// `throttles`.
    pub config: Config,
    /// Where things are kept.
    pub store: Arc<dyn Store>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Seals what must be used again.
    pub sealing: SealingKey,
    /// Makes requests to addresses that strangers named.
    pub outbound: Outbound,
    /// What slows guessing down.
    pub throttles: Throttles,
    /// Uses of long-lived tokens that are to be written down.
    pub uses: PendingUses,
    /// The one clock.
    pub clock: Clock,
    /// The site that everything belongs to.
    pub site: Arc<Site>,
    /// What is counted.
    pub telemetry: Arc<Telemetry>,
    /// Whether requests should be sent here.
    pub readiness: Readiness,
    trust: ArcSwap<Trust>,
}

/// Whose word is taken. Every request asks this, so that it is read without a lock.
#[derive(Debug)]
pub struct Trust {
    /// Whose word on a caller's address.
    pub proxies: Proxies,
    /// Which other origins' scripts may call.
    pub cors: Cors,
}

impl Trust {
    fn of(config: &Config) -> Self {
        Self { proxies: config.proxies.clone(), cors: config.cors.clone() }
    }
}

/// What slows guessing down. Accounts are counted in the store, for all servers; so are sign-ins and reports of leaks by network, behind
/// a count here. What guards this server alone, its trail and its time, is counted here alone.
pub struct Throttles {
    /// Sign-ins by network.
    pub sign_in_per_address: Throttle<Option<IpAddr>>,
    /// Refusals that the audit trail keeps, by network.
    pub refusals_kept: Throttle<Option<IpAddr>>,
    /// Refusals of access that the audit trail keeps, by whom they are about.
    pub denials_kept: Throttle<String>,
    /// Tokens that were no good, shown to this server's own API, by network.
    pub tokens_per_address: Throttle<Option<IpAddr>>,
    /// Reports of leaked tokens, by network.
    pub leaks_per_address: Throttle<Option<IpAddr>>,
    accounts: ArcSwap<AccountRates>,
    networks: ArcSwap<NetworkRates>,
}

/// The rates of failed sign-ins; none where they are not bounded.
#[derive(Clone, Copy, Debug)]
pub struct AccountRates {
    /// By account and where they come from.
    pub each: Option<GuessRate>,
    /// By account, from wherever the person never signed in.
    pub anywhere: Option<GuessRate>,
}

impl AccountRates {
    fn of(settings: &ThrottleSettings) -> Self {
        Self {
            each: guess_rate(settings.sign_in_per_account),
            anywhere: guess_rate(settings.sign_in_per_account_anywhere),
        }
    }
}

/// The rates of what is counted by network in the store; none where it is not bounded.
#[derive(Clone, Copy, Debug)]
pub struct NetworkRates {
    /// Of sign-ins.
    pub sign_in: Option<GuessRate>,
    /// Of reports of leaked tokens.
    pub leak: Option<GuessRate>,
}

impl NetworkRates {
    fn of(settings: &ThrottleSettings) -> Self {
        Self { sign_in: guess_rate(settings.sign_in_per_address), leak: guess_rate(settings.leaks_per_address) }
    }
}

fn guess_rate(rate: Rate) -> Option<GuessRate> {
    GuessRate::new(rate.burst, rate.per_minute)
}

impl Throttles {
    fn new(settings: &ThrottleSettings) -> Self {
        fn throttle<K: Clone + Eq + Hash>(rate: Rate) -> Throttle<K> {
            Throttle::new(rate.burst, rate.per_minute)
        }
        Self {
            sign_in_per_address: throttle(settings.sign_in_per_address),
            refusals_kept: throttle(settings.refusals_kept),
            denials_kept: throttle(settings.denials_kept),
            tokens_per_address: throttle(settings.tokens_per_address),
            leaks_per_address: throttle(settings.leaks_per_address),
            accounts: ArcSwap::from_pointee(AccountRates::of(settings)),
            networks: ArcSwap::from_pointee(NetworkRates::of(settings)),
        }
    }

    /// The rates of failed sign-ins by now.
    pub fn accounts(&self) -> AccountRates {
        **self.accounts.load()
    }

    /// The rates of what comes from one network by now.
    pub fn networks(&self) -> NetworkRates {
        **self.networks.load()
    }

    fn set(&self, settings: &ThrottleSettings) {
        fn set<K: Clone + Eq + Hash>(throttle: &Throttle<K>, rate: Rate) {
            throttle.set(rate.burst, rate.per_minute);
        }
        set(&self.sign_in_per_address, settings.sign_in_per_address);
        set(&self.refusals_kept, settings.refusals_kept);
        set(&self.denials_kept, settings.denials_kept);
        set(&self.tokens_per_address, settings.tokens_per_address);
        set(&self.leaks_per_address, settings.leaks_per_address);
        self.accounts.store(Arc::new(AccountRates::of(settings)));
        self.networks.store(Arc::new(NetworkRates::of(settings)));
    }
}

/// Why a server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The password settings are not possible.
    #[error("passwords: {0}")]
    Passwords(String),
    /// The store was sealed under another key.
    #[error("the store was sealed under another key than the one that was given")]
    OtherSealingKey,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthorizationServer {
    /// A server on this store, in which everything that is sealed is sealed under `sealing`.
    ///
    /// # Errors
    /// [`StartError`] if argon2 does not take the settings, the store was sealed under another key, or it fails.
    pub async fn new(
        config: Config,
        store: Arc<dyn Store>,
        sealing: SealingKey,
        clock: Clock,
    ) -> Result<Self, StartError> {
        require_same_key(&sealing, store.as_ref()).await?;
        let passwords = Passwords::new(cost(&config.passwords)).map_err(StartError::Passwords)?;
        let new_site =
            Site { id: random::site_id(), name: "Default site".into(), url: None, workspace_id: random::site_id() };
        let site = store.default_site(&new_site).await?;
        let outbound = Outbound::new(private_addresses(&config));
        let throttles = Throttles::new(&config.throttle);
        let (telemetry, readiness) = (Arc::default(), Readiness::default());
        let trust = ArcSwap::from_pointee(Trust::of(&config));
        let uses = PendingUses::default();
        Ok(Self {
            config,
            store,
            passwords,
            sealing,
            outbound,
            throttles,
            uses,
            clock,
            site,
            telemetry,
            readiness,
            trust,
        })
    }

    /// Whether a server could begin with `config`, as far as that shows without a store.
    ///
    /// # Errors
    /// [`StartError`] if argon2 does not take the settings.
    pub fn check(config: &Config) -> Result<(), StartError> {
        cost(&config.passwords).check().map_err(StartError::Passwords)
    }

    /// Takes over what of `config` may change while the server serves; the rest stays as it was at the start.
    pub fn adopt(&self, config: &Config) {
        self.trust.store(Arc::new(Trust::of(config)));
        self.throttles.set(&config.throttle);
    }

    /// Whose word is taken by now.
    pub fn trust(&self) -> Guard<Arc<Trust>> {
        self.trust.load()
    }

    /// The moment that a use case takes as now: read once, at its beginning.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether this server should be sent requests.
    ///
    /// # Errors
    /// [`Unready`] says why not.
    pub async fn ready(&self) -> Result<(), Unready> {
        self.readiness.ask(self.store.as_ref(), self.now()).await
    }

    /// What the store says of itself.
    pub fn store_measures(&self) -> StoreMeasures {
        StoreMeasures { commits: self.store.commits(), bytes: self.store.size().ok(), pool: self.store.pool() }
    }

    /// Where people reach `site`.
    pub fn url_of<'a>(&'a self, site: &'a Site) -> &'a str {
        site.url.as_deref().unwrap_or(self.config.issuer.url.as_str())
    }

    /// Up to which moments everything is over by now, for the sweep.
    pub fn horizon(&self) -> Horizon {
        let (now, lifetimes) = (self.now(), &self.config.lifetimes);
        Horizon { now, rotations: now - lifetimes.longest_leeway(), events: now - lifetimes.audit }
    }

    /// Notes that a token which lives long was used, and from where if that is known.
    pub fn note_use(&self, key: TokenKey, from: Option<IpAddr>) {
        self.uses.note(key, TokenUse { at: self.now(), from });
    }

    /// Writes down when tokens were last used. What cannot be written is forgotten: the next use is noted again.
    pub async fn settle_uses(&self) {
        let uses = self.uses.take();
        if !uses.is_empty()
            && let Err(error) = self.store.note_token_uses(&uses).await
        {
            tracing::warn!(%error, "when tokens were last used could not be written down");
        }
    }

    /// Writes a fact to the audit trail and the log. What it tells of is done and durable by then, and an error would deny
    /// it; so a fact that the trail does not take changes no answer, but is in the log as a failure, whole.
    pub async fn record(&self, event: Event) {
        let text = serde_json::to_string(&event).unwrap_or_default();
        tracing::info!(target: "audit", event = %text);
        let recorded = Recorded { at: self.now(), event };
        if let Err(error) = self.store.append_event(&recorded).await {
            tracing::error!(error = &error as &dyn std::error::Error, event = %text, "the audit trail lacks an event");
        }
        if let Some(user) = recorded.event.is_about()
            && let Err(error) = self.store.add_activity(user, &recorded).await
        {
            tracing::warn!(%error, %user, "a person's activity lacks an event");
        }
    }

    /// As [`AuthorizationServer::record`], for what a stranger can cause as often as they like: beyond a rate for each
    /// network it is in the log alone, or one stranger could fill the disk and hide every other fact.
    pub async fn record_refusal(&self, event: Event, address: Option<IpAddr>) {
        if matches!(event, Event::SignInRefused { .. }) {
            self.telemetry.sign_ins_refused.increment();
        }
        if self.throttles.refusals_kept.take(address.map(network_of), self.now()).is_ok() {
            self.record(event).await;
        } else {
            log_alone(&event);
        }
    }

    /// As [`AuthorizationServer::record_refusal`], for a call that goes no further: by whom it is about, where that is known.
    pub async fn record_denial(&self, event: Event, subject: Option<String>, address: Option<IpAddr>) {
        let Some(subject) = subject else { return self.record_refusal(event, address).await };
        if self.throttles.denials_kept.take(subject, self.now()).is_ok() {
            self.record(event).await;
        } else {
            log_alone(&event);
        }
    }
}

fn log_alone(event: &Event) {
    let text = serde_json::to_string(event).unwrap_or_default();
    tracing::info!(target: "audit", event = %text, kept = false);
}

fn private_addresses(config: &Config) -> PrivateAddresses {
    if config.connect.allow_private_addresses { PrivateAddresses::Allowed } else { PrivateAddresses::Refused }
}

fn cost(settings: &PasswordSettings) -> Cost {
    Cost {
        memory_kib: settings.memory_kib,
        iterations: settings.iterations,
        parallelism: settings.parallelism,
        concurrency: settings.concurrency,
        queue: settings.queue,
    }
}

/// What the check of a store is sealed for.
const CHECK: &[u8] = b"the first thing that was sealed here";

/// What a store keeps so that the key is known again that it was sealed under.
pub fn seal_check(sealing: &SealingKey) -> Vec<u8> {
    sealing.seal(CHECK, b"")
}

/// Whether the store that keeps `check` was sealed under `sealing`.
pub fn is_sealed_under(sealing: &SealingKey, check: &[u8]) -> bool {
    sealing.open(CHECK, check).is_some()
}

/// Compares the key with the one that the store was first used with. Without this a wrong key would be noticed only when
/// something is to be opened, after new things were sealed under it.
async fn require_same_key(sealing: &SealingKey, store: &dyn Store) -> Result<(), StartError> {
    let check = match store.seal_check().await? {
        Some(check) => check,
        None => store.begin_seal_check(&seal_check(sealing)).await?,
    };
    if is_sealed_under(sealing, &check) { Ok(()) } else { Err(StartError::OtherSealingKey) }
}

/// Tells the time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands still until it is told otherwise, for tests.
    Fixed(Arc<AtomicU64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn fixed(now: Timestamp) -> Self {
        Clock::Fixed(Arc::new(AtomicU64::new(now.0)))
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Timestamp(since.map_or(0, |since| since.as_secs()))
            }
            Clock::Fixed(seconds) => Timestamp(seconds.load(Ordering::SeqCst)),
        }
    }

    /// Sets a fixed clock, forward or back; the machine's is left alone.
    pub fn set(&self, now: Timestamp) {
        if let Clock::Fixed(seconds) = self {
            seconds.store(now.0, Ordering::SeqCst);
        }
    }

    /// Moves a fixed clock on; the machine's is left alone.
    pub fn advance(&self, by: Lifetime) {
        if let Clock::Fixed(seconds) = self {
            seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
        }
    }
}
