"""`headgate.adoption.application`: the Flask application that an env.py of Flask-Migrate runs inside of."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from headgate.adoption.application import application


def _found(folder: Path, files: dict[str, str]) -> tuple[tuple[str, ...], list[str]]:
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
    found = application(folder)
    return found.places, [source.name for source in found.sources if source.kind == "variable"]


@pytest.mark.parametrize(
    ("files", "places", "variables"),
    [
        (
            {
                "shop/__init__.py": "import os\napp = Flask('x')\n"
                "app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['U']"
            },
            ("shop:app",),
            ["U"],
        ),
        (
            {
                "shop/app.py": "from shop.conf import Config\ndef create_app(config=Config):\n    app = Flask('x')\n"
                "    app.config.from_object(config)\n    return app",
                "shop/conf.py": "import os\nclass Config:\n    SQLALCHEMY_DATABASE_URI = os.environ.get('U') or 'sqlite://'",
            },
            ("shop.app:create_app",),
            ["U"],
        ),
        (
            {
                "app.py": "import os\ndef create_app():\n    app = Flask('x')\n"
                "    app.config.update(SQLALCHEMY_DATABASE_URI=os.getenv('U'))\n    return app"
            },
            ("app:create_app",),
            ["U"],
        ),
        (
            {
                "app.py": "import os\ndef create_app():\n    app = Flask('x')\n"
                "    app.config.from_mapping({'SQLALCHEMY_DATABASE_URI': os.getenv('U')})\n    return app"
            },
            ("app:create_app",),
            ["U"],
        ),
        ({"app.py": "def path():\n    app = Flask('x')\n    return app.root_path"}, (), []),
        ({"app.py": "def create_app(name):\n    return Flask(name)"}, (), []),
        ({"tests/conftest.py": "app = Flask('x')", ".venv/x.py": "app = Flask('x')"}, (), []),
        ({"app.py": "app = Flask("}, (), []),
    ],
    ids=[
        "a module's",
        "a class of settings",
        "a word",
        "a key",
        "for another end",
        "with an argument",
        "of others",
        "no Python",
    ],
)
def test_the_application_and_its_url_are_found_by_their_text(
    files: dict[str, str], places: tuple[str, ...], variables: list[str], tmp_path: Path
) -> None:
    """It is never imported: that may open connections, and want variables that nobody has set."""
    assert _found(tmp_path, files) == (places, variables)
