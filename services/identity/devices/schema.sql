-- migration identity-devices-1
CREATE TABLE devices (
    user_id uuid NOT NULL, device_id uuid NOT NULL, first_at timestamptz NOT NULL, last_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, device_id));
CREATE INDEX devices_last_at ON devices (last_at);
