#!/bin/sh
# Makes the role and the database of the service, when the image of PostgreSQL starts with an empty volume: the service
# must not be the superuser that the image makes. psql reads the password from the file: it is in no process list.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\set password `cat "$SERVICE_PASSWORD_FILE"`
CREATE ROLE legcramps_service LOGIN PASSWORD :'password';
CREATE DATABASE legcramps OWNER legcramps_service;
REVOKE ALL ON DATABASE legcramps FROM PUBLIC;
SQL
