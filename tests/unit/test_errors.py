"""`headgate.errors`: two lines and an exit code, wherever the failure was raised."""

from __future__ import annotations

import pickle

from headgate.errors import Exit, HeadgateError


def test_a_failure_reads_as_what_is_wrong_and_what_to_do() -> None:
    """Two lines is the contract with every front end: hook, task, action."""
    assert str(HeadgateError("There is no project here.", "Go to one.")) == "There is no project here.\nGo to one."


def test_a_failure_means_cannot_judge_unless_it_says_otherwise() -> None:
    """A caller who could not be told anything about the revisions must not read it as a verdict on them."""
    assert HeadgateError("what", "fix").code is Exit.CANNOT_JUDGE
    assert HeadgateError("what", "fix", code=Exit.FINDINGS).code is Exit.FINDINGS


def test_a_failure_crosses_a_process_boundary_whole() -> None:
    """Rehearsals run in a child; an exception with its own __init__ would lose its keyword by default."""
    arrived = pickle.loads(pickle.dumps(HeadgateError("what", "fix", code=Exit.FINDINGS)))

    assert (arrived.what, arrived.fix, arrived.code) == ("what", "fix", Exit.FINDINGS)


def test_the_exit_codes_are_the_documented_numbers() -> None:
    """Scripts compare with these numbers."""
    assert {code.name: int(code) for code in Exit} == {
        "NOTHING_TO_FIX": 0,
        "FINDINGS": 1,
        "CANNOT_JUDGE": 2,
        "OUR_BUG": 3,
    }
