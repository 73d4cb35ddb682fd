-- migration platforms-checks-1
CREATE TABLE check_plans (
    platform_id uuid NOT NULL, target text NOT NULL, organization_id uuid NOT NULL, version integer NOT NULL,
    next_at timestamptz, failures integer NOT NULL DEFAULT 0,
    state text, reason text, zone_minutes integer,
    PRIMARY KEY (platform_id, target));
CREATE INDEX check_plans_due ON check_plans (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE check_results (
    id uuid PRIMARY KEY, organization_id uuid NOT NULL, platform_id uuid NOT NULL, target text NOT NULL,
    outcome text NOT NULL, steps jsonb NOT NULL, checked_at timestamptz NOT NULL, version integer,
    occasion text NOT NULL, actor text);
CREATE INDEX check_results_order ON check_results (platform_id, checked_at, id);
CREATE INDEX check_results_age ON check_results (checked_at);
CREATE TABLE check_requests (organization_id uuid NOT NULL, asked_at timestamptz NOT NULL);
CREATE INDEX check_requests_order ON check_requests (organization_id, asked_at);

-- migration platforms-checks-2
ALTER TABLE check_plans ADD COLUMN certificate_ends_at timestamptz;
