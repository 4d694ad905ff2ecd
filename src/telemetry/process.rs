//! What the operating system says of this process.

/// Memory that the process has in RAM; `None` where there is no `/proc`.
pub fn resident_bytes() -> Option<u64> {
    resident(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_line_that_tells_it() {
        assert_eq!(resident("Name:\thallmark\nVmRSS:\t    8192 kB\nThreads:\t4\n"), Some(8 * 1024 * 1024));
        assert_eq!(resident("VmRSS:\tmuch kB\n"), None);
        assert_eq!(resident(""), None);
    }
}
