-- The inbox, dead letters, and what operators did to them.

-- migration kit-inbox-1
CREATE TABLE inbox (
    durable text NOT NULL, source text NOT NULL, sequence bigint NOT NULL,
    PRIMARY KEY (durable, source));
CREATE TABLE parked (
    id bigserial PRIMARY KEY, durable text NOT NULL, source text NOT NULL, subject text NOT NULL,
    sequence bigint NOT NULL, type text NOT NULL, payload bytea NOT NULL, error text NOT NULL,
    attempts integer NOT NULL, parked_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (durable, source, sequence));
CREATE INDEX parked_subject ON parked (durable, source, subject);

-- migration kit-interventions-1
CREATE TABLE interventions (
    id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), actor text,
    action text NOT NULL CHECK (action IN ('replayed', 'discarded')), durable text NOT NULL, source text NOT NULL,
    subject text NOT NULL, sequence bigint NOT NULL, type text NOT NULL, reason text);
CREATE FUNCTION interventions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'interventions are only added to';
END $$;
CREATE TRIGGER interventions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON interventions
    EXECUTE FUNCTION interventions_stay();
