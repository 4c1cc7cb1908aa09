"""Links and anchors."""

from __future__ import annotations

import pytest

from headgate.docs import links
from headgate.errors import HeadgateError


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[a](other.md)", None),
        ("[a](other.md#two-words)", None),
        ("[a](other.md#two-words-1)", None),
        ("[a](other.md#by-hand)", None),
        ("[a](#here-with-code_and---dash)", None),
        ("[a](../src/code.py#L3)", None),
        ("[a](/src/code.py)", None),
        ("[a](an%20other.md)", None),
        ("[a](https://example.org/nowhere) <https://example.org> [b](mailto:a@example.org)", None),
        ("`[a](gone.md)`", None),
        ("[a](gone.md)", "the link to gone.md leads to docs/gone.md, which is not there"),
        ("[a][r]\n\n[r]: gone.md", "the link to gone.md leads to docs/gone.md, which is not there"),
        ("![a](gone.png)", "the link to gone.png leads to docs/gone.png, which is not there"),
        ('<a href="gone.md">a</a>', "the link to gone.md leads to docs/gone.md, which is not there"),
        ("[a](other.md#three)", "the link to other.md#three names an anchor that docs/other.md does not have"),
        ("[a](#nowhere)", "the link to #nowhere names an anchor that docs/page.md does not have"),
        ("[a](../../outside.md)", "the link to ../../outside.md leads out of the repository"),
    ],
)
def test_a_relative_link_leads_somewhere_or_is_found(make, link, problem):
    """Each way of writing a link, to each kind of place; what is code or on the network is left alone."""
    other = '# Two words\n\n## Two words\n\n<a id="by-hand"></a>\n'
    page = f"# Here, with `code_and` - dash!\n\nText\n{link}\n"
    files = {"docs/page.md": page, "docs/other.md": other, "docs/an other.md": "", "src/code.py": ""}
    _, findings = links.judge(make(files=files))
    assert [finding.message for finding in findings] == ([problem] if problem else [])


def test_a_broken_link_is_found_on_its_own_line(make):
    """A paragraph may be long, and an editor jumps to the line."""
    (finding,) = links.judge(make(files={"README.md": "# A\n\none\ntwo [x](gone.md)\nthree\n"}))[1]
    assert (finding.rule, finding.path, finding.line) == ("docs-link-broken", "README.md", 4)


def test_a_page_that_the_settings_name_must_be_there(make):
    """A misspelt folder would otherwise pass for ever, with nothing read."""
    with pytest.raises(HeadgateError, match="handbook does not exist"):
        links.judge(make('[tool.headgate.docs]\npages = ["handbook"]\n'))
