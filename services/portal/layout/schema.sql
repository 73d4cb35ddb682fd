-- migration sessions-1
CREATE TABLE sessions (
    id bytea PRIMARY KEY, user_id uuid NOT NULL, provider_session uuid NOT NULL, tokens bytea NOT NULL,
    organization_id uuid, notice jsonb,
    created_at timestamptz NOT NULL DEFAULT now(), last_used_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX sessions_age ON sessions (last_used_at);
