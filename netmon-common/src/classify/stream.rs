//! TCP segments: what opens a connection, what starts a message, and what else a server sends.

use super::{Ends, Meaning, Offload, Packet, Place, Says, Segment, Sink, emit};
use crate::outcome::Transport;
use crate::ports::Ports;
use crate::wire::dns::{HEADER_LEN as DNS_HEADER_LEN, TCP_LENGTH_LEN, TcpMessage};
use crate::wire::ip::Ip;
use crate::wire::{Bytes, Header, Unreadable, tcp};

impl<B: Bytes, O: Fn() -> Offload, P: Ports> Packet<'_, B, O, P> {
    #[inline(always)]
    pub(super) fn classify_tcp<S: Sink>(&self, ip: &Ip, sink: &mut S) -> Result<(), Unreadable> {
        let segment = tcp::parse(self.bytes, ip.payload, ip.end)?;
        if !self
            .ports
            .contains_one(segment.source_port, segment.destination_port)
        {
            emit(sink, Meaning::Other, segment.payload(), ip.end);
            return Ok(());
        }
        // Read again, so that most segments need not keep what few need.
        let segment = tcp::parse(self.bytes, self.bytes.forget(ip.payload), ip.end)?;
        let ends = Ends {
            source: segment.source_port,
            destination: segment.destination_port,
        };
        if segment.flags.is_connect() && self.is_to_server(ends) {
            let connect = Meaning::Connect(ends.toward_server(ip));
            emit(sink, connect, segment.payload(), ip.end);
        } else if segment.flags.is_reset() && self.is_from_server(ends) {
            let reset = Meaning::Reset(ends.away_from_server(ip));
            emit(sink, reset, segment.payload(), ip.end);
        } else {
            self.classify_stream(ip, &segment, ends, sink)?;
        }
        Ok(())
    }

    /// A segment whose payload may start a DNS message. Of a super-packet only the first segment may.
    #[inline(always)]
    fn classify_stream<S: Sink>(
        &self,
        ip: &Ip,
        segment: &tcp::Tcp,
        ends: Ends,
        sink: &mut S,
    ) -> Result<(), Unreadable> {
        let offset = segment.payload() + TCP_LENGTH_LEN;
        let end = self.bytes.clamp(ip.end);
        if offset + DNS_HEADER_LEN > end {
            self.emit_segment(sink, ip, segment, ends, segment.payload() < end);
            return Ok(());
        }
        let message: TcpMessage = self
            .bytes
            .read(segment.payload())
            .ok_or(Unreadable::cut(Header::Dns))?;
        let available = end - offset;
        let segment_size = (self.offload)().segment_size as usize;
        let rest = if segment_size > TCP_LENGTH_LEN && segment_size - TCP_LENGTH_LEN < available {
            segment_size - TCP_LENGTH_LEN
        } else {
            available
        };
        let length = usize::from(message.length());
        let header = message.header.message();
        let length_fits = if header.is_response() {
            length >= rest
        } else {
            length == rest
        };
        if length < DNS_HEADER_LEN || !length_fits || !message.header.is_plausible() {
            self.emit_segment(sink, ip, segment, ends, true);
            return Ok(());
        }
        let place = Place {
            transport: Transport::Tcp,
            offset,
            end,
            acknowledgment: if header.is_response() {
                segment.acknowledgment
            } else {
                #[expect(clippy::cast_possible_truncation, reason = "numbers come round")]
                let len = (end - segment.payload()) as u32;
                segment.sequence.wrapping_add(len)
            },
        };
        self.emit_message(sink, ip, ends, header, place, segment.payload());
        Ok(())
    }

    /// A segment that starts no message: what else a server sends may tell what became of a query.
    #[inline(always)]
    fn emit_segment<S: Sink>(&self, sink: &mut S, ip: &Ip, segment: &tcp::Tcp, ends: Ends, has_data: bool) {
        let says = if segment.flags.is_accept() {
            Says::Accepted
        } else {
            Says::Data
        };
        let may_answer = segment.flags.is_acknowledgment()
            && (has_data || matches!(says, Says::Accepted))
            && self.is_from_server(ends);
        if may_answer {
            let segment_of_server = Meaning::Segment(Segment {
                conversation: ends.away_from_server(ip),
                acknowledgment: segment.acknowledgment,
                says,
            });
            emit(sink, segment_of_server, segment.payload(), ip.end);
        } else {
            emit(sink, Meaning::Other, segment.payload(), ip.end);
        }
    }
}
