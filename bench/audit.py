"""Asks whether something is published against the packages that we run: `make audit`.

pip-audit is a tool of the checkout, as uv is, in no environment of ours. Its advisories (OSV) are on the internet;
where there is none, that is said, and nothing is proved.
"""

import json
import os
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


def main() -> int:
    """0 when nothing is published, or when nobody can be asked; 1 when something is."""
    if not _answers(ADVISORIES):
        print(
            "Les avis de sécurité ne sont pas joignables d’ici : les paquets n’ont PAS été vérifiés.", file=sys.stderr
        )
        return 0
    told = _told(shlex.split(os.environ.get("UV", "uv")))
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


def _told(uv: Sequence[str]) -> list[str] | None:
    """What is published, one line each; none when the tool did not do its work."""
    # `UV` may begin with settings, as it does in the Makefile.
    settings = [word for word in uv if "=" in word and "/" not in word.split("=")[0]]
    program = [word for word in uv if word not in settings]
    asked = [
        "--vulnerability-service",
        "osv",
        "--requirement",
        str(ROOT / "requirements.lock"),
        "--disable-pip",
        "--require-hashes",
    ]
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        subprocess.run(
            [*program, "tool", "run", "--from", TOOL, "pip-audit", *asked, "--format", "json", "--output", str(answer)],
            env=os.environ | dict(word.split("=", 1) for word in settings),
            check=False,
        )
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
