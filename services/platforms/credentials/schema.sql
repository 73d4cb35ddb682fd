-- migration platforms-vault-1
CREATE TABLE sealed_credentials (
    platform_id uuid NOT NULL, target text NOT NULL, version integer NOT NULL, organization_id uuid NOT NULL,
    sealed bytea NOT NULL, set_at timestamptz NOT NULL,
    PRIMARY KEY (platform_id, target, version));
CREATE TABLE credential_uses (
    id bigserial PRIMARY KEY, organization_id uuid NOT NULL, platform_id uuid NOT NULL, target text NOT NULL,
    version integer NOT NULL, used_at timestamptz NOT NULL, actor text, purpose text NOT NULL, request_id text);
CREATE INDEX credential_uses_platform ON credential_uses (platform_id, used_at);
CREATE INDEX credential_uses_age ON credential_uses (used_at);

-- migration platforms-vault-2
DROP INDEX credential_uses_platform; CREATE INDEX credential_uses_order ON credential_uses (platform_id, id);
