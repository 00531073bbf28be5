#!/usr/bin/env bash
# Runs every test and ends with one line that counts them: `812 passed, 0 failed, 2 skipped`.
# Skipped are those that nextest left out, and those that found a tool or a sample missing (tests/it/support/skip.rs
# writes them down).
set -euo pipefail
cd "$(dirname "$0")/.."

# nextest keeps its reports there, wherever cargo builds.
report=target/nextest/default/junit.xml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export AFTERWORD_SKIPS=$scratch/skips
: >"$AFTERWORD_SKIPS"

rm -f "$report"
ok=true
cargo nextest run --no-fail-fast "$@" 2>&1 | tee "$scratch/run" || ok=false
if [ ! -f "$report" ]; then
    echo "No test ran: see above." >&2
    exit 1
fi
cargo test --quiet --doc 2>&1 | tee "$scratch/docs" || ok=false

# The totals stand on one line of the report; what nextest itself left out stands in its summary only.
total() { grep -m1 '<testsuites ' "$report" | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"; }
left_out=$(sed -n 's/^ *Summary .* \([0-9][0-9]*\) skipped.*/\1/p' "$scratch/run" | tail -n1)
# docs WORD: the sum of "… N WORD" over the result lines of the documentation tests.
docs() { awk -v word="$1" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i ~ "^" word) n += $(i - 1) } END { print n + 0 }' "$scratch/docs"; }

missing=$(sort -u "$AFTERWORD_SKIPS" | grep -c . || true)
if [ "$missing" -gt 0 ]; then
    echo "Skipped for want of something:"
    sort -u "$AFTERWORD_SKIPS" | sed 's/^/  /'
fi
bad=$(($(total failures) + $(total errors)))
passed=$(($(total tests) - bad - missing + $(docs passed)))
failed=$((bad + $(docs failed)))
skipped=$((${left_out:-0} + missing + $(docs ignored)))
echo "$passed passed, $failed failed, $skipped skipped"
$ok && [ "$failed" = 0 ]
