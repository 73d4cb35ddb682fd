-- Organizations and their members. A released migration is never changed: add another one below.

-- migration organizations-views-1
CREATE TABLE organizations (
    id uuid PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL,
    restorable_until timestamptz, purged boolean NOT NULL DEFAULT false);
CREATE INDEX organizations_deleted ON organizations (restorable_until)
    WHERE restorable_until IS NOT NULL AND NOT purged;
CREATE TABLE members (
    organization_id uuid NOT NULL, user_id uuid NOT NULL, granted jsonb NOT NULL, joined_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id));
CREATE INDEX members_user ON members (user_id, joined_at, organization_id);
CREATE INDEX members_order ON members (organization_id, joined_at, user_id);
