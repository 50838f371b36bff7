//! Who listens on a port, so that an error can name the program; and, where the system tells, who has a socket.

/// Returns the program that listens on `port`, as `name (process 123)`, where the system tells.
#[cfg(target_os = "linux")]
pub fn holder(port: u16) -> Option<String> {
    let suffix = format!(":{port:04X}");
    // The second column is the local address as `hex:port`, the fourth the state (`0A` listens).
    let number = holder_of(&sockets(|columns| columns[1].ends_with(&suffix) && columns[3] == "0A"))?;
    let name = std::fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
    Some(format!("{} (process {number})", crate::model::untrusted::line(&name)))
}

/// Returns the process that has one of these sockets open, as far as this user may see.
#[cfg(target_os = "linux")]
pub(super) fn holder_of(inodes: &[String]) -> Option<u32> {
    if inodes.is_empty() {
        return None;
    }
    let processes = std::fs::read_dir("/proc").ok()?;
    for process in processes.flatten() {
        let Some(number) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let holds = files.flatten().any(|file| {
            std::fs::read_link(file.path())
                .ok()
                .and_then(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']').map(str::to_owned))
                .is_some_and(|inode| inodes.contains(&inode))
        });
        if holds {
            return Some(number);
        }
    }
    None
}

/// Returns the inodes of the sockets in `/proc/net/tcp` whose columns are as they should be; the tenth is the inode.
#[cfg(target_os = "linux")]
pub(super) fn sockets(is_wanted: impl Fn(&[&str]) -> bool) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let inode = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let inode = columns.get(9)?;
        is_wanted(&columns).then(|| (*inode).to_owned())
    };
    tables.iter().flat_map(|table| table.lines().filter_map(inode)).collect()
}

/// Returns the program that listens on `port`, where the system tells.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn holder(port: u16) -> Option<String> {
    let mut lsof = super::process::detached("lsof");
    lsof.stdout(std::process::Stdio::piped()).args(["-nP", "-sTCP:LISTEN", "-Fpc", &format!("-iTCP:{port}")]);
    let output = lsof.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field =
        |letter: char| text.lines().find_map(|line| line.strip_prefix(letter)).map(crate::model::untrusted::line);
    Some(format!("{} (process {})", field('c')?, field('p')?))
}

/// Returns the program that listens on `port`, where the system tells.
#[cfg(windows)]
pub fn holder(_port: u16) -> Option<String> {
    // `netstat -ano` tells, after seconds; the error goes without the name instead.
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_listener_of_our_own_is_found_by_its_port() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let found = holder(socket.local_addr().unwrap().port()).unwrap();
        assert!(found.ends_with(&format!("(process {})", std::process::id())), "{found}");
    }
}
