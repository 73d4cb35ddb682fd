-- The event table, snapshots and epochs.

-- migration kit-store-1
CREATE TABLE events (
    originator_id uuid NOT NULL, originator_version bigint NOT NULL,
    topic text NOT NULL, state bytea NOT NULL, sequence bigserial NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (originator_id, originator_version));
CREATE UNIQUE INDEX events_sequence ON events (sequence);
CREATE TABLE snapshots (
    originator_id uuid NOT NULL, originator_version bigint NOT NULL,
    topic text NOT NULL, state bytea NOT NULL,
    CONSTRAINT snapshots_pkey PRIMARY KEY (originator_id, originator_version));
CREATE TABLE epochs (
    epoch text PRIMARY KEY, after_sequence bigint NOT NULL, begun_at timestamptz NOT NULL DEFAULT now());

-- migration kit-store-2
CREATE FUNCTION append_events(ids uuid[], versions bigint[], topics text[], states bytea[]) RETURNS SETOF bigint
LANGUAGE plpgsql AS $$
BEGIN
    -- Sequence numbers are taken only under this lock, so that insert order is commit order. Readers pass.
    LOCK TABLE events IN EXCLUSIVE MODE;
    NOTIFY events;
    RETURN QUERY INSERT INTO events (originator_id, originator_version, topic, state)
        SELECT * FROM unnest(ids, versions, topics, states) RETURNING sequence;
END $$;
