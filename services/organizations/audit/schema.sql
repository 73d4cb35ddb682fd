-- The audit trail. `sequence` is null in rows of other services' events. A released migration is never changed: add
-- another one below.

-- migration organizations-audit-1
CREATE TABLE audit (
    id uuid PRIMARY KEY, organization_id uuid NOT NULL, time timestamptz NOT NULL, sequence bigint,
    actor text, type text NOT NULL, target uuid NOT NULL, before jsonb, after jsonb, request_id text);
CREATE INDEX audit_order ON audit (organization_id, time, id);
CREATE INDEX audit_sequence ON audit (organization_id, sequence) WHERE sequence IS NOT NULL;
