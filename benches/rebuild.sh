#!/usr/bin/env bash
# How long a user waits: a project outside of the tree that depends on `cotangent` by path alone, its
# clean release build, and its rebuilds after one changed line, for the README's program and for a
# model of some eighty lines. Run it on a machine that does nothing else.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT

mkdir -p "$project/src/bin"
cat > "$project/Cargo.toml" <<TOML
[package]
name = "user"
version = "0.1.0"
edition = "2024"

[dependencies]
cotangent = { path = "$root/crates/cotangent" }

[workspace]
TOML

# The first listing of the README, as a program.
{
    echo "use cotangent::prelude::*;"
    echo "fn main() -> Result<(), Box<dyn std::error::Error>> {"
    awk '/^```rust/ { listing += 1; next } /^```/ { if (listing == 1) exit } listing == 1' "$root/README.md" |
        grep -v '^use \|^# '
    echo "    Ok(())"
    echo "}"
} > "$project/src/bin/readme.rs"
cp "$root/benches/rebuild/model.rs" "$project/src/bin/model.rs"

cd "$project"
seconds() { # what a command takes, in seconds
    local start=$EPOCHREALTIME
    "$@" > /dev/null 2>&1
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}

echo "clean build of the dependencies and the README's program: $(seconds cargo build --release --bin readme) s"
cargo build --release --quiet --bin model
for bin in readme model; do
    for round in 1 2 3; do
        echo "// $round" >> "src/bin/$bin.rs"
        echo "rebuild of $bin after one line: $(seconds cargo build --release --bin "$bin") s"
    done
done
