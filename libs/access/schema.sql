-- Replicas of memberships, clients, and revoked sessions and tokens.

-- migration access-copies-1
CREATE TABLE member_copies (
    organization_id uuid NOT NULL, user_id uuid NOT NULL, granted jsonb NOT NULL,
    PRIMARY KEY (organization_id, user_id));
CREATE TABLE deleted_organization_copies (organization_id uuid PRIMARY KEY);
CREATE TABLE client_copies (client_id text PRIMARY KEY, client jsonb NOT NULL, removed boolean NOT NULL DEFAULT false);
CREATE TABLE ended_copies (id text PRIMARY KEY, until timestamptz NOT NULL);
CREATE INDEX ended_copies_until ON ended_copies (until);
