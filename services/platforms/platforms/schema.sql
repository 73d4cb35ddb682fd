-- migration platforms-views-1
CREATE TABLE platforms (
    id uuid PRIMARY KEY, organization_id uuid NOT NULL, name text NOT NULL, kind text NOT NULL, api text NOT NULL,
    api_credentials jsonb, db_credentials jsonb,
    state text NOT NULL, reason text, since timestamptz NOT NULL, created_at timestamptz NOT NULL);
CREATE INDEX platforms_order ON platforms (organization_id, created_at, id);
CREATE TABLE deleted_organizations (
    organization_id uuid PRIMARY KEY, restorable_until timestamptz NOT NULL, ended boolean NOT NULL DEFAULT false);
