#!/usr/bin/env bash
# What the build needs besides Rust: make, a C and a C++ compiler, cmake (for whisper.cpp and libopus), libgsm.
# Does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

if ! have cargo rustc; then
    echo "Rust is missing. https://rustup.rs installs it in a minute; then run this again." >&2
    exit 1
fi
wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
found=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n1)" != "$wanted" ]; then
    echo "Rust $found is too old: this wants $wanted or newer (rustup update)." >&2
    exit 1
fi

missing=()
have make || missing+=(make)
have gcc || missing+=(gcc libc6-dev)
have g++ || missing+=(g++)
have cmake || missing+=(cmake)
# Asked of the compiler: where a library lies differs from one architecture to the next.
if [ "$(gcc -print-file-name=libgsm.a 2>/dev/null || echo libgsm.a)" = libgsm.a ]; then missing+=(libgsm1-dev); fi
install_packages "${missing[@]}"
