-- Invitations. A released migration is never changed: add another one below.

-- migration organizations-invitations-1
CREATE TABLE invitations (
    id uuid PRIMARY KEY, organization_id uuid NOT NULL, email text, email_hash bytea, granted jsonb NOT NULL,
    status text NOT NULL, generation integer NOT NULL, invited_by uuid NOT NULL, accepted_by uuid,
    invited_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);
CREATE UNIQUE INDEX invitations_pending_email ON invitations (organization_id, email_hash)
    WHERE status = 'pending';
CREATE INDEX invitations_order ON invitations (organization_id, invited_at, id);
CREATE INDEX invitations_email ON invitations (email_hash);
CREATE INDEX invitations_accepted ON invitations (accepted_by) WHERE accepted_by IS NOT NULL;
CREATE INDEX invitations_due ON invitations (expires_at) WHERE status = 'pending';
