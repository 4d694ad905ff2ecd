//! How many connections there are, in all and from one address. Who finds no place waits before being accepted; who has
//! too many from one address is hung up on, so that one address cannot take every place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::connections::Connections;
use crate::config::proxies::Proxies;
use crate::throttle::network_of;

/// The places there are, and who has them.
pub struct Limits {
    places: Arc<Semaphore>,
    per_address: AtomicUsize,
    total: Mutex<Total>,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// How many places there are to be, and how many more than that are still taken: those are gone once they are left.
struct Total {
    places: usize,
    surplus: usize,
}

/// A place for one connection that is yet to come.
pub struct Place {
    permit: Option<OwnedSemaphorePermit>,
    limits: Arc<Limits>,
}

/// A place that a connection has until this is dropped.
pub struct Seat {
    _place: Place,
    /// Where it counts; `None` for whoever stands for many.
    counted: Option<(Arc<Limits>, IpAddr)>,
}

impl Limits {
    /// As the settings say.
    pub fn new(settings: &Connections) -> Arc<Self> {
        let places = settings.total.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places)),
            per_address: AtomicUsize::new(settings.per_address),
            total: Mutex::new(Total { places, surplus: 0 }),
            taken: Mutex::default(),
        })
    }

    /// From here on as these settings say. Nobody who has a place loses it.
    pub fn set(&self, settings: &Connections) {
        self.per_address.store(settings.per_address, Ordering::Relaxed);
        let wanted = settings.total.min(Semaphore::MAX_PERMITS);
        let mut total = self.total();
        let fewer = total.places.saturating_sub(wanted);
        total.surplus += fewer - self.places.forget_permits(fewer);
        let more = wanted.saturating_sub(total.places);
        let kept = more.min(total.surplus);
        total.surplus -= kept;
        self.places.add_permits(more - kept);
        total.places = wanted;
    }

    /// A place, as soon as there is one.
    pub async fn place(self: &Arc<Self>) -> Place {
        // It is closed nowhere; were it, there would be no bound, and not no service.
        Place { permit: Arc::clone(&self.places).acquire_owned().await.ok(), limits: Arc::clone(self) }
    }

    /// The place for a connection from `address`; `None` if that address has too many.
    pub fn seat(self: &Arc<Self>, place: Place, address: IpAddr, proxies: &Proxies) -> Option<Seat> {
        if address.to_canonical().is_loopback() || proxies.trusts(address) {
            return Some(Seat { _place: place, counted: None });
        }
        let network = network_of(address);
        let mut taken = self.taken();
        let count = taken.entry(network).or_default();
        if *count >= self.per_address.load(Ordering::Relaxed) {
            return None;
        }
        *count += 1;
        Some(Seat { _place: place, counted: Some((Arc::clone(self), network)) })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn total(&self) -> MutexGuard<'_, Total> {
        self.total.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut total = self.limits.total();
        if total.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
            total.surplus -= 1;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((limits, network)) = &self.counted else { return };
        let mut taken = limits.taken();
        if let Some(count) = taken.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_address: usize, total: usize) -> Arc<Limits> {
        Limits::new(&Connections { per_address, total, ..Connections::default() })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[tokio::test]
    async fn one_address_has_so_many_and_another_is_served_meanwhile() {
        let (limits, none) = (limits(2, 100), Proxies::default());
        let from = |text: &str| (limits.clone(), address(text));
        let seat = async |(limits, address): (Arc<Limits>, IpAddr)| limits.seat(limits.place().await, address, &none);

        let first = seat(from("192.0.2.1")).await;
        let second = seat(from("192.0.2.1")).await;
        assert!(first.is_some() && second.is_some());
        assert!(seat(from("192.0.2.1")).await.is_none());
        assert!(seat(from("192.0.2.2")).await.is_some());

        drop(first);
        assert!(seat(from("192.0.2.1")).await.is_some());
        drop(second);
        assert!(limits.taken().is_empty(), "who left is forgotten");
    }

    #[tokio::test]
    async fn who_stands_for_many_is_not_counted_by_address() {
        let limits = limits(1, 100);
        let proxies = Proxies { trusted: vec!["10.0.0.0/8".parse().expect("a network")] };
        let mut seats = Vec::new();
        for text in ["127.0.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "10.1.2.3"] {
            seats.extend(limits.seat(limits.place().await, address(text), &proxies));
        }
        assert_eq!(seats.len(), 6);
    }

    #[tokio::test]
    async fn who_finds_no_place_waits_for_one() {
        let limits = limits(10, 1);
        let only = limits.place().await;
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), limits.place()).await.is_err());
        drop(only);
        let _next = limits.place().await;
    }

    #[tokio::test]
    async fn fewer_places_take_nobodys_away_and_more_are_there_at_once() {
        let limits = limits(10, 3);
        let total = |total| limits.set(&Connections { total, ..Connections::default() });
        let mut places = vec![limits.place().await, limits.place().await];
        total(1);
        assert_eq!(limits.places.available_permits(), 0);
        places.pop();
        assert_eq!(limits.places.available_permits(), 0, "the one that is left over is the only one");
        total(2);
        assert_eq!(limits.places.available_permits(), 1);
        places.pop();
        assert_eq!(limits.places.available_permits(), 2);
        let _all = [limits.place().await, limits.place().await];
        total(1);
        total(3);
        assert_eq!(limits.places.available_permits(), 1, "who was too many no longer is");
    }
}
