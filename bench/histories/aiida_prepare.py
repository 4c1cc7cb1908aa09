"""Give aiida's env.py the connection and the profile that its storage gives it."""

import tempfile
from typing import Any

from aiida.manage.configuration.profile import Profile
from aiida.storage.psql_dos.migrations.utils import migrate_repository, utils
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

# Some revisions look for files of the profile's; there are none.
_FOLDER = tempfile.mkdtemp()


class NoFiles:
    """A repository of files that holds none. The real one opens a SQLite database, which headgate refuses."""

    is_initialised = False
    container_id = "0" * 32

    def __init__(self, folder: object) -> None: ...

    def init_container(self, **_: object) -> None:
        """Make nothing."""

    def add_streamed_objects_to_pack(self, *_: object, **__: object) -> list[str]:
        """Keep nothing."""
        return []


migrate_repository.Container = utils.Container = NoFiles


def attributes(url: str) -> dict[str, Any]:
    """Give `config.attributes` for one run."""
    storage = {"backend": "core.psql_dos", "config": {"repository_uri": f"file://{_FOLDER}"}}
    process = {"backend": "core.rabbitmq", "config": {}}
    profile = Profile("scratch", {"storage": storage, "process_control": process, "test_profile": True})
    return {"connection": create_engine(url, poolclass=NullPool).connect(), "aiida_profile": profile}
