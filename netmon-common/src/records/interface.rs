//! What user space says of a watched interface, so that frames for other hosts are known.

/// A watched interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Interface {
    /// Its index; 0 where the place is free.
    pub ifindex: u32,
    /// [`Self::ANY`], [`Self::MIRROR`] and [`Self::RELATED`].
    pub flags: u32,
    /// The device that stands for its link, by which link-local addresses are told apart: the bridge or bond that it is a port of,
    /// where it is one, as this host itself would name it; else mostly itself.
    pub link: u32,
    /// Not used, 0.
    pub reserved: u32,
    /// Its own hardware address in the first six bytes; then zeros.
    pub mac: [u8; 8],
}

impl Interface {
    /// The index of the loopback interface, in every network namespace.
    pub const LOOPBACK: u32 = 1;

    /// Frames for any hardware address are this host's: it is the port of a bridge, or has no hardware address.
    pub const ANY: u32 = 1;
    /// It is a mirror port: all frames are judged, whoever sent them.
    pub const MIRROR: u32 = 2;
    /// Another watched interface may see the same packets on the same way: they are ports of one bridge, or one is stacked on
    /// the other.
    pub const RELATED: u32 = 4;
}

/// A hardware address of a device that is stacked on a watched interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C)]
pub struct MacAt {
    /// The watched interface.
    pub ifindex: u32,
    /// The address in the first six bytes; then zeros.
    pub mac: [u8; 8],
}

const _: () = assert!(size_of::<Interface>() == 24 && align_of::<Interface>() == 4);
const _: () = assert!(size_of::<MacAt>() == 12 && align_of::<MacAt>() == 4);
