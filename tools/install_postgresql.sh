#!/bin/sh
# The tests start and stop a PostgreSQL of their own; this installs its programs where they are missing.
set -eu

for folder in /usr/lib/postgresql/*/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
        exit 0
    fi
done
if command -v initdb >/dev/null && command -v postgres >/dev/null; then
    exit 0
fi

administrator=
if [ "$(id -u)" -ne 0 ]; then
    administrator=sudo
fi
if ! command -v apt-get >/dev/null || { [ -n "$administrator" ] && ! command -v sudo >/dev/null; }; then
    echo "The tests need the programs of a PostgreSQL server: install them, with initdb and postgres in PATH." >&2
    exit 1
fi
echo "Installing PostgreSQL for the tests"
$administrator apt-get update -qq
install="$administrator env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
$install postgresql-common
# no server of the machine's own: the tests start theirs
$administrator sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
$install postgresql
