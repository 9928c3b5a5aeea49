//! What each kind of column says.

use super::super::words;
use super::*;

fn what(text: &str) -> TextWhat {
    let text = format!("192.0.2.15 203.0.113.2 {text}");
    let words = words::of_record(&text);
    assert!(is_record(&words), "{text}");
    read(&mut Cursor::new(&words), &DnsPorts::DEFAULT).unwrap().what
}

#[test]
fn queries_and_responses_are_read_with_id_rcode_and_name() {
    for (text, id, name) in [
        (
            "DNS 82 Standard query 0x890c A www.example.com OPT",
            Some(0x890c),
            Some("www.example.com"),
        ),
        (
            "DNS 82 Standard query 0x0001 Unknown (65) www.example.com",
            Some(1),
            Some("www.example.com"),
        ),
        (
            "DNS Standard query A WWW.example.com",
            None,
            Some("www.example.com"),
        ),
        ("DNS 82 Standard query 0x0001 NS <Root>", Some(1), Some(".")),
        (
            "DNS C www.example.com. Internet Addr ?",
            None,
            Some("www.example.com"),
        ),
        ("UDP 75 52444 53 Len=33", None, None),
    ] {
        let TextWhat::Query(query) = what(text) else {
            panic!("{text}")
        };
        assert_eq!(
            (query.id, query.name.as_ref().map(Name::as_str)),
            (id, name),
            "{text}"
        );
        assert_eq!(query.conversation.service.port, 53, "{text}");
    }
    for (text, rcode) in [
        (
            "DNS 98 Standard query response 0x890c A www.example.com A 192.0.2.80",
            Rcode::NoError,
        ),
        (
            "DNS 98 Standard query response 0x890c No such name A www.example.com SOA x",
            Rcode::NxDomain,
        ),
        (
            "DNS 98 Standard query response 0x890c Server failure A www.example.com",
            Rcode::ServFail,
        ),
        (
            "DNS 98 Standard query response 0x890c Refused A www.example.com",
            Rcode::Refused,
        ),
    ] {
        let TextWhat::Response(response) = what(text) else {
            panic!("{text}")
        };
        assert_eq!((response.rcode, response.id), (rcode, Some(0x890c)), "{text}");
        assert_eq!(response.name, Some(Name::new("www.example.com")), "{text}");
    }
}

#[test]
fn errors_are_read_with_their_code() {
    for (text, code) in [
        ("ICMP 110 Destination unreachable (Port unreachable)", Code::Port),
        ("ICMP 110 Destination unreachable (Host unreachable)", Code::Host),
        (
            "ICMP 110 Destination unreachable (Network unreachable)",
            Code::Net,
        ),
        (
            "ICMP 110 Destination unreachable (Communication administratively filtered)",
            Code::Admin,
        ),
        (
            "ICMP 110 Destination unreachable (Fragmentation needed)",
            Code::Other,
        ),
        (
            "ICMPv6 130 Destination Unreachable (no route to destination)",
            Code::Net,
        ),
        (
            "ICMP Destination unreachable (UDP port 53 unreachable)",
            Code::Port,
        ),
    ] {
        let TextWhat::Unreachable(error) = what(text) else {
            panic!("{text}")
        };
        assert_eq!((error.code, error.about), (code, About::Unsaid), "{text}");
    }
}

#[test]
fn segments_and_what_is_not_dns_are_known() {
    assert!(matches!(
        what("TCP 74 52444 53 [SYN] Seq=0 Win=64240 Len=0"),
        TextWhat::Connect(_)
    ));
    assert!(matches!(
        what("TCP 74 53 52444 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0"),
        TextWhat::Accepted(_) | TextWhat::Segment(_)
    ));
    assert!(matches!(
        what("TCP 60 53 52444 [RST, ACK] Seq=1"),
        TextWhat::Other { .. } | TextWhat::Reset(_)
    ));
    assert!(matches!(
        what("TCP 74 [TCP Retransmission] 52444 53 [SYN] Seq=0"),
        TextWhat::Connect(_)
    ));
    assert!(matches!(
        what("TCP 66 443 52444 [ACK] Seq=1"),
        TextWhat::Other { .. }
    ));
    assert!(matches!(
        what("ICMP 98 Echo (ping) request id=0x1"),
        TextWhat::Other { .. }
    ));
    assert!(matches!(
        what("MDNS 82 Standard query 0x0000 PTR _ipp._tcp.local"),
        TextWhat::Other { .. }
    ));
}

#[test]
fn prose_and_other_records_are_no_columns() {
    for text in [
        "192.0.2.15 203.0.113.2: ICMP 203.0.113.2",
        "192.0.2.15 203.0.113.2 dns",
        "IP 192.0.2.15 203.0.113.2 DNS 82",
    ] {
        assert!(!is_record(&words::of_record(text)), "{text}");
    }
}
