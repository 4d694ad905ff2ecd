//! `[proxies]`: whose word on a caller's address is taken.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proxies {
    /// Networks whose `X-Forwarded-For` is believed. Default: none.
    pub trusted: Vec<IpNet>,
}

impl Proxies {
    /// The address that a request came from: the peer's, or, where the peer is a trusted proxy, the last one in
    /// `forwarded_for` that no trusted proxy has.
    pub fn origin(&self, peer: IpAddr, forwarded_for: Option<&str>) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let named = forwarded_for.into_iter().flat_map(|list| list.rsplit(','));
        named.map_while(|address| address.trim().parse().ok()).find(|address| !self.trusts(*address)).unwrap_or(peer)
    }

    /// Whether a connection from `address` may stand for somebody else.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_about_whom_it_saw() {
        let proxies = Proxies { trusted: vec!["10.0.0.0/8".parse().expect("a network")] };
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(proxies.origin(address("192.0.2.1"), Some("203.0.113.9")), address("192.0.2.1"));
        assert_eq!(proxies.origin(address("10.0.0.1"), Some("203.0.113.9")), address("203.0.113.9"));
        assert_eq!(proxies.origin(address("10.0.0.1"), Some("6.6.6.6, 203.0.113.9, 10.0.0.2")), address("203.0.113.9"));
        assert_eq!(proxies.origin(address("10.0.0.1"), Some("203.0.113.9, nonsense")), address("10.0.0.1"));
        assert_eq!(proxies.origin(address("10.0.0.1"), None), address("10.0.0.1"));
    }
}
