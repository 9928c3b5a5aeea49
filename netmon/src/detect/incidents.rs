//! The incidents of one server: at most one of each kind, open or closed so lately that it may reopen.

use super::incident::Incident;
use crate::model::Kind;

/// At most one incident of each kind.
#[derive(Debug, Default)]
pub(super) struct Incidents([Option<Box<Incident>>; Kind::ALL.len()]);

impl Incidents {
    /// Takes the incident of that kind out.
    pub fn take(&mut self, kind: Kind) -> Option<Box<Incident>> {
        self.0.get_mut(kind as usize)?.take()
    }

    /// Takes the incident of that kind out, if it is open.
    pub fn take_open(&mut self, kind: Kind) -> Option<Box<Incident>> {
        self.0
            .get_mut(kind as usize)?
            .take_if(|incident| incident.is_open())
    }

    /// Puts an incident in, or back.
    pub fn put(&mut self, incident: Box<Incident>) {
        if let Some(place) = self.0.get_mut(incident.kind as usize) {
            *place = Some(incident);
        }
    }

    /// The incident of that kind, if it is open.
    pub fn open_mut(&mut self, kind: Kind) -> Option<&mut Incident> {
        self.0
            .get_mut(kind as usize)?
            .as_deref_mut()
            .filter(|incident| incident.is_open())
    }

    /// The incident of that kind, open or not.
    pub fn of(&self, kind: Kind) -> Option<&Incident> {
        self.0.get(kind as usize)?.as_deref()
    }

    /// Whether there is one of that kind, open or not.
    pub fn has(&self, kind: Kind) -> bool {
        self.of(kind).is_some()
    }

    /// Whether one of that kind is open.
    pub fn is_open(&self, kind: Kind) -> bool {
        self.0
            .get(kind as usize)
            .and_then(Option::as_ref)
            .is_some_and(|incident| incident.is_open())
    }

    /// All, open or not.
    pub fn all(&self) -> impl Iterator<Item = &Incident> {
        self.0.iter().flatten().map(AsRef::as_ref)
    }

    /// All open ones.
    pub fn all_open(&self) -> impl Iterator<Item = &Incident> {
        self.all().filter(|incident| incident.is_open())
    }

    /// All open ones, to change.
    pub fn all_open_mut(&mut self) -> impl Iterator<Item = &mut Incident> {
        self.all_mut().filter(|incident| incident.is_open())
    }

    /// All, to change.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Incident> {
        self.0.iter_mut().flatten().map(AsMut::as_mut)
    }

    /// Whether there is none.
    pub fn are_none(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}
