#!/bin/sh
# Run by the PostgreSQL image once, on empty data: a database and its only user for each service.
set -eu
for service in identity organizations platforms notifications portal; do
	psql --set ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
\\set password \`cat /run/secrets/$service-postgres\`
CREATE ROLE $service LOGIN PASSWORD :'password';
CREATE DATABASE $service OWNER $service;
REVOKE CONNECT ON DATABASE $service FROM PUBLIC;
SQL
done
