//! resolv.conf, as glibc (`resolv/res_init.c`) and musl (`src/network/resolvconf.c`) read it: the keyword at the beginning of
//! the line, the address after white space, whatever follows it ignored, and three servers at most.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::{fmt, fs, io};

use super::{Named, PORT};

/// Servers beyond these are never asked (MAXNS in both C libraries).
const MOST: usize = 3;

/// Whom programs ask if the file names nobody.
const NOBODY_NAMED: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A larger file is none that a resolver reads.
const LARGEST: u64 = 1 << 20;

/// What is in a file that nobody uses, or that nobody can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The file cannot be read.
    Unreadable(String),
    /// It names nobody, so that programs ask this host.
    NamesNobody(String),
    /// This server is named after the third, and never asked.
    Beyond(String),
    /// This is no address.
    NoAddress(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::NamesNobody(file) => write!(f, "{file} names no server: programs ask {NOBODY_NAMED}"),
            Self::Beyond(server) => write!(f, "{server} is named after the third server, and never asked"),
            Self::NoAddress(word) => write!(f, "`{word}` is no address, and ignored"),
        }
    }
}

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub used: Vec<Named>,
    pub troubles: Vec<Trouble>,
    pub text: String,
}

/// Reads resolv.conf. Who finds no file, or none named there, asks this host.
pub(super) fn read(file: &Path) -> Read {
    let text = match text(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Read {
                troubles: vec![Trouble::Unreadable(format!("{}: {error}", file.display()))],
                ..Read::default()
            };
        }
    };
    let (mut used, mut troubles) = (Vec::new(), Vec::new());
    for word in words(&text) {
        match server(word) {
            None => troubles.push(Trouble::NoAddress(word.to_owned())),
            Some(_) if used.len() == MOST => troubles.push(Trouble::Beyond(word.to_owned())),
            Some(named) => used.push(named),
        }
    }
    if used.is_empty() {
        troubles.push(Trouble::NamesNobody(file.display().to_string()));
        used.push(NOBODY_NAMED.into());
    }
    Read { used, troubles, text }
}

/// All servers of a file that a stub reads: it knows no bound.
pub(super) fn all(file: &Path) -> Vec<Named> {
    text(file).map_or_else(|_| Vec::new(), |text| words(&text).filter_map(server).collect())
}

/// The text of a file, as far as a resolver would read it.
pub(super) fn text(file: &Path) -> io::Result<String> {
    if fs::metadata(file)?.len() > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it has more than 1 MiB",
        ));
    }
    Ok(String::from_utf8_lossy(&fs::read(file)?).into_owned())
}

/// What stands after each `nameserver`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line.strip_prefix("nameserver")?;
        rest.starts_with([' ', '\t']).then_some(())?;
        rest.split_ascii_whitespace().next()
    })
}

/// A server by its address: as `inet_aton(3)` reads it, or of IPv6, with a zone or without.
fn server(word: &str) -> Option<Named> {
    let (address, zone) = match word.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (word, None),
    };
    let address = match zone {
        None => ipv4(address).map(IpAddr::V4),
        Some(_) => None,
    };
    let address =
        address.or_else(|| Some(word.split('%').next()?.parse::<Ipv6Addr>().ok()?.to_canonical()))?;
    // A packet to the unspecified address goes to this host.
    let address = match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address => address,
    };
    Some(Named {
        address,
        interface: zone.map(interface),
        port: PORT,
    })
}

/// A zone is an interface's name, or its index.
fn interface(zone: &str) -> String {
    let by_index = || nix::net::if_::if_indextoname(zone.parse().ok()?).ok();
    by_index().map_or_else(|| zone.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// One to four numbers, decimal, octal or hexadecimal; the last one fills the bytes that are left.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = text.split('.').collect();
    let (last, bytes) = parts.split_last()?;
    if bytes.len() > 3 {
        return None;
    }
    let mut address = 0_u32;
    for byte in bytes {
        address = address << 8 | u32::from(u8::try_from(number(byte)?).ok()?);
    }
    let bits = 32 - 8 * u32::try_from(bytes.len()).ok()?;
    let last = number(last)?;
    if u64::from(last) >> bits != 0 {
        return None;
    }
    let address = u64::from(address) << bits | u64::from(last);
    Some(Ipv4Addr::from_bits(u32::try_from(address).ok()?))
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (text.get(2..)?, 16),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    let first = digits.chars().next()?;
    first
        .is_digit(radix)
        .then(|| u32::from_str_radix(digits, radix).ok())?
}
