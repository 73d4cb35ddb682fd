-- Service keys and subject keys, and the last known keys of access tokens.

-- migration kit-keys-1
CREATE TABLE service_keys (
    purpose text PRIMARY KEY, key_id text NOT NULL, wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE subject_keys (
    subject text PRIMARY KEY, key_id text NOT NULL, wrapped bytea,
    created_at timestamptz NOT NULL DEFAULT now(), destroyed_at timestamptz);

-- migration kit-tokens-1
CREATE TABLE token_keys (id boolean PRIMARY KEY DEFAULT true CHECK (id), jwks jsonb NOT NULL);
