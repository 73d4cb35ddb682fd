-- migration identity-people-1
CREATE TABLE people (
    id uuid PRIMARY KEY, email text, email_hash bytea, name text, verified boolean NOT NULL,
    one_time_generation integer NOT NULL, created_at timestamptz NOT NULL);
CREATE UNIQUE INDEX people_email_hash ON people (email_hash);
CREATE TABLE passwords (
    user_id uuid PRIMARY KEY, hash text NOT NULL, set_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE operators (user_id uuid PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
