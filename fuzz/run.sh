#!/usr/bin/env bash
# Builds the targets and runs each of them: SECONDS_EACH (600), TARGETS (all). See README.md.
set -euo pipefail
cd "$(dirname "$0")"
command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz
for tool in ffmpeg sox; do
    command -v "$tool" >/dev/null || { echo "$tool makes the seeds: apt-get install $tool" >&2; exit 1; }
done
./seed.sh
export RUSTC_BOOTSTRAP=1
cargo fuzz build --sanitizer address
targets=${TARGETS:-$(cd fuzz_targets && basename --suffix=.rs -- *.rs)}
mkdir -p artifacts
one() {
    mkdir -p "artifacts/$1"
    # No PATH: what only ffmpeg could decode is refused here.
    env -i ./target/x86_64-unknown-linux-gnu/release/"$1" "corpus/$1" -max_total_time="${SECONDS_EACH:-600}" -timeout=90 \
        -rss_limit_mb=1500 -max_len=65536 -artifact_prefix="artifacts/$1/" >"artifacts/$1.log" 2>&1 || echo "$1 found something: fuzz/artifacts/$1/"
    echo "$1: $(grep -c '^PANIC' "artifacts/$1.log") places that panic (and are caught); $(grep -E '^Done|^#' "artifacts/$1.log" | tail -n1)"
}
export -f one
# shellcheck disable=SC2086
printf '%s\n' $targets | xargs -P "$(nproc)" -I{} bash -c 'one {}'
if compgen -G 'artifacts/*/crash-*' >/dev/null || compgen -G 'artifacts/*/oom-*' >/dev/null || compgen -G 'artifacts/*/timeout-*' >/dev/null; then
    exit 1
fi
