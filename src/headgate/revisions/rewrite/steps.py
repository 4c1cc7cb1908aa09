"""A revision's functions as lists of steps that a rewriter moves and replaces; all else of the file stays as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import libcst as cst
from libcst import metadata

from headgate.revisions.rewrite.model import CannotRewrite

__all__ = ["Place", "Revision", "Step", "leading", "read", "remarks", "with_leading"]


@dataclass(eq=False)
class Step:
    """One statement of a function.

    Args:
        node: the statement as it is now.
        lines: the lines that it had in the file; empty for one that was written anew.
        kind: `plain`, `autocommit` for a `with op.get_context().autocommit_block():`, or `batch`.
        inside: the statements of an autocommit block or a batch.
        receiver: what a call on it begins with: `op`, or the name that a batch is given.
    """

    node: cst.BaseStatement
    lines: range = range(0)
    kind: str = "plain"
    inside: list[Step] = field(default_factory=list)
    receiver: str = ""

    def copy(self) -> Step:
        """Give one that can be changed without changing this one."""
        return replace(self, inside=[step.copy() for step in self.inside])

    def built(self) -> cst.BaseStatement:
        """Give the statement with what stands inside it now."""
        if self.kind == "plain":
            return self.node
        assert isinstance(self.node, cst.With)
        return self.node.with_changes(body=self.node.body.with_changes(body=[step.built() for step in self.inside]))


@dataclass(frozen=True)
class Place:
    """Where a step stands.

    Args:
        function: `upgrade` or `downgrade`.
        steps: the list that holds it: the function's own, or that of a block.
        index: its place in that list.
        owner: the block around it, if there is one.
    """

    function: str
    steps: list[Step]
    index: int
    owner: Step | None

    @property
    def step(self) -> Step:
        """The step itself."""
        return self.steps[self.index]


@dataclass(eq=False)
class Revision:
    """A revision file that is being rewritten.

    Args:
        module: the syntax tree of the file.
        op: the name by which the file calls Alembic's operations.
        constants: the module's names that stand for one text.
        functions: the statements of `upgrade` and `downgrade`.
        lines: every statement of the file with its lines, outermost first.
        width: how long a line may be, as the file shows.
    """

    module: cst.Module
    op: str
    constants: dict[str, str]
    functions: dict[str, list[Step]]
    lines: tuple[tuple[cst.CSTNode, range], ...]
    width: int

    def copy(self) -> Revision:
        """Give one that can be changed without changing this one."""
        functions = {name: [step.copy() for step in steps] for name, steps in self.functions.items()}
        return replace(self, functions=functions)

    def source(self) -> str:
        """Give the text of the file as it is now."""
        return self.module.with_changes(body=[self._built(node) for node in self.module.body]).code

    def code(self, node: cst.CSTNode) -> str:
        """Give the text of a part of the file."""
        return self.module.code_for_node(node)

    def places(self, function: str) -> Iterator[Place]:
        """Give every step of a function, those inside blocks after the block."""
        steps = self.functions.get(function, [])
        for index, step in enumerate(steps):
            yield Place(function, steps, index, None)
            for inner in range(len(step.inside)):
                yield Place(function, step.inside, inner, step)

    def find(self, line: int, *, nested: bool = False) -> Place:
        """Give the step that had a line.

        Args:
            line: the line in the file as it was given.
            nested: whether the step may be a loop or a condition that has the line inside it.

        Raises:
            CannotRewrite: there is none, or it stands where a rewriting cannot follow it.
        """
        for function in self.functions:
            for place in self.places(function):
                if place.step.kind == "plain" and line in place.step.lines:
                    if not nested and (where := self._nested(place.step)):
                        raise CannotRewrite(where)
                    return place
        raise CannotRewrite(self._elsewhere(line))

    def _built(self, node: cst.BaseStatement) -> cst.BaseStatement:
        if not isinstance(node, cst.FunctionDef) or node.name.value not in self.functions:
            return node
        body = [step.built() for step in self.functions[node.name.value]]
        return node.with_changes(body=node.body.with_changes(body=body))

    def _nested(self, step: Step) -> str:
        if isinstance(step.node, cst.SimpleStatementLine):
            return "" if len(step.node.body) == 1 else "two statements share the line: give each a line of its own"
        return next((why for kind, why in _WITHIN if isinstance(step.node, kind)), "it stands inside another statement")

    def _elsewhere(self, line: int) -> str:
        for node, lines in self.lines:
            if isinstance(node, cst.FunctionDef) and line in lines and node.name.value not in self.functions:
                name = node.name.value
                return f"the statement stands in the helper {name}(): write it into upgrade() or downgrade() itself"
        return f"no operation stands on line {line}"


_WITHIN: tuple[tuple[type[cst.CSTNode], str], ...] = (
    (cst.For, "the statement stands in a loop: write it out once for each round"),
    (cst.While, "the statement stands in a loop: write it out once for each round"),
    (
        cst.If,
        "the statement stands in a condition: what the other branch does is not known here, so rewrite it by hand",
    ),
    (cst.Try, "the statement stands in a try: an error in it would have to be caught after the split as well"),
    (cst.TryStar, "the statement stands in a try: an error in it would have to be caught after the split as well"),
    (cst.With, "the statement stands in a `with` whose end is not known here: take it out of it"),
    (cst.FunctionDef, "the statement stands in a helper: write it into upgrade() or downgrade() itself"),
)


@lru_cache(maxsize=8)
def read(source: str) -> Revision:
    """Read a file. What it gives is shared: change a copy.

    Args:
        source: the text of a revision file.

    Raises:
        CannotRewrite: it is not valid Python.
    """
    try:
        wrapper = metadata.MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    except cst.ParserSyntaxError as error:
        raise CannotRewrite(f"line {error.raw_line} is not valid Python: mend the file first") from error
    module = wrapper.module
    positions = wrapper.resolve(metadata.PositionProvider)
    spans = {
        node: range(place.start.line, place.end.line + 1)
        for node, place in positions.items()
        if isinstance(node, cst.BaseStatement)
    }
    op = _operations(source)
    functions = {
        node.name.value: [_step(one, op, spans) for one in node.body.body]
        for node in module.body
        if isinstance(node, cst.FunctionDef)
        and node.name.value in {"upgrade", "downgrade"}
        and isinstance(node.body, cst.IndentedBlock)
    }
    longest = max((len(line) for line in source.splitlines()), default=0)
    return Revision(
        module=module,
        op=op,
        constants=_constants(source),
        functions=functions,
        lines=tuple(sorted(spans.items(), key=lambda item: (item[1].start, -item[1].stop))),
        width=min(max(longest, 88), 120),
    )


def _step(node: cst.CSTNode, op: str, spans: dict[cst.BaseStatement, range]) -> Step:
    assert isinstance(node, cst.BaseStatement)
    lines = spans[node]
    match node:
        case cst.With(items=[cst.WithItem(item=cst.Call(func=cst.Attribute() as called), asname=name)]):
            block = isinstance(node.body, cst.IndentedBlock) and node.asynchronous is None
            if block and called.attr.value == "autocommit_block":
                return Step(node, lines, "autocommit", _inside(node.body, op, spans), op)
            batch = called.attr.value == "batch_alter_table" and _is_name(called.value, op)
            if block and batch and name is not None and isinstance(name.name, cst.Name):
                return Step(node, lines, "batch", _inside(node.body, name.name.value, spans), op)
    return Step(node, lines, receiver=op)


def _inside(body: cst.BaseSuite, receiver: str, spans: dict[cst.BaseStatement, range]) -> list[Step]:
    found = [_step(one, receiver, spans) for one in body.body]
    return [step if step.kind == "plain" else Step(step.node, step.lines, receiver=receiver) for step in found]


def _is_name(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _operations(source: str) -> str:
    for node in ast.parse(source).body:
        match node:
            case ast.ImportFrom(module="alembic", names=names):
                for name in names:
                    if name.name == "op":
                        return name.asname or "op"
            case ast.Import(names=names):
                for name in names:
                    if name.name == "alembic.op" and name.asname:
                        return name.asname
    return "op"


def _constants(source: str) -> dict[str, str]:
    """The names at the top of the file that are given a text once and nothing else."""
    given: dict[str, list[str | None]] = {}
    for node in ast.walk(tree := ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            given.setdefault(node.id, []).append(None)
        elif isinstance(node, ast.arg):
            given.setdefault(node.arg, []).append(None)
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str() as text))
            ) if len(given[name]) == 1:
                given[name] = [text]
    return {name: texts[0] for name, texts in given.items() if len(texts) == 1 and texts[0] is not None}


def leading(step: Step) -> Sequence[cst.EmptyLine]:
    """Give the comments and blank lines above a step."""
    assert isinstance(step.node, cst.SimpleStatementLine | cst.BaseCompoundStatement)
    return step.node.leading_lines


def remarks(step: Step) -> tuple[list[cst.EmptyLine], list[cst.EmptyLine]]:
    """Give what stands above a step: what may move away from it, and the consents, which speak of the line below."""
    lines = leading(step)
    consents = [line for line in lines if line.comment and line.comment.value.lstrip("# ").startswith("headgate:")]
    return [line for line in lines if line not in consents], consents


def with_leading(step: Step, lines: Sequence[cst.EmptyLine]) -> Step:
    """Give a step with other lines above it."""
    return replace(step, node=step.node.with_changes(leading_lines=lines))
