-- migration identity-clients-1
CREATE TABLE clients (
    id uuid PRIMARY KEY, client_id text NOT NULL UNIQUE, organization_id uuid NOT NULL, name text NOT NULL,
    scopes text[] NOT NULL, platforms uuid[], created_at timestamptz NOT NULL);
CREATE INDEX clients_of_organization ON clients (organization_id, created_at, id);
CREATE TABLE client_secrets (
    id uuid PRIMARY KEY, client uuid NOT NULL, name text NOT NULL,
    created_at timestamptz NOT NULL, expires_at timestamptz);
CREATE INDEX client_secrets_of_client ON client_secrets (client, created_at, id);
CREATE TABLE client_secret_hashes (secret_id uuid PRIMARY KEY, hash bytea NOT NULL);
CREATE TABLE revoked_tokens (jti uuid PRIMARY KEY, expires_at timestamptz NOT NULL);

-- migration identity-clients-2
ALTER TABLE client_secrets ADD COLUMN warned boolean NOT NULL DEFAULT false;
CREATE INDEX client_secrets_expiring ON client_secrets (expires_at) WHERE NOT warned;

-- migration identity-clients-3
CREATE INDEX client_secrets_ends ON client_secrets (expires_at);

-- migration identity-secret-uses-1
CREATE TABLE client_secret_uses (
    secret_id uuid PRIMARY KEY, first_at timestamptz NOT NULL, first_address text NOT NULL,
    last_at timestamptz NOT NULL, last_address text NOT NULL);
