-- migration identity-intake-1
CREATE TABLE intake (id bigserial PRIMARY KEY, wish bytea NOT NULL, failures integer NOT NULL DEFAULT 0);
CREATE TABLE mails_asked (email_hash bytea NOT NULL, at timestamptz NOT NULL);
CREATE INDEX mails_asked_address ON mails_asked (email_hash, at);
