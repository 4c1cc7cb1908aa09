"""The settings of the service: the environment first, then `backend/.env`."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["BACKEND", "Settings"]

BACKEND = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """What differs from one machine to the next."""

    model_config = SettingsConfigDict(env_file=BACKEND / ".env", extra="ignore")

    # Secret, because a URL holds a password: it must not show in a traceback or a log.
    database_url: SecretStr | None = None
