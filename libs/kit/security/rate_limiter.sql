-- Rate limits. Unlogged: counting costs no flush that way, and a crash of the database forgets what was counted.

-- migration kit-limiter-1
CREATE UNLOGGED TABLE limits (key bytea PRIMARY KEY, full_until timestamptz NOT NULL);
CREATE INDEX limits_full_until ON limits (full_until);

-- migration kit-limiter-2
CREATE FUNCTION take_limit(whose bytea, at timestamptz, one interval, most interval) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO limits AS l VALUES (whose, at + one) ON CONFLICT (key)
        DO UPDATE SET full_until = greatest(l.full_until, at) + one WHERE l.full_until + one <= at + most;
    IF NOT FOUND THEN
        RAISE unique_violation USING CONSTRAINT = 'limits_most', MESSAGE = 'there is no more of a limit';
    END IF;
END $$;
