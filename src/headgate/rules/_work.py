"""Work that grows with a table, done while a lock on it makes others wait: grouped, weighed and told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._locks import EXCLUSIVE
from headgate.rules._made import added, kin, table_of
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.catalog import Difference
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.rehearsal.trace import Lock, Statement, Work

__all__ = ["Burden", "burdens", "large", "listed", "severity", "softened"]


@dataclass(frozen=True)
class Burden:
    """What one statement makes others wait for.

    Args:
        evidence: what is known of the revision.
        statement: the statement.
        touched: each table with its lock and the rows that were read under it, the largest work first.
        rows: how many rows each of these tables has.
    """

    evidence: Evidence
    statement: Statement
    touched: tuple[tuple[Lock, Work | None], ...]
    rows: tuple[int, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables, the one with the most work first."""
        return tuple(lock.relation for lock, _ in self.touched)

    @property
    def table(self) -> str:
        """The table with the most work."""
        return self.tables[0]

    @property
    def strongest(self) -> Lock:
        """The lock that makes most others wait."""
        return max((lock for lock, _ in self.touched), key=lambda lock: lock.strength)

    @property
    def waiting(self) -> str:
        """Who waits: `writers`, or `readers and writers`."""
        return "readers and writers" if self.strongest.mode == EXCLUSIVE else "writers"

    @property
    def rewritten(self) -> tuple[str, ...]:
        """The tables that the statement wrote anew."""
        return tuple(table for table in self.tables if table in self.statement.rewritten)

    @property
    def severity(self) -> Severity:
        """An error, unless every table is known to be small in production."""
        return severity(self.evidence, self.tables, Severity.ERROR)

    def concerns(self, table: str) -> bool:
        """Whether the work was done for something on this table: itself, or a partition or child of it."""
        run = self.evidence.run
        if any(table in kin(run, own) for own in self.tables):
            return True
        # A trace keeps the name that a table had before the revision renamed it; the catalog has the new one.
        return table not in run.up.rows and any(("table", own) not in run.after.objects for own in self.tables)

    def added(self, *kinds: str) -> list[Difference]:
        """What the statement added of these kinds to the tables that it worked on."""
        found = added(self.statement, *kinds)
        return [one for one in found if self.concerns(table_of(self.evidence.run, self.statement, one))]

    def builds(self, kind: str) -> list[Difference]:
        """The constraints of this kind for which the statement built an index; one USING INDEX is not among them."""
        return self.added(kind) if self.statement.built else []

    def on_partitioned(self, made: Iterable[Difference]) -> bool:
        """Whether one of these is on a partitioned table."""
        run = self.evidence.run
        tables = {table_of(run, self.statement, one) for one in made}
        return any(run.after.objects.get(("table", table), {}).get("partition_key") for table in tables)

    def held_before(self) -> Lock | None:
        """The ACCESS EXCLUSIVE lock on a table of the work that an earlier statement of the transaction took."""
        own = {lock for lock in self.statement.locks if lock.mode == EXCLUSIVE}
        strong = (lock for lock, _ in self.touched if lock.mode == EXCLUSIVE)
        return next((lock for lock in strong if lock not in own), None)

    def seen(self) -> tuple[str, ...]:
        """Tell what was locked, what that blocks, how many rows were read or rewritten under it, and how it grows."""
        evidence, lines = self.evidence, []
        for index, ((lock, work), rows) in enumerate(zip(self.touched, self.rows, strict=True)):
            where = f"PostgreSQL {evidence.run.server}: " if index == 0 else ""
            lines.append(f"{where}{lock.mode} on {lock.relation}, {_done(self.statement, lock.relation, work, rows)}")
        lines.append(f"blocks {self.strongest.blocks}; grows with the table")
        lines += [
            f"{lock.relation} has {evidence.sizes[lock.relation].told} in production"
            for lock, _ in self.touched
            if lock.relation in evidence.sizes
        ]
        return tuple(lines)

    def finding(self, rule: Rule, message: str, *, fix: tuple[str, ...]) -> Finding:
        """Give a rule's finding about the statement, with what was seen and what it weighs by it.

        Args:
            rule: the rule.
            message: one line, with the user's own names.
            fix: what to do, a line each.
        """
        return rule.finding(self.evidence, self.statement, message, seen=self.seen(), fix=fix, severity=self.severity)


def burdens(evidence: Evidence) -> Iterator[Burden]:
    """Give each statement of the upgrade that makes others wait for work that grows, in order.

    Nobody writes to a materialized view but REFRESH, so only a lock that makes its readers wait counts there.
    https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html
    """
    run = evidence.run
    of_statement: dict[int, list[tuple[Statement, Work | None, Lock]]] = {}
    for statement, work, lock in (*run.up.blocking(), *_not_seen(run)):
        if lock.kind != "materialized view" or lock.mode == EXCLUSIVE:
            of_statement.setdefault(statement.number, []).append((statement, work, lock))
    for _, found in sorted(of_statement.items()):
        found.sort(key=lambda one: -(one[1].read + one[1].fetched if one[1] else 0))
        statement = found[0][0]
        yield Burden(
            evidence,
            statement,
            tuple((lock, work) for _, work, lock in found),
            tuple(0 if lock.relation in run.not_filled else run.up.rows[lock.relation] for _, _, lock in found),
        )


def severity(evidence: Evidence, tables: Iterable[str], usual: Severity) -> Severity:
    """Weigh a finding by how large the tables are in production, where that is known: all of them small soften it."""
    sizes = [evidence.sizes.get(table) for table in tables]
    return softened(usual) if sizes and all(size is not None and size.is_small for size in sizes) else usual


def softened(usual: Severity) -> Severity:
    """Give the next lighter severity."""
    return Severity.WARNING if usual is Severity.ERROR else Severity.ADVICE


def large(evidence: Evidence, tables: Iterable[str]) -> list[str]:
    """Give those of the tables that are known to be large in production."""
    return [table for table in tables if table in evidence.sizes and evidence.sizes[table].is_large]


def listed(names: Iterable[str]) -> str:
    """Join names as one says them: `a`, `a and b`, `a, b and c`."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last


def _not_seen(run: Rehearsed) -> Iterator[tuple[Statement, None, Lock]]:
    """Give the indexes built on tables that could not be given rows: that it grows is known all the same."""
    for statement in run.up.statements:
        for table in dict.fromkeys(table for _, table in statement.built if table in run.not_filled):
            if (lock := statement.strongest(table)) and lock.blocks:
                yield statement, None, lock


def _done(statement: Statement, relation: str, work: Work | None, rows: int) -> str:
    if relation in statement.rewritten:
        return f"all of its {rows:,} rows rewritten under it"
    if not rows:
        return "read under it; no rows could be made for it here"
    read = max(work.read, work.fetched) if work else 0
    times = f", {read / rows:.0f} times over" if read >= 2 * rows else ""
    return f"{min(read, rows):,} of {rows:,} rows read under it{times}"
