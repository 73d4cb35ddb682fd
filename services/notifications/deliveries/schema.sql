-- migration notifications-1
CREATE TABLE notifications (
    id uuid PRIMARY KEY, template text NOT NULL, cause text NOT NULL,
    user_id uuid, invitation_id uuid, organization_id uuid, client_id uuid,
    correlation text, state text NOT NULL,
    attempts integer NOT NULL, reason text, outcome_unknown boolean NOT NULL,
    requested_at timestamptz NOT NULL, ended_at timestamptz);
CREATE INDEX notifications_requested ON notifications (requested_at, id);
CREATE INDEX notifications_state ON notifications (state, requested_at, id);
CREATE INDEX notifications_client ON notifications (client_id) WHERE client_id IS NOT NULL;

-- migration notifications-deliveries-1
CREATE TABLE deliveries (
    notification_id uuid PRIMARY KEY, template text NOT NULL, cause text NOT NULL, occasion jsonb NOT NULL,
    due_at timestamptz NOT NULL, attempts integer NOT NULL DEFAULT 0, last_error text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'sending')), lease uuid,
    correlation text, traceparent text);
CREATE INDEX deliveries_due ON deliveries (due_at);
