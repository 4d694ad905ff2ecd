//! How many connections there are, in all and from one address. Who finds no place waits before being accepted; who has
//! too many from one address is hung up on, so that one address cannot take every place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::connections::Connections;
use crate::config::proxies::Proxies;
use crate::throttle::network_of;

/// The places there are, and who has them.
pub struct Limits {
    places: Arc<Semaphore>,
    per_address: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// A place for one connection that is yet to come.
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
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
        Arc::new(Self {
            places: Arc::new(Semaphore::new(settings.total.min(Semaphore::MAX_PERMITS))),
            per_address: settings.per_address,
            taken: Mutex::default(),
        })
    }

    /// A place, as soon as there is one.
    pub async fn place(&self) -> Place {
        // It is closed nowhere; were it, there would be no bound, and not no service.
        Place { _permit: Arc::clone(&self.places).acquire_owned().await.ok() }
    }

    /// The place for a connection from `address`; `None` if that address has too many.
    pub fn seat(self: &Arc<Self>, place: Place, address: IpAddr, proxies: &Proxies) -> Option<Seat> {
        if address.to_canonical().is_loopback() || proxies.trusts(address) {
            return Some(Seat { _place: place, counted: None });
        }
        let network = network_of(address);
        let mut taken = self.taken();
        let count = taken.entry(network).or_default();
        if *count >= self.per_address {
            return None;
        }
        *count += 1;
        Some(Seat { _place: place, counted: Some((Arc::clone(self), network)) })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
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
}
