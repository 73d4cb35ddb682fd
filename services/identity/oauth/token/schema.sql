-- Token families: the refresh tokens and access tokens that came from one authorization.

-- migration identity-families-1
CREATE TABLE token_families (
    id uuid PRIMARY KEY, client_id text NOT NULL, user_id uuid NOT NULL, session_id uuid NOT NULL,
    signed_in_at timestamptz NOT NULL, scope text NOT NULL, good_until timestamptz NOT NULL, ended_at timestamptz);
CREATE INDEX token_families_age ON token_families (good_until);
CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY, family uuid NOT NULL REFERENCES token_families ON DELETE CASCADE,
    expires_at timestamptz NOT NULL, used_at timestamptz, answer bytea);
CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_answered ON refresh_tokens (used_at) WHERE answer IS NOT NULL;
CREATE TABLE family_access_tokens (
    jti uuid PRIMARY KEY, family uuid NOT NULL REFERENCES token_families ON DELETE CASCADE,
    expires_at timestamptz NOT NULL);
CREATE INDEX family_access_tokens_of_family ON family_access_tokens (family);
CREATE INDEX family_access_tokens_age ON family_access_tokens (expires_at);
