# Sourced by the install scripts: Debian packages, and only those that are missing.
# shellcheck shell=bash

# have COMMAND…: whether each of them can be run.
have() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null 2>&1 || return 1
    done
}

# install_packages PACKAGE…: installs them where that is allowed without asking; otherwise says what to install, and fails.
install_packages() {
    [ $# -gt 0 ] || return 0
    local run=()
    if [ "$(id -u)" != 0 ]; then
        if have sudo && sudo -n true 2>/dev/null; then
            run=(sudo -n)
        else
            run=(refused)
        fi
    fi
    if ! have apt-get || [ "${run[0]:-}" = refused ]; then
        {
            echo "Missing, and this account may not install them: $*"
            echo "Have them installed, then run this again:"
            echo
            echo "    sudo apt-get install --no-install-recommends $*"
            echo
        } >&2
        return 1
    fi
    echo "Installing: $*"
    "${run[@]}" apt-get update --quiet=2
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends "$@"
}
