//! Whom an incident hits, and for what names.

use std::borrow::Cow;

use netmon_common::Address;

use super::Incident;
use crate::detect::distinct::Distinct;
use crate::detect::silence::Beyond;
use crate::model::Kind;
use crate::observation::{Name, Side};
use crate::time::Time;

impl Incident {
    /// Takes whom it hit, and for what name.
    pub fn note(&mut self, client: Option<&Address>, name: Option<&Name>) {
        if let Some(client) = client {
            self.changed |= self.clients.note(client);
            self.others.retain(|other| other != client);
        }
        self.changed |= name.is_some_and(|name| self.names.note(name));
    }

    /// Takes whom it will have hit, and for what name: if the server stays silent, or does not turn out to have recovered before.
    pub fn wait(&mut self, since: Time, client: Option<&Address>, name: Option<&Name>) {
        let client = client.filter(|client| !self.clients.may_have(client));
        let name = name.filter(|name| !self.names.may_have(name));
        if let Some(first) = self.waiting.add(since, client, name) {
            self.note(first.client.as_ref(), first.name.as_ref());
        }
        self.changed |= self.shows_waiting();
    }

    /// Takes those of a silence that are not told apart.
    pub fn wait_too(&mut self, beyond: &Beyond) {
        self.clients.absorb(&beyond.clients);
        self.names.absorb(&beyond.names);
        for asked in beyond.waiting.iter() {
            self.wait(asked.since, asked.client.as_ref(), asked.name.as_ref());
        }
        self.changed = true;
    }

    /// It is known of those that waited since `by` or longer: they were hit.
    pub fn waited(&mut self, by: Time) {
        for asked in self.waiting.take_until(by) {
            self.note(asked.client.as_ref(), asked.name.as_ref());
        }
    }

    /// What that client asked then is not silent: an error came.
    pub fn not_silent(&mut self, sent: Time, client: Address) {
        self.waiting.forget(sent, client);
    }

    /// Whether those that wait have failed, as far as is known.
    fn shows_waiting(&self) -> bool {
        self.kind == Kind::Failing && self.recovered.is_none()
    }

    /// The clients and the names that it hits, as far as is known.
    pub fn hit(&self) -> (Cow<'_, Distinct<Address>>, Cow<'_, Distinct<Name>>) {
        let (mut clients, mut names) = (Cow::Borrowed(&self.clients), Cow::Borrowed(&self.names));
        if self.shows_waiting() {
            for asked in self.waiting.iter() {
                asked.client.iter().for_each(|client| {
                    clients.to_mut().note(client);
                });
                asked.name.iter().for_each(|name| {
                    names.to_mut().note(name);
                });
            }
        }
        (clients, names)
    }

    /// Whether the client has had a failure; among those not listed it may be mistaken for another one.
    pub fn may_have_hit(&self, client: Address) -> bool {
        self.clients.may_have(&client)
    }

    /// The same of one that is seen on that side of a translation. Behind it many clients have one address: it is hit where an error
    /// named it there.
    pub fn may_have_hit_on(&self, side: Side, client: Address) -> bool {
        (side != Side::Behind || self.is_behind) && self.may_have_hit(client)
    }

    /// Whether a client that was answered on that side of a translation is another one than those that it hit, if its address is
    /// another one.
    pub const fn tells_apart(&self, side: Side) -> bool {
        match side {
            Side::Only => true,
            Side::Before => !self.is_behind,
            Side::Behind => self.is_behind,
        }
    }

    /// How many names it hits.
    pub fn name_count(&self) -> u64 {
        let (_, names) = self.hit();
        names.listed().len() as u64 + names.more()
    }

    /// How many clients it hits.
    pub fn client_count(&self) -> u64 {
        let (clients, _) = self.hit();
        clients.listed().len() as u64 + clients.more()
    }
}
