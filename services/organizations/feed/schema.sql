-- Foreign events in the feed: those of other services, as they are on the bus. A released migration is never changed:
-- add another one below.

-- migration organizations-heard-1
CREATE TABLE heard (
    position bigint PRIMARY KEY DEFAULT nextval('events_sequence_seq'), organization_id uuid NOT NULL,
    source text NOT NULL, sequence bigint NOT NULL, envelope json NOT NULL,
    UNIQUE (source, sequence));
CREATE INDEX heard_order ON heard (organization_id, position);

-- For readers with limits: '' stands for events about no platform. `position + 0` keeps the planner from reading in the
-- order of the primary key past all that is hidden.
-- migration organizations-heard-2
CREATE INDEX heard_of_platform ON heard (organization_id, (coalesce(envelope #>> '{data,platform_id}', '')), (position + 0))
