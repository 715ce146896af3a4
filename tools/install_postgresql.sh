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

. "$(dirname "$0")/debian.sh"
echo "Installing PostgreSQL for the tests"
refresh_packages "The tests need the programs of a PostgreSQL server: install them, with initdb and postgres in PATH."
install_packages postgresql-common
# no server of the machine's own: the tests start theirs
$administrator sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
install_packages postgresql
