//! Wrong keys and links, counted by the address that they come from.
//!
//! The count keeps nobody out: a right key or link logs in whatever came from its address before. Behind a proxy all people
//! have one address, and a stranger who guesses there must not lock the approvers out. What makes guesses hopeless is that
//! keys and links have 128 random bits. The count tells the guesser to stop, and the operator that somebody guesses.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Semaphore, time::Instant};

/// How many wrong keys and links of an address in [`WINDOW`] are answered as such. Further ones are answered with a refusal.
const MOST: u32 = 20;

/// How long a wrong key counts.
pub(super) const WINDOW: Duration = Duration::from_secs(5 * 60);

/// How many addresses are counted. Beyond that the one that began first is forgotten.
const MOST_ADDRESSES: usize = 1024;

/// How many keys and links are looked up at once, so that guesses leave the state directory to the calls.
const LOOKUPS: usize = 2;

/// The wrong keys and links of late.
#[derive(Debug)]
pub(super) struct Attempts {
    failed: Mutex<HashMap<IpAddr, Failed>>,
    pub(super) lookups: Semaphore,
}

#[derive(Debug)]
struct Failed {
    first: Instant,
    count: u32,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { failed: Mutex::default(), lookups: Semaphore::new(LOOKUPS) }
    }
}

impl Attempts {
    /// Counts a wrong key or link. Returns whether its address has sent too many.
    pub(super) fn failed(&self, from: IpAddr) -> bool {
        let from = network(from);
        let mut all = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, failed| failed.first.elapsed() <= WINDOW);
        if all.len() >= MOST_ADDRESSES && !all.contains_key(&from) {
            let oldest = all.iter().min_by_key(|(_, failed)| failed.first).map(|(address, _)| *address);
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        let failed = all.entry(from).or_insert_with(|| Failed { first: Instant::now(), count: 0 });
        failed.count = failed.count.saturating_add(1);
        if failed.count == MOST + 1 {
            tracing::warn!("{from} sent more than {MOST} wrong keys or links to the approval page within five minutes");
        }
        failed.count > MOST
    }
}

/// What counts as one address: of IPv6 the network, within which everybody has addresses without number.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[tokio::test(start_paused = true)]
    async fn each_address_has_its_own_count_for_a_while_and_the_addresses_are_bounded() {
        let attempts = Attempts::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..MOST {
            assert!(!attempts.failed(one));
        }
        assert!(attempts.failed(one) && !attempts.failed(other));
        tokio::time::advance(WINDOW + Duration::from_secs(1)).await;
        assert!(!attempts.failed(one), "it counts anew");
        assert_eq!(attempts.failed.lock().unwrap().len(), 1, "the other one is forgotten");
        for number in 0..10_000 {
            attempts.failed(Ipv4Addr::from(number).into());
        }
        assert_eq!(attempts.failed.lock().unwrap().len(), MOST_ADDRESSES);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("::ffff:192.0.2.1"), IpAddr::from([192, 0, 2, 1]));
    }
}
