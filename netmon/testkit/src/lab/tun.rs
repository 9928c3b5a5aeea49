//! A `tun` device: what a VPN in user space reads and writes IP packets by.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use nix::{
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use super::{PATIENCE, namespace::Namespace};

nix::ioctl_write_ptr_bad!(
    set_interface,
    nix::request_code_write!(b'T', 202, size_of::<libc::c_int>()),
    libc::ifreq
);

/// Before each packet (`struct tun_pi` in `include/uapi/linux/if_tun.h`): flags, and the packet's `EtherType`.
const INFORMATION: usize = 4;
/// Behind it, on a device with such headers: `struct virtio_net_hdr`.
const VIRTIO: usize = 10;
const LONGEST: usize = 65_536;

/// One end of a tunnel, as the program that serves it has it. The device is gone with it.
#[derive(Debug)]
pub struct Tun {
    file: File,
    virtio: bool,
}

impl Tun {
    /// Makes the device in a host, and brings it up. With headers, super-packets can be written to it.
    pub fn new(host: &Namespace, name: &str, virtio: bool) -> Result<Self> {
        let file = host.enter(|| open(name, virtio))?;
        let file = file.with_context(|| format!("cannot make a tun device in {}", host.name()))?;
        host.ip(&format!("link set {name} up mtu 65535"))?;
        Ok(Self { file, virtio })
    }

    /// Lets a packet of this `EtherType` arrive at the device.
    pub fn write(&self, ether_type: u16, packet: &[u8]) -> io::Result<()> {
        self.write_with(ether_type, [0; VIRTIO], packet)
    }

    /// The same with a header of virtio, on a device with such headers.
    pub fn write_with(&self, ether_type: u16, header: [u8; VIRTIO], packet: &[u8]) -> io::Result<()> {
        let [high, low] = ether_type.to_be_bytes();
        let header = if self.virtio { &header[..] } else { &[] };
        let bytes = [&[0, 0, high, low], header, packet].concat();
        let written = (&self.file).write(&bytes)?;
        if written == bytes.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::WriteZero.into())
        }
    }

    /// The next packet that left by the device, with its `EtherType`.
    pub fn read(&self) -> Result<(u16, Vec<u8>)> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(packet) = self.read_at_once()? {
                return Ok(packet);
            }
            ensure!(
                Instant::now() < deadline,
                "no packet left by the tun device in time"
            );
            let mut ready = [PollFd::new(self.descriptor(), PollFlags::POLLIN)];
            poll(&mut ready, PollTimeout::from(100_u8))?;
        }
    }

    /// The same, if there is one.
    pub fn read_at_once(&self) -> Result<Option<(u16, Vec<u8>)>> {
        let mut bytes = vec![0; INFORMATION + VIRTIO + LONGEST];
        let len = match (&self.file).read(&mut bytes) {
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error).context("cannot read from a tun device"),
        };
        let headers = INFORMATION + if self.virtio { VIRTIO } else { 0 };
        let (Some([_, _, high, low]), Some(packet)) = (bytes.first_chunk(), bytes.get(headers..len)) else {
            anyhow::bail!("a tun device gave {len} bytes only");
        };
        Ok(Some((u16::from_be_bytes([*high, *low]), packet.to_vec())))
    }

    /// Readable when a packet has left by the device.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn open(name: &str, virtio: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/net/tun")?;
    // SAFETY: zeros are a request.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    let flags = libc::IFF_TUN | if virtio { libc::IFF_VNET_HDR } else { 0 };
    request.ifr_ifru.ifru_flags = i16::try_from(flags).map_err(io::Error::other)?;
    // SAFETY: the request lives until the call returns.
    unsafe { set_interface(file.as_raw_fd(), &raw const request) }?;
    Ok(file)
}
