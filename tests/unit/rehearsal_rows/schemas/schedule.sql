-- Rooms and shifts: exclusion constraints over ranges, times of day, recurrences, multiranges.
CREATE DOMAIN percentage AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE shift AS ENUM ('early', 'late', 'night');
CREATE TYPE timerange AS RANGE (subtype = time);
CREATE TABLE rooms (id serial PRIMARY KEY, name varchar(30) NOT NULL UNIQUE, seats smallint CHECK (seats > 0), open int4multirange);
CREATE TABLE bookings (
    id serial PRIMARY KEY, room_id int NOT NULL REFERENCES rooms, during tstzrange NOT NULL, who text NOT NULL,
    CHECK (NOT isempty(during)), CHECK (upper(during) - lower(during) <= interval '8 hours'),
    EXCLUDE USING gist (int4range(room_id, room_id, '[]') WITH =, during WITH &&)
);
CREATE TABLE closures (during daterange NOT NULL, why text, EXCLUDE USING gist (during WITH &&));
CREATE TABLE people (id int PRIMARY KEY, born date CHECK (born > '1900-01-01'), load percentage NOT NULL DEFAULT 100, hours timerange);
CREATE TABLE shifts (
    person_id int REFERENCES people, day date, shift shift NOT NULL, starts time NOT NULL, ends time NOT NULL,
    break interval NOT NULL DEFAULT '0' CHECK (break >= '0' AND break < '2 hours'), PRIMARY KEY (person_id, day), CHECK (starts < ends),
    CHECK (extract(isodow FROM day) < 6)
);
CREATE TABLE recurring (
    id int PRIMARY KEY, days int[] NOT NULL CHECK (days <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND array_length(days, 1) > 0),
    rule text CHECK (rule ~ '^FREQ=(DAILY|WEEKLY);INTERVAL=[1-9]$'), every interval NOT NULL CHECK (every IN ('1 day', '1 week', '1 month')),
    zone text NOT NULL DEFAULT 'Europe/Berlin', starts timestamp(0) NOT NULL, ends timestamp(0), CHECK (ends > starts)
);
CREATE TABLE absences (
    person_id int NOT NULL REFERENCES people, first date NOT NULL, last date NOT NULL, CHECK (first <= last AND last - first < 60),
    approved_by int REFERENCES people CHECK (approved_by <> person_id)
);
