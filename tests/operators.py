"""Commands as an operator types them: real processes, which do not read the house anew each time."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["entente.app", "entente.commands.foreseen", "entente.commands.backup", "operators"])
LATE = 180


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The operator's settings, and nothing from whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENTENTE_")}
    return kept | {"ENTENTE_DATA_DIR": str(folder), "COLUMNS": "200"} | {f"ENTENTE_{k}": v for k, v in settings.items()}


def entente(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """One command, run to its end in a process of its own, born of one that has read the house already."""
    said = [folder / f".{name}-{os.urandom(4).hex()}" for name in ("stdout", "stderr")]
    process = FORKS.Process(target=_run, args=(words, folder, environment(folder, **settings), *said))
    process.start()
    process.join(LATE)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError(" ".join(words))
    stdout, stderr = (path.read_text() for path in said)
    for path in said:
        path.unlink()
    return subprocess.CompletedProcess(words, process.exitcode, stdout, stderr)


def _run(words: tuple[str, ...], folder: Path, settings: dict[str, str], out: Path, err: Path) -> None:
    """What `bin/entente` does, with these words, this folder and these settings."""
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(settings)
    os.chdir(folder)
    sys.argv = ["entente", *words]
    from entente.cli import main

    main()
