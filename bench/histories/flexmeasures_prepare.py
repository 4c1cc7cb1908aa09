"""Call flexmeasures' env.py where `flask db upgrade` does."""

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def application() -> Any:
    """The application, which takes seconds to make."""
    from flexmeasures.app import create
    from flexmeasures.utils.config_defaults import Config

    Config.SECURITY_TWO_FACTOR_LOGIN_VALIDITY = "1 weeks"  # what the newest flask-security understands
    return create()


def within(function: Callable[[], None]) -> None:
    """Call a function in the application's context."""
    with application().app_context():
        function()
