"""What the documents' check says when a project has named none."""

from __future__ import annotations

from headgate.docs import check


def test_a_project_without_documents_passes_and_is_told_so(make):
    """An adopter's first gate must not fail for pages that they never promised."""
    shown, findings = check.judge(make())
    assert shown == "no documents are named in [tool.headgate.docs]"
    assert findings == ()
