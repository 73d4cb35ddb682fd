-- The replica of user accounts. A released migration is never changed: add another one below.

-- migration organizations-people-1
CREATE TABLE people (
    user_id uuid PRIMARY KEY, email text, email_hash bytea, name text,
    verified boolean NOT NULL DEFAULT false, erased boolean NOT NULL DEFAULT false);
CREATE INDEX people_email ON people (email_hash);
