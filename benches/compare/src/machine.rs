//! What the numbers were measured on.

/// Processor, cores and instruction set, in one line.
pub fn describe() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {}", instruction_set())
}

#[cfg(target_arch = "x86_64")]
fn instruction_set() -> &'static str {
    if is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        "AVX2 with FMA"
    } else {
        "x86-64 without AVX2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn instruction_set() -> &'static str {
    std::env::consts::ARCH
}

/// The first so many of the cores that this process may use, as `taskset` wants them; nothing if that is all of them.
pub fn first_cores(count: usize) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let cores = expand(list.trim())?;
    let first: Vec<String> = cores.iter().take(count).map(usize::to_string).collect();
    (count < cores.len()).then(|| first.join(","))
}

/// `0-2,5` as 0, 1, 2, 5.
fn expand(list: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    #[test]
    fn lists_of_cores() {
        assert_eq!(super::expand("0-2,5"), Some(vec![0, 1, 2, 5]));
        assert_eq!(super::expand("x"), None);
    }
}
