//! The agency: its locations (sub-accounts), each with objects and a quota of its own.

use crate::account::{Account, Fields, ObjectKind};
use crate::official::organization::{all, own_location_id, text};
use crate::quota::Quota;
use crate::{SandboxConfig, normalize, seed};
use chrono::Utc;
use std::time::Duration;

/// The number of a location, in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LocationIndex(usize);

impl LocationIndex {
    /// The location that every sandbox has. The session API serves no other.
    pub(crate) const FIRST: Self = Self(0);
}

/// The owner of a token, and of the requests that carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// The agency. Requests without a known token count as its own.
    Agency,
    /// A location.
    Location(LocationIndex),
}

impl Owner {
    /// The owner of every request to the session API.
    pub(crate) const FIRST: Self = Self::Location(LocationIndex::FIRST);
}

/// The word for the agency where a location's id is expected.
#[cfg(any(feature = "faults", feature = "management"))]
pub(crate) const AGENCY: &str = "agency";

/// One location: everything that it shares with no other.
#[derive(Debug)]
pub(crate) struct Location {
    id: String,
    pub(crate) account: Account,
    quota: Quota,
    /// Whether it has the app installed, without which the agency's token cannot be exchanged for its own.
    #[cfg_attr(
        not(any(feature = "oauth", feature = "management")),
        expect(dead_code, reason = "only OAuth's operations and the endpoints for tests read it")
    )]
    pub(crate) installed: bool,
}

impl Location {
    fn new(config: &SandboxConfig, mut account: Account, now: Duration) -> Self {
        if config.manners.normalize {
            normalize::account(&mut account);
        }
        Self { id: own_location_id(&account), account, quota: Quota::new(config, now), installed: true }
    }

    /// The id, which no other location has.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The name. Other locations may have the same.
    pub(crate) fn name(&self) -> String {
        let location = self.account.get(ObjectKind::Locations, &self.id).unwrap_or_default();
        text(&location, "name").to_owned()
    }
}

/// Every location, and the quota of the agency's own requests.
#[derive(Debug)]
pub(crate) struct Agency {
    first: Location,
    further: Vec<Location>,
    /// A sandbox of one location has one quota.
    quota: Option<Quota>,
}

impl Agency {
    /// Creates the sample locations.
    pub(crate) fn new(config: &SandboxConfig, now: Duration) -> Self {
        let as_of = config.as_of.unwrap_or_else(Utc::now);
        let location = |index| Location::new(config, seed::account(config.seed, index, config.contacts, as_of), now);
        Self {
            first: location(0),
            further: (1..config.locations).map(location).collect(),
            quota: (config.locations > 1).then(|| Quota::new(config, now)),
        }
    }

    /// A location. An index only comes from this agency, so it is one of its locations.
    pub(crate) fn location(&self, LocationIndex(index): LocationIndex) -> &Location {
        index.checked_sub(1).and_then(|index| self.further.get(index)).unwrap_or(&self.first)
    }

    pub(crate) fn location_mut(&mut self, LocationIndex(index): LocationIndex) -> &mut Location {
        index.checked_sub(1).and_then(|index| self.further.get_mut(index)).unwrap_or(&mut self.first)
    }

    /// All locations in the order of creation.
    pub(crate) fn locations(&self) -> impl Iterator<Item = (LocationIndex, &Location)> {
        (0..).map(LocationIndex).zip(std::iter::once(&self.first).chain(&self.further))
    }

    /// The location with this id.
    pub(crate) fn find(&self, id: &str) -> Option<LocationIndex> {
        self.locations().find(|(_, location)| location.id == id).map(|(index, _)| index)
    }

    /// The location's id, or [`AGENCY`].
    #[cfg(any(feature = "faults", feature = "management"))]
    pub(crate) fn owner_id(&self, owner: Owner) -> &str {
        match owner {
            Owner::Agency => AGENCY,
            Owner::Location(index) => self.location(index).id(),
        }
    }

    /// The quota that an owner's requests count against.
    pub(crate) fn quota_mut(&mut self, owner: Owner) -> &mut Quota {
        match owner {
            Owner::Location(index) => &mut self.location_mut(index).quota,
            Owner::Agency => self.quota.as_mut().unwrap_or(&mut self.first.quota),
        }
    }

    /// The quota of one owner, or every quota.
    #[cfg(feature = "management")]
    pub(crate) fn quotas(&self, owner: Option<Owner>) -> Vec<&Quota> {
        match owner {
            Some(Owner::Location(index)) => vec![&self.location(index).quota],
            Some(Owner::Agency) => vec![self.quota.as_ref().unwrap_or(&self.first.quota)],
            None => self.locations().map(|(_, location)| &location.quota).chain(&self.quota).collect(),
        }
    }

    /// The owners of every quota.
    #[cfg(feature = "management")]
    pub(crate) fn owners(&self) -> Vec<Owner> {
        self.locations().map(|(index, _)| Owner::Location(index)).chain([Owner::Agency]).collect()
    }

    /// Every location object, including those of the first location's account that have no account of their own.
    pub(crate) fn location_objects(&self) -> impl Iterator<Item = (LocationIndex, Fields)> {
        self.locations().flat_map(|(index, location)| {
            all(&location.account, ObjectKind::Locations).into_iter().map(move |object| (index, object))
        })
    }
}
