-- Authorization codes, by hash.

-- migration identity-codes-1
CREATE TABLE authorization_codes (
    hash bytea PRIMARY KEY, family uuid NOT NULL, client_id text NOT NULL, redirect_uri text NOT NULL,
    user_id uuid NOT NULL, session_id uuid NOT NULL, signed_in_at timestamptz NOT NULL,
    scope text NOT NULL, nonce text, code_challenge text NOT NULL,
    expires_at timestamptz NOT NULL, used_at timestamptz);
CREATE INDEX authorization_codes_age ON authorization_codes (expires_at);
