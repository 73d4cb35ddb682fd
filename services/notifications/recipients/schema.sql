-- migration notifications-copies-1
CREATE TABLE people (
    user_id uuid PRIMARY KEY, email text, name text, erased boolean NOT NULL DEFAULT false);
CREATE TABLE organizations (organization_id uuid PRIMARY KEY, name text NOT NULL);
