#!/usr/bin/env bash
# What `make test` needs besides the build: Chromium with its driver, PostgreSQL, an SMTP server, schemathesis and
# openapi-python-client in a virtual environment, postfix (as a relay, in folders of its own), dovecot (IMAP), libfaketime,
# dkimpy to verify signatures, ffmpeg and sox, axe-core, redocly, openapi-typescript and tsc in node_modules, nextest.
# Does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

nextest=0.9.143

has_postgres() {
    have initdb postgres || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# A python3 that can make virtual environments (Debian ships that apart).
has_python() {
    have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null
}

# Node.js as redocly wants it (Debian 12 has an older one), and npm.
has_node() {
    have node npm && node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)'
}

missing=()
have chromium || missing+=(chromium)
have chromedriver || missing+=(chromium-driver)
has_postgres || missing+=(postgresql)
have ffmpeg || missing+=(ffmpeg)
have sox || missing+=(sox)
has_python || missing+=(python3 python3-venv)
have openssl || missing+=(openssl)
[ -x /usr/sbin/postfix ] || missing+=(postfix)
/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null || missing+=(python3 python3-dkim python3-nacl)
have setpriv flock || missing+=(util-linux)
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(libfaketime)
have dovecot || [ -x /usr/sbin/dovecot ] || missing+=(dovecot-imapd)
install_packages "${missing[@]}"

# pip takes only what has one of the hashes that are written down.
pip_install() {
    .venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --requirement "$1"
}

# Made anew when the pins change or when the Python below it has gone.
if ! cmp -s scripts/requirements-tests.txt .venv/installed.txt ||
    ! .venv/bin/python -c 'import aiosmtpd, openapi_python_client, schemathesis' 2>/dev/null; then
    echo "Making .venv with the tests' SMTP server, schemathesis and openapi-python-client"
    rm -rf .venv
    python3 -m venv .venv
    pip_install scripts/requirements-tests.txt
    cp scripts/requirements-tests.txt .venv/installed.txt
fi

# The tests look for Node.js in .venv first.
PATH=$PWD/.venv/bin:$PATH
has_node || pip_install scripts/requirements-npm.txt

if ! cmp -s package-lock.json node_modules/installed.json; then
    echo "Fetching axe-core, redocly, openapi-typescript and tsc"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/installed.json
fi

# Any nextest will do; none, and it is built once: without optimisation, for it only starts processes, and without what
# it needs to update itself.
if ! cargo nextest --version >/dev/null 2>&1; then
    echo "Building cargo-nextest $nextest, once; this takes some minutes"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug --quiet cargo-nextest --version "$nextest" \
        --no-default-features --features default-no-update
fi
