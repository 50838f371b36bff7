//! Who asks: the program that started this one, or the one at the other end of a connection to a port of ours, where
//! the system tells. Where it does not, nobody is named.

use std::net::SocketAddr;
use std::path::Path;

use crate::model::Caller;

/// Returns the program that started this one.
pub fn parent(home: Option<&Path>) -> Option<Caller> {
    #[cfg(target_os = "linux")]
    return linux::described(std::os::unix::process::parent_id(), home);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = home;
        None
    }
}

/// Returns the program of this machine that is connected from `peer` to one of our `ports`. It looks at every program
/// of this user: that takes milliseconds.
pub fn peer(peer: SocketAddr, ports: &[u16], home: Option<&Path>) -> Option<Caller> {
    #[cfg(target_os = "linux")]
    return linux::described(linux::connected(peer, ports)?, home);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (peer, ports, home);
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::net::{IpAddr, SocketAddr};
    use std::path::Path;

    use crate::model::{Caller, untrusted};
    use crate::system::port_holder::{holder_of, sockets};

    /// Returns what can be told of a process.
    pub(super) fn described(process: u32, home: Option<&Path>) -> Option<Caller> {
        let folder = Path::new("/proc").join(process.to_string());
        let name = untrusted::line(&std::fs::read_to_string(folder.join("comm")).ok()?);
        let working = std::fs::read_link(folder.join("cwd")).ok();
        let folder = working.map(|folder| shown(&folder, home));
        (!name.is_empty()).then_some(Caller { name, process, folder })
    }

    /// Returns the process whose end of a connection is `peer`.
    pub(super) fn connected(peer: SocketAddr, ports: &[u16]) -> Option<u32> {
        let (own, ports) = (hexadecimal(peer), ports.iter().map(|port| format!(":{port:04X}")).collect::<Vec<_>>());
        // The second column is this end, the third the other one; 01 is an established connection.
        let inodes = sockets(|columns| {
            columns[1] == own && columns[3] == "01" && ports.iter().any(|port| columns[2].ends_with(port.as_str()))
        });
        holder_of(&inodes)
    }

    /// An address as the kernel writes it: each four bytes as a number of this machine.
    fn hexadecimal(address: SocketAddr) -> String {
        let bytes = match address.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let words = bytes.chunks(4).map(|word| {
            let word = <[u8; 4]>::try_from(word).unwrap_or_default();
            format!("{:08X}", u32::from_ne_bytes(word))
        });
        format!("{}:{:04X}", words.collect::<String>(), address.port())
    }

    fn shown(folder: &Path, home: Option<&Path>) -> String {
        let below = home.filter(|home| home.parent().is_some()).and_then(|home| folder.strip_prefix(home).ok());
        let text = match below {
            Some(below) if below.as_os_str().is_empty() => "~".to_owned(),
            Some(below) => format!("~/{}", below.display()),
            None => folder.display().to_string(),
        };
        untrusted::line(&text)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_home_folder_is_a_tilde_and_escapes_are_gone() {
            let home = Path::new("/home/jane");
            let of = |folder: &str, home: &Path| shown(Path::new(folder), Some(home));
            assert_eq!(of("/home/jane", home), "~");
            assert_eq!(of("/home/jane/work/app", home), "~/work/app");
            assert_eq!(of("/home/janet", home), "/home/janet");
            assert_eq!(of("/srv/a\u{1b}[2Jb\nc", home), "/srv/a[2Jb c");
            assert_eq!(of("/srv", Path::new("/")), "/srv");
        }

        #[test]
        fn the_program_at_the_other_end_of_a_connection_is_found() {
            for address in ["127.0.0.1:0", "[::1]:0"] {
                let Ok(listener) = std::net::TcpListener::bind(address) else { continue };
                let ours = listener.local_addr().unwrap();
                let client = std::net::TcpStream::connect(ours).unwrap();
                let (_server, peer) = listener.accept().unwrap();
                assert_eq!(peer, client.local_addr().unwrap());
                let found = super::super::peer(peer, &[1, ours.port()], None).unwrap();
                assert_eq!(found.process, std::process::id());
                assert!(found.folder.is_some(), "{found:?}");
                assert_eq!(super::super::peer(peer, &[1], None), None);
            }
        }

        #[test]
        fn whoever_started_this_program_is_named() {
            let found = super::super::parent(None).unwrap();
            assert_eq!(found.process, std::os::unix::process::parent_id());
        }
    }
}
