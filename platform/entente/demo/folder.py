"""Where the demonstration lives: a folder of its own that no setting chooses, so that it touches nothing else."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from entente.rules import Conflict
from entente.settings import Settings

BASE = "demo.sqlite3"
OURS = (BASE, f"{BASE}-wal", f"{BASE}-shm", f"{BASE}-journal", "photos", "files")


class DemoSettings(Settings):
    """Settings that listen to the call alone: neither the environment nor a file can point elsewhere."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The call, and nothing else."""
        return (init_settings,)


def settings(folder: Path, host: str, port: int) -> Settings:
    """The house of the demonstration."""
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104
    return DemoSettings(
        name="GrandAngoulême",
        data_dir=folder,
        database_url=f"sqlite:///{folder / BASE}",
        base_url=f"http://{f'[{name}]' if ':' in name else name}:{port}",
    )


@contextmanager
def opened(folder: Path, reset: bool) -> Iterator[None]:
    """Hold the folder alone, emptied of the demonstration's own files if asked; raises Conflict otherwise."""
    # A folder that holds something else may be a real house: nothing is written there, nothing removed.
    if folder.exists() and not (folder / ".demo").exists() and any(folder.iterdir()):
        raise Conflict(f"Le dossier {folder} n’est pas celui d’une démonstration\u00a0: choisissez-en un autre.")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".demo").open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"Une démonstration est déjà ouverte sur le dossier {folder}\u00a0: "
                "fermez-la, ou choisissez un autre dossier avec --data."
            ) from None
        if reset:
            _empty(folder)
        yield


def _empty(folder: Path) -> None:
    for name in OURS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
