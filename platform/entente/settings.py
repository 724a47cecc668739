"""What an operator decides: read from the environment, then from a TOML file, then from defaults."""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class WrongSettings(Exception):
    """A setting cannot be used; the message names each one and its reason, in French."""


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("doit être une adresse http(s) sans chemin, par exemple https://entente.exemple.fr")
    return value.rstrip("/")


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        raise ValueError("doit commencer par sqlite:/// ou postgresql://")
    return value


def _redis_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("doit commencer par redis://, rediss:// ou unix://")
    return value


def _smtp_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps", "smtp+starttls") or not parts.hostname:
        raise ValueError("doit ressembler à smtp+starttls://utilisateur:secret@serveur:587")
    return value


def _files_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("s3", "s3+http") or not parts.hostname or not parts.path.strip("/") or not _has_port(value):
        raise ValueError("doit ressembler à s3://clé:secret@serveur/seau?region=fr-par")
    return value


def _has_port(value: str) -> bool:
    try:
        return urlsplit(value).port != 0
    except ValueError:
        return False


class Settings(BaseSettings):
    """Everything that can be set, with its meaning; a wrong value stops the start."""

    model_config = SettingsConfigDict(env_prefix="ENTENTE_", extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=60)] = "Entente"
    """Name of the intercommunality, shown on every page."""

    data_dir: Path = Path("var")
    """Folder of the embedded database, files and backups."""

    database_url: Annotated[str, AfterValidator(_database_url)] = ""
    """Where the data lives; empty means an embedded SQLite database in the data folder."""

    database_pool: Annotated[int, Field(ge=1, le=100)] = 10
    """How many database connections one process may hold."""

    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = None
    """The bell between processes; none means one process with an in-memory bell."""

    base_url: Annotated[str, AfterValidator(_base_url)] = "http://127.0.0.1:8000"
    """Address people type; https makes cookies strict."""

    files_url: Annotated[str, AfterValidator(_files_url)] | None = None
    """The S3-compatible bucket where people's files lie; none means the data folder."""

    files_max_mb: Annotated[int, Field(ge=1, le=500)] = 25
    """How heavy one file may be, in megabytes."""

    files_quota_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """How much one person may keep here, in megabytes."""

    smtp_url: Annotated[str, AfterValidator(_smtp_url)] | None = None
    """The mail server; none keeps mails in the outbox until there is one."""

    mail_from: Annotated[str, Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$")] = "entente@localhost"
    """Sender of every mail."""

    accessibility_contact: Annotated[str, Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$")] | None = None
    """To whom one reports an obstacle, by mail; none means the sender of mails."""

    security_contact: Annotated[str, Field(pattern=r"^(https://\S+|[^\s@<>:/]+@[^\s@<>]+)$")] | None = None
    """To whom one reports a flaw: an address of mail or a page in https; none means the sender of mails."""

    worker: Literal["inside", "apart"] = "inside"
    """Whether deferred work runs inside the server or in `entente worker`."""

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks, separated by commas, whose X-Forwarded-For and -Proto are believed."""

    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long the journal keeps entries for replay, in days."""

    retention_entries: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    """How many entries the journal keeps per stream for replay."""

    session_days: Annotated[int, Field(ge=1, le=365)] = 30
    """How long a device stays signed in without being used, in days."""

    log_format: Literal["text", "json"] = "text"
    """How logs are written on the standard error."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError("doit être une suite d'adresses ou de réseaux, par exemple 127.0.0.1,::1") from None
        return value

    @field_validator("database_url", mode="before")
    @classmethod
    def _with_driver(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        for short, full in (
            ("sqlite://", "sqlite+aiosqlite://"),
            ("postgresql://", "postgresql+asyncpg://"),
            ("postgres://", "postgresql+asyncpg://"),
        ):
            if value.startswith(short):
                return full + value.removeprefix(short)
        return value

    @model_validator(mode="before")
    @classmethod
    def _embedded(cls, values: dict[str, object]) -> dict[str, object]:
        if not values.get("database_url"):
            folder = Path(str(values.get("data_dir") or "var"))
            values["database_url"] = f"sqlite:///{folder / 'entente.sqlite3'}"
        return values

    @property
    def is_embedded(self) -> bool:
        """Whether the data lives in a file beside the server."""
        return self.database_url.startswith("sqlite")

    @property
    def is_https(self) -> bool:
        """Whether people reach the house over TLS."""
        return self.base_url.startswith("https://")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The call first, then the environment, then the file named by ENTENTE_CONFIG."""
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, os.environ.get("ENTENTE_CONFIG")),
        )


def load(**known: object) -> Settings:
    """The settings of this process; raises WrongSettings with a French explanation."""
    config = os.environ.get("ENTENTE_CONFIG")
    if config and not Path(config).is_file():
        raise WrongSettings(f"ENTENTE_CONFIG : le fichier {config} n'existe pas.")
    unknown = sorted(name for name in os.environ if name.startswith("ENTENTE_") and not _is_known(name))
    if unknown:
        raise WrongSettings("\n".join(f"{name}\u00a0: ce réglage n'existe pas." for name in unknown))
    try:
        return Settings(**known)  # type: ignore[arg-type]
    except ValidationError as error:
        raise WrongSettings("\n".join(_explain(dict(item)) for item in error.errors())) from None
    except ValueError as error:
        raise WrongSettings(f"{config or 'ENTENTE_CONFIG'} : {error}") from None


def _is_known(name: str) -> bool:
    # Tests and measures read a few variables of their own.
    return (
        name == "ENTENTE_CONFIG"
        or name.startswith(("ENTENTE_TEST_", "ENTENTE_BENCH_", "ENTENTE_REQUIRE_"))
        or name.removeprefix("ENTENTE_").lower() in Settings.model_fields
    )


def _explain(item: dict[str, object]) -> str:
    # The value itself is never repeated: it may be a password.
    place = item["loc"]
    name = str(place[0]) if isinstance(place, tuple) and place else "?"
    return f"ENTENTE_{name.upper()}\u00a0: {_reason(str(item['type']), item.get('ctx'), str(item['msg']))}."


def _reason(kind: str, bounds: object, words: str) -> str:
    known = bounds if isinstance(bounds, dict) else {}
    match kind:
        case "value_error":
            return words.removeprefix("Value error, ")
        case "int_parsing" | "int_type" | "int_from_float":
            return "doit être un nombre entier"
        case "greater_than_equal":
            return f"doit valoir au moins {known['ge']}"
        case "less_than_equal":
            return f"doit valoir au plus {known['le']}"
        case "literal_error":
            return f"doit valoir {str(known['expected']).replace(' or ', ' ou ')}"
        case "string_too_short":
            return "ne peut pas être vide"
        case "string_too_long":
            return f"doit tenir en {known['max_length']} caractères"
        case "extra_forbidden":
            return "ce réglage n'existe pas"
    return "n'a pas la forme attendue"
