-- migration identity-locks-1
CREATE TABLE locks (id uuid PRIMARY KEY, user_id uuid NOT NULL, locked_until timestamptz NOT NULL);
CREATE INDEX locks_user ON locks (user_id, locked_until);

-- migration identity-guesses-1
CREATE UNLOGGED TABLE guesses (
    account bytea NOT NULL, place bytea NOT NULL, failures integer NOT NULL,
    last_at timestamptz NOT NULL, refused_until timestamptz NOT NULL, PRIMARY KEY (account, place));
CREATE INDEX guesses_last_at ON guesses (last_at);
CREATE INDEX guesses_refused_until ON guesses (refused_until);
