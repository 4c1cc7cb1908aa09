-- An event store: partitions by time, by list, by hash, below each other, with and without a default.
CREATE TABLE streams (id uuid PRIMARY KEY, kind text NOT NULL, version bigint NOT NULL CHECK (version >= 0));
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY, stream_id uuid NOT NULL REFERENCES streams, version bigint NOT NULL,
    occurred_at timestamptz NOT NULL, payload jsonb NOT NULL, PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2023-01-01+00');
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01+00') TO ('2024-01-01+00');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01+00') TO ('2025-01-01+00') PARTITION BY HASH (id);
CREATE TABLE events_2024_0 PARTITION OF events_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE events_2024_1 PARTITION OF events_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE chunks (stream_id uuid REFERENCES streams, number int, body bytea, PRIMARY KEY (stream_id, number))
    PARTITION BY HASH (stream_id);
CREATE TABLE chunks_0 PARTITION OF chunks FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE chunks_1 PARTITION OF chunks FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE chunks_2 PARTITION OF chunks FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE metrics (region text NOT NULL, name text NOT NULL, value double precision, PRIMARY KEY (region, name))
    PARTITION BY LIST (region);
CREATE TABLE metrics_eu PARTITION OF metrics FOR VALUES IN ('de', 'fr');
CREATE TABLE metrics_us PARTITION OF metrics FOR VALUES IN ('us');
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT;
CREATE TABLE readings (sensor int NOT NULL, taken date NOT NULL, celsius numeric(5, 2), CHECK (celsius BETWEEN -90 AND 60))
    PARTITION BY RANGE (taken, sensor);
CREATE TABLE readings_a PARTITION OF readings FOR VALUES FROM ('2024-01-01', 0) TO ('2024-01-31', 500);
CREATE TABLE readings_b PARTITION OF readings FOR VALUES FROM ('2024-01-31', 500) TO ('2024-03-01', 0);
CREATE TABLE ids (id bigint PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE ids_1 PARTITION OF ids FOR VALUES FROM (1) TO (1000000);
CREATE TABLE ids_2 PARTITION OF ids FOR VALUES FROM (1000000) TO (2000000);
CREATE TABLE notes (id bigserial, at timestamptz NOT NULL) PARTITION BY LIST (date_part('isodow', at AT TIME ZONE 'UTC'));
CREATE TABLE notes_monday PARTITION OF notes FOR VALUES IN (1);
CREATE TABLE notes_other PARTITION OF notes FOR VALUES IN (2, 3, 4, 5, 6, 7);
CREATE TABLE snapshots (
    event_id bigint, event_at timestamptz, taken_at timestamptz DEFAULT now(),
    FOREIGN KEY (event_id, event_at) REFERENCES events (id, occurred_at) MATCH FULL, CHECK (taken_at >= event_at)
);
CREATE MATERIALIZED VIEW totals AS SELECT kind, count(*) FROM streams GROUP BY kind;
