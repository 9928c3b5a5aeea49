//! netmon's own queries (`--probe`): they are counted like all packets, and nothing follows from them.

use aya_ebpf::Global;
use netmon_common::records::Interface;

use crate::exchange::Exchange;
use crate::settings::is_local;

/// The port that all of them are sent from, and their id. Set before loading; without them the verifier removes what asks.
#[unsafe(no_mangle)]
static PROBE_PORT: Global<u16> = Global::new(0);
#[unsafe(no_mangle)]
static PROBE_ID: Global<u16> = Global::new(0);

/// Whether an exchange is one of netmon's own: from its port and this host, and with its id where that is shown.
#[inline(always)]
pub fn is_own(exchange: &Exchange) -> bool {
    let port = PROBE_PORT.load();
    port != 0 && exchange.client_port == port && is_own_message(exchange)
}

#[inline(never)]
fn is_own_message(exchange: &Exchange) -> bool {
    // On whichever link: the port and the id say more.
    (!exchange.is_id_known || exchange.id == PROBE_ID.load())
        && is_local(&exchange.client, Interface::LOOPBACK)
}
