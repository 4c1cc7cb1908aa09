"""Call flexmeasures' env.py where `flask db upgrade` does."""

from collections.abc import Callable


def within(function: Callable[[], None]) -> None:
    """Call a function in the application's context."""
    from flexmeasures.app import create
    from flexmeasures.utils.config_defaults import Config

    Config.SECURITY_TWO_FACTOR_LOGIN_VALIDITY = "1 weeks"  # what the newest flask-security understands
    with create().app_context():
        function()
