//! Connections over TCP.

use super::{Scenario, address, at};
use crate::observation::{Asked, Connected, Details, What};

impl Scenario {
    /// A client sends a SYN.
    pub fn connects(&mut self, time: f64, client: &str) -> &mut Self {
        let asked = Asked {
            client: address(client),
            name: None,
            recursion_desired: true,
            is_syn: true,
            details: Details::default(),
        };
        self.see(time, What::Asked(asked))
            .count(time, time, |counts| counts.asked += 1)
    }

    /// The server takes the connection whose SYN was sent at these times. The door may not tell, and only count.
    pub fn connected(&mut self, time: f64, client: &str, syns: &[f64], is_told: bool) -> &mut Self {
        if is_told {
            let connected = Connected {
                client: address(client),
                syns: syns.iter().map(|syn| at(*syn)).collect(),
            };
            self.see(time, What::Connected(connected));
        }
        for syn in syns {
            self.count(time, *syn, |counts| counts.asked -= 1);
        }
        self
    }
}
