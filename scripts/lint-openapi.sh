#!/usr/bin/env bash
# Lints openapi.yaml with redocly (rules: redocly.yaml). Where redocly or Node.js is missing it says so and passes;
# with AFTERWORD_REQUIRE_TOOLS=1 it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

# Node.js from PyPI, where scripts/install-test-deps.sh has put it.
PATH=$PWD/.venv/bin:$PATH
redocly=node_modules/.bin/redocly

missing=
command -v node >/dev/null 2>&1 || missing="Node.js and npm are missing"
[ -x "$redocly" ] || missing="${missing:-redocly is missing from node_modules}"
if [ -n "$missing" ]; then
    echo "SKIPPED lint of openapi.yaml: $missing (\`make test\` installs what it needs)." >&2
    case ${AFTERWORD_REQUIRE_TOOLS:-0} in
        0) exit 0 ;;
        *) exit 1 ;;
    esac
fi

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
report=$("$redocly" lint --config redocly.yaml --format stylish openapi.yaml 2>&1) || {
    echo "$report" >&2
    exit 1
}
