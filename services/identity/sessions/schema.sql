-- migration identity-sessions-1
CREATE TABLE sessions (
    id uuid PRIMARY KEY, secret_hash bytea NOT NULL UNIQUE, user_id uuid NOT NULL,
    created_at timestamptz NOT NULL, last_used_at timestamptz NOT NULL, kept_until timestamptz NOT NULL,
    address text, user_agent text, must_choose_password boolean NOT NULL, ended_at timestamptz);
CREATE INDEX sessions_open ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_stale ON sessions (kept_until, last_used_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- migration identity-sessions-2
ALTER TABLE sessions ADD COLUMN device_id uuid, ADD COLUMN refreshed_at timestamptz;

-- migration identity-sessions-3
CREATE FUNCTION person_must_live(person uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM people WHERE id = person AND email IS NULL) THEN
        RAISE unique_violation USING CONSTRAINT = 'people_alive', MESSAGE = 'the person was erased';
    END IF;
END $$;
