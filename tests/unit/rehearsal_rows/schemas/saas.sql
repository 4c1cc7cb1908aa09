-- Many tenants in one schema: composite keys through every table, row-level security, quotas, one owner a tenant.
CREATE TABLE tenants (
    id uuid PRIMARY KEY, subdomain varchar(63) NOT NULL UNIQUE CHECK (subdomain ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    plan text NOT NULL CHECK (plan = ANY (ARRAY['free', 'team', 'enterprise'])), seats int NOT NULL CHECK (seats >= 1),
    trial_ends timestamptz, CHECK (plan = 'free' OR trial_ends IS NULL), CHECK (plan <> 'free' OR seats <= 5)
);
CREATE TABLE users (
    tenant_id uuid NOT NULL REFERENCES tenants, id bigint NOT NULL, email text NOT NULL, role smallint NOT NULL DEFAULT 1
        CHECK (role IN (1, 2, 4, 8)), password_hash bytea NOT NULL CHECK (octet_length(password_hash) = 32),
    last_ip inet, mac macaddr, PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email)
);
CREATE UNIQUE INDEX one_owner ON users (tenant_id) WHERE role = 8;
CREATE TABLE projects (
    tenant_id uuid NOT NULL REFERENCES tenants, id bigint NOT NULL, owner_id bigint NOT NULL, key varchar(5) NOT NULL
        CHECK (key ~ '^[A-Z]{2,5}$'), archived boolean NOT NULL DEFAULT false, PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, key),
    FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id)
);
CREATE TABLE members (
    tenant_id uuid NOT NULL, project_id bigint NOT NULL, user_id bigint NOT NULL, invited_by bigint,
    PRIMARY KEY (tenant_id, project_id, user_id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects, FOREIGN KEY (tenant_id, user_id) REFERENCES users,
    FOREIGN KEY (tenant_id, invited_by) REFERENCES users
);
CREATE TABLE issues (
    tenant_id uuid NOT NULL, project_id bigint NOT NULL, number int NOT NULL, assignee_id bigint, parent_number int, title text NOT NULL,
    estimate interval CHECK (estimate > '0'), due daterange, labels text[] CHECK (cardinality(labels) <= 10),
    PRIMARY KEY (tenant_id, project_id, number), FOREIGN KEY (tenant_id, project_id) REFERENCES projects,
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES users,
    FOREIGN KEY (tenant_id, project_id, parent_number) REFERENCES issues
);
CREATE TABLE api_keys (
    tenant_id uuid REFERENCES tenants, prefix char(8) NOT NULL, digest bit(256) NOT NULL, scopes jsonb NOT NULL
        CHECK (jsonb_typeof(scopes) = 'array'), expires_at timestamptz NOT NULL, created_at timestamptz NOT NULL,
    CHECK (expires_at > created_at AND expires_at < created_at + interval '1 year'), PRIMARY KEY (tenant_id, prefix)
);
CREATE TABLE settings (
    tenant_id uuid REFERENCES tenants, name text CHECK (name IN ('theme', 'locale', 'digest')), value text NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
CREATE TABLE flags (user_id bigint NOT NULL, "tenantId" uuid NOT NULL, flag text NOT NULL, on_since timestamptz);
ALTER TABLE issues ENABLE ROW LEVEL SECURITY;
ALTER TABLE issues FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON issues USING (tenant_id = current_setting('app.tenant')::uuid);
