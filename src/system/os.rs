//! The name of the operating system, as it calls itself.

/// Returns it with its version, where that can be told without asking another program.
pub fn name() -> String {
    let kind = std::env::consts::OS;
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let release = read("/etc/os-release");
    let pretty = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches('"').to_owned());
    let kernel = read("/proc/sys/kernel/osrelease");
    [Some(kind.to_owned()), pretty, Some(kernel.trim().to_owned()).filter(|kernel| !kernel.is_empty())]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}
