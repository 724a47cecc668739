"""Asks whether something is published against the packages that we run: `make audit`.

pip-audit is a tool of the checkout, as uv is, in no environment of ours. Its advisories (OSV) are on the internet;
where they cannot be reached, that is said, and which packages have a newer release is told instead: what is mended
somewhere is mended in a release.
"""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

TOOL = "pip-audit==2.10.1"
ADVISORIES = ("api.osv.dev", 443)
ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"^([\w.\[\],-]+)==([^\s;]+)", re.MULTILINE)


def main() -> int:
    """0 when nothing is published, or when nobody can be asked; 1 when something is."""
    uv = shlex.split(os.environ.get("UV", "uv"))
    if not _answers(ADVISORIES):
        print(
            "Les avis de sécurité ne sont pas joignables d’ici : les paquets n’ont PAS été vérifiés.", file=sys.stderr
        )
        newest = _newest(uv)
        if newest is not None:
            behind = late(LOCK.read_text(), newest)
            print("\n".join(behind) or "Chaque paquet de requirements.lock est à sa dernière version.")
        return 0
    told = _told(uv)
    if told is None:
        print("pip-audit n’a pas répondu : voyez ci-dessus.", file=sys.stderr)
        return 1
    print("\n".join(told) or "Aucun avis de sécurité sur les paquets de requirements.lock.")
    return 1 if told else 0


def _answers(place: tuple[str, int]) -> bool:
    try:
        socket.create_connection(place, timeout=5).close()
    except OSError:
        return False
    return True


def _run(uv: Sequence[str], *words: str) -> int:
    # `UV` may begin with settings, as it does in the Makefile.
    settings = [word for word in uv if "=" in word and "/" not in word.split("=")[0]]
    program = [word for word in uv if word not in settings]
    environment = os.environ | dict(word.split("=", 1) for word in settings)
    return subprocess.run([*program, *words], env=environment, check=False).returncode


def _newest(uv: Sequence[str]) -> str | None:
    """The lock file as it would be written anew today; none when nobody tells the releases either."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "newest.lock"
        asked = ("--quiet", "--upgrade", "--universal", "--no-header", "--no-annotate", "--group", "build")
        written = _run(uv, "pip", "compile", *asked, str(ROOT / "pyproject.toml"), "--output-file", str(answer))
        return answer.read_text() if written == 0 and answer.exists() else None


def late(ours: str, newest: str) -> list[str]:
    """The packages of a lock file that have a newer release, one line each."""
    now, then = _pinned(newest), _pinned(ours)
    return [
        f"{name} {then[name]} : {now[name]} est parue"
        for name in sorted(then)
        if now.get(name, then[name]) != then[name]
    ]


def _pinned(lock: str) -> dict[str, str]:
    return dict(PIN.findall(lock))


def _told(uv: Sequence[str]) -> list[str] | None:
    """What is published, one line each; none when the tool did not do its work."""
    asked = [
        "--vulnerability-service",
        "osv",
        "--requirement",
        str(LOCK),
        "--disable-pip",
        "--require-hashes",
    ]
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        _run(uv, "tool", "run", "--from", TOOL, "pip-audit", *asked, "--format", "json", "--output", str(answer))
        if not answer.exists():
            return None
        return findings(json.loads(answer.read_text()))


def findings(answer: dict[str, list[dict[str, object]]]) -> list[str]:
    """What pip-audit found, as an operator reads it."""
    return [
        f"{package['name']} {package['version']} : {each['id']}, corrigé dans {', '.join(each['fix_versions']) or '—'}"
        for package in answer["dependencies"]
        for each in package.get("vulns", [])  # type: ignore[attr-defined]
    ]


if __name__ == "__main__":
    sys.exit(main())
