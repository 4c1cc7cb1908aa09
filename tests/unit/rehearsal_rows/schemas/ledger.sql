-- Double entry: domains over domains, deferred keys, circles that may not be NULL, appended to and never changed.
CREATE DOMAIN currency AS char(3) CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE DOMAIN amount AS numeric(20, 4) CHECK (VALUE <> 'NaN');
CREATE DOMAIN positive_amount AS amount NOT NULL CHECK (VALUE > 0);
CREATE TABLE books (id int PRIMARY KEY, main_account int NOT NULL, currency currency NOT NULL);
CREATE TABLE accounts (
    id int PRIMARY KEY, book_id int NOT NULL REFERENCES books, number varchar(10) NOT NULL CHECK (number ~ '^[0-9]{4,10}$'),
    kind char(1) NOT NULL CHECK (kind IN ('A', 'L', 'E', 'R', 'X')), currency currency NOT NULL DEFAULT 'EUR', balance amount DEFAULT 0,
    overdraft money, UNIQUE (book_id, number)
);
ALTER TABLE books ADD FOREIGN KEY (main_account) REFERENCES accounts DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE transfers (
    id bigint PRIMARY KEY, reference uuid NOT NULL, booked_on date NOT NULL CHECK (booked_on >= '2000-01-01'), value_on date,
    memo varchar(140), reverses bigint UNIQUE REFERENCES transfers, CHECK (value_on BETWEEN booked_on - 30 AND booked_on + 30),
    CONSTRAINT reference_once UNIQUE (reference) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE postings (
    transfer_id bigint NOT NULL REFERENCES transfers DEFERRABLE INITIALLY DEFERRED, account_id int NOT NULL REFERENCES accounts,
    side char(1) NOT NULL CHECK (side IN ('D', 'C')), debit amount NOT NULL DEFAULT 0, credit amount NOT NULL DEFAULT 0,
    PRIMARY KEY (transfer_id, account_id, side),
    CHECK (debit >= 0 AND credit >= 0), CHECK ((debit = 0) <> (credit = 0)), CHECK ((side = 'D' AND credit = 0) OR (side = 'C' AND debit = 0))
);
CREATE TABLE rates (
    base currency NOT NULL, quote currency NOT NULL, day date NOT NULL, rate double precision NOT NULL
        CHECK (rate > 0 AND rate < 'Infinity'), PRIMARY KEY (base, quote, day), CHECK (base <> quote)
);
CREATE TABLE limits (account_id int PRIMARY KEY REFERENCES accounts, lower_limit positive_amount, upper_limit positive_amount,
    CHECK (upper_limit > lower_limit), CHECK (upper_limit - lower_limit >= 100));
CREATE TABLE statements (
    account_id int REFERENCES accounts, year smallint CHECK (year BETWEEN 2000 AND 2100), month smallint CHECK (month BETWEEN 1 AND 12),
    opening amount NOT NULL, movement amount NOT NULL, closing amount GENERATED ALWAYS AS (opening + movement) STORED,
    PRIMARY KEY (account_id, year, month), CHECK (closing >= -1000000)
);
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rows are never changed'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE FUNCTION balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.memo LIKE '%forbidden%' THEN RAISE EXCEPTION 'forbidden'; END IF;
    NEW.memo := trim(NEW.memo); RETURN NEW;
END $$;
CREATE TRIGGER balanced BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION balanced();
