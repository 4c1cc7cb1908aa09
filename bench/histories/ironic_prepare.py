"""Call ironic's env.py where `ironic-dbsync upgrade` does."""

from collections.abc import Callable


def within(function: Callable[[], None]) -> None:
    """Call a function once the settings are read."""
    from ironic.conf import CONF

    CONF([], project="ironic", default_config_files=[], default_config_dirs=[])
    function()
