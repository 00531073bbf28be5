#!/usr/bin/env bash
# One throw-away PostgreSQL for all test processes of a run: makes it, tells its port, and ends it when nobody has used it
# for a while. postgres.rs starts this; test processes hold a shared lock on STATE/users while they live.
#
#     postgres_keeper.sh BIN STATE PORT
set -euo pipefail
bin=$1 state=$2 port=$3

# PostgreSQL refuses to run as root; Debian's package brings a user for it.
as=()
folder=$(mktemp -d /tmp/afterword-postgres.XXXXXX)
if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    chown postgres "$folder"
fi
cd "$folder"

server=
finish() {
    rm -f "$state/port"
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' TERM INT

"${as[@]}" "$bin/initdb" --pgdata="$folder/data" --username=afterword --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions
# What it forgets in a power cut is nothing to a test.
"${as[@]}" "$bin/postgres" -D "$folder/data" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c jit=off &
server=$!
until "$bin/pg_isready" --quiet --host=127.0.0.1 --port="$port" --username=afterword --dbname=postgres; do
    kill -0 "$server"
    sleep 0.1
done
echo "$port" >"$state/port.new"
mv "$state/port.new" "$state/port"

exec 8>"$state/users" 9>"$state/start"
idle=0
while kill -0 "$server" 2>/dev/null; do
    sleep 2
    if flock --nonblock --exclusive 8; then
        flock --unlock 8
        idle=$((idle + 1))
    else
        idle=0
    fi
    if [ "$idle" -ge 10 ]; then
        # Whoever comes now waits until this one is gone, and starts another.
        flock --exclusive 9
        flock --nonblock --exclusive 8 && exit 0
        flock --unlock 9
        idle=0
    fi
done
