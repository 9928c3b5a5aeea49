//! The same packet, printed several times: at several interfaces, or in several texts.

use super::packet::TextPacket;
use crate::capture::duplicates::Duplicates;
use crate::capture::translations::Hop;
use crate::model::Warning;

/// Packets that texts show several times.
#[derive(Debug, Default)]
pub struct DuplicatePackets(Duplicates<(usize, String), String>);

impl DuplicatePackets {
    /// Whether a packet of this file is another sight of one that was seen already.
    pub fn has(&mut self, file: usize, packet: &TextPacket) -> bool {
        let Some(sight) = &packet.sight else { return false };
        let place = match sight.hop {
            // Where the text does not say at which interface, an IPv4 packet with an identification is one all the same; and
            // of others the hops that are left tell the sights apart.
            Some(Hop::Counted { identification, left }) if packet.hides_interface() => {
                let is_counted = identification != [0; 2];
                (
                    file,
                    if is_counted {
                        packet.line.to_string()
                    } else {
                        left.to_string()
                    },
                )
            }
            _ => (file, sight.at.clone()),
        };
        self.0
            .is_one(packet.time, place, sight.text.clone(), sight.for_another_host)
    }

    /// What to say of them.
    pub fn warning(&self) -> Option<Warning> {
        self.0.warning()
    }
}
