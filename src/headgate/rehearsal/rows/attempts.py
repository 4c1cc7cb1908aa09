"""Rows one by one, on the server: each may fail without the others."""

from __future__ import annotations

from headgate.rehearsal.rows.session import Session

__all__ = ["accepted", "one_by_one"]

# `headgate_row` is the row's number. A savepoint for each costs some microseconds, a round trip a hundred times that:
# https://www.postgresql.org/docs/18/plpgsql-control-structures.html#PLPGSQL-ERROR-TRAPPING
_LOOP = """
DO {quote}
#variable_conflict use_column
DECLARE
    headgate_done bigint[] := '{{}}';
    headgate_said text := '';
BEGIN
    FOR headgate_row IN {first} .. {last} LOOP
        BEGIN
            {statement};
            IF FOUND THEN
                headgate_done := headgate_done || headgate_row::bigint;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            headgate_said := SQLERRM;
        END;
    END LOOP;
    PERFORM set_config('headgate.done', headgate_done::text, true), set_config('headgate.said', headgate_said, true);
END {quote}
"""


def one_by_one(session: Session, statement: str, first: int, last: int) -> tuple[list[int], str]:
    """Run a statement once for each number, and undo it alone where it fails.

    Args:
        session: in a transaction.
        statement: it reads the number as `headgate_row`.
        first: the first number.
        last: the last number.

    Returns:
        The numbers for which it touched a row, and the server's last word on one that failed.
    """
    quote = "$headgate$"
    while quote in statement:
        quote = quote[:-1] + "_$"
    session.run(_LOOP.format(quote=quote, statement=statement, first=first, last=last))
    done, said = session.rows("SELECT current_setting('headgate.done')::bigint[], current_setting('headgate.said')")[0]
    return list(done), said


def accepted(session: Session, query: str, first: int, last: int) -> list[int]:
    """Give the numbers for which a query finds a row without an error."""
    return one_by_one(session, f"PERFORM FROM ({query}) AS headgate_query", first, last)[0]
