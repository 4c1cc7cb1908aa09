-- Every type of PostgreSQL's own that a column can have (xml is refused by a server without libxml), made of others too.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy; or "so"');
CREATE TYPE "Odd Name" AS (x int, "Y" text, inner_mood mood, d numeric(4, 2));
CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
CREATE DOMAIN evens AS even[] CHECK (cardinality(VALUE) < 5);
CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE words AS RANGE (subtype = text);
CREATE TABLE "Every Type" (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a_int2 int2, a_int4 int4, a_int8 int8, a_numeric numeric, a_numeric_5_2 numeric(5, 2), a_numeric_3_5 numeric(3, 5),
    a_numeric_5_neg numeric(5, -2), a_float4 float4, a_float8 float8, a_money money, a_bool bool,
    a_text text, a_varchar varchar, a_varchar_1 varchar(1), a_varchar_10 varchar(10), a_varchar_300 varchar(300),
    a_char char, a_char_3 char(3), a_bpchar bpchar, a_name name, a_quoted_char "char", a_bytea bytea,
    a_date date, a_timestamp timestamp, a_timestamp_0 timestamp(0), a_timestamptz timestamptz, a_timestamptz_3 timestamptz(3),
    a_time time, a_time_0 time(0), a_timetz timetz, a_interval interval, a_interval_days interval day, a_interval_2 interval(2),
    a_uuid uuid, a_json json, a_jsonb jsonb, a_jsonpath jsonpath, a_xml xml,
    a_inet inet, a_cidr cidr, a_macaddr macaddr, a_macaddr8 macaddr8,
    a_bit bit, a_bit_9 bit(9), a_bit_200 bit(200), a_varbit varbit, a_varbit_5 varbit(5),
    a_point point, a_line line, a_lseg lseg, a_box box, a_path path, a_polygon polygon, a_circle circle,
    a_tsvector tsvector, a_tsquery tsquery,
    a_oid oid, a_xid xid, a_xid8 xid8, a_cid cid, a_tid tid, a_pg_lsn pg_lsn, a_pg_snapshot pg_snapshot,
    a_txid_snapshot txid_snapshot, a_refcursor refcursor, a_aclitem aclitem, a_int2vector int2vector, a_oidvector oidvector,
    a_regclass regclass, a_regcollation regcollation, a_regconfig regconfig, a_regdictionary regdictionary,
    a_regnamespace regnamespace, a_regoper regoper, a_regoperator regoperator, a_regproc regproc,
    a_regprocedure regprocedure, a_regrole regrole, a_regtype regtype,
    a_int4range int4range, a_int8range int8range, a_numrange numrange, a_daterange daterange, a_tsrange tsrange,
    a_tstzrange tstzrange, a_int4multirange int4multirange, a_tstzmultirange tstzmultirange, a_nummultirange nummultirange,
    a_mood mood, a_odd "Odd Name", a_even even, a_evens evens, a_floats floats, a_words words,
    some_ints int[], some_words varchar(5)[], some_moods mood[], some_odd "Odd Name"[], some_evens even[], some_ranges int4range[],
    some_grid numeric(4, 1)[][], some_json jsonb[], some_times timestamptz[],
    "a ""quoted"" Column" text, "select" int, value text, n int,
    doubled int GENERATED ALWAYS AS (coalesce(n % 1000, 0) * 2) STORED
);
