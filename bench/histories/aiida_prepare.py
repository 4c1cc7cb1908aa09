"""Give aiida's env.py the connection and the profile that its storage gives it."""

import tempfile
from typing import Any

from aiida.manage.configuration.profile import Profile
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

# Some revisions look for files of the profile's.
_FOLDER = tempfile.mkdtemp()


def attributes(url: str) -> dict[str, Any]:
    """Give `config.attributes` for one run."""
    storage = {"backend": "core.psql_dos", "config": {"repository_uri": f"file://{_FOLDER}"}}
    process = {"backend": "core.rabbitmq", "config": {}}
    profile = Profile("scratch", {"storage": storage, "process_control": process, "test_profile": True})
    return {"connection": create_engine(url, poolclass=NullPool).connect(), "aiida_profile": profile}
