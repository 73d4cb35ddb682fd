-- Answers kept for an Idempotency-Key.

-- migration kit-idempotency-1
CREATE TABLE idempotency (
    key_hash bytea NOT NULL CONSTRAINT idempotency_pkey PRIMARY KEY, request_hash bytea NOT NULL,
    answer bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX idempotency_age ON idempotency (created_at);

-- migration kit-idempotency-2
ALTER TABLE idempotency ADD COLUMN caller_hash bytea;
CREATE INDEX idempotency_caller ON idempotency (caller_hash);
