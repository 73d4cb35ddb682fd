-- migration identity-signing-keys-1
CREATE TABLE signing_keys (
    kid text PRIMARY KEY, algorithm text NOT NULL, state text NOT NULL CHECK (state IN ('active', 'retired')),
    public jsonb NOT NULL, private bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (algorithm) WHERE state = 'active';

-- migration identity-signing-keys-2
ALTER TABLE signing_keys ADD COLUMN active_from timestamptz;
UPDATE signing_keys SET active_from = created_at;
ALTER TABLE signing_keys ALTER COLUMN active_from SET NOT NULL, ALTER COLUMN private DROP NOT NULL;
ALTER TABLE signing_keys DROP COLUMN state;
