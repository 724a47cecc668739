"""What is published against our packages is told; where nobody can be asked, that is told instead."""

import re
import socket

import pytest

from bench import audit

ANSWER: dict[str, list[dict[str, object]]] = {
    "dependencies": [
        {"name": "starlette", "version": "1.10.0", "vulns": []},
        {"name": "pillow", "version": "13.0", "vulns": [{"id": "GHSA-1", "fix_versions": ["13.0.1"]}]},
        {"name": "nh3", "version": "0.3.8", "vulns": [{"id": "GHSA-2", "fix_versions": []}]},
    ]
}


def test_each_advisory_is_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the version that mends it, when there is one; and the command fails."""
    monkeypatch.setattr(audit, "_answers", lambda _: True)
    monkeypatch.setattr(audit, "_told", lambda _: audit.findings(ANSWER))
    assert audit.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "pillow 13.0 : GHSA-1, corrigé dans 13.0.1",
        "nh3 0.3.8 : GHSA-2, corrigé dans —",
    ]


def test_a_machine_without_internet_is_told_that_nothing_was_proved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command goes on, and does not say that all is well."""
    with socket.create_server(("127.0.0.1", 0)) as once:
        place = once.getsockname()[:2]
    monkeypatch.setattr(audit, "ADVISORIES", place)
    monkeypatch.setenv("UV", "false")
    assert audit.main() == 0
    said = capsys.readouterr()
    assert "n’ont PAS été vérifiés" in said.err
    assert said.out == ""


def test_without_advisories_what_has_a_newer_release_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is mended somewhere is mended in a release: the packages that are behind are named, or none is."""
    monkeypatch.setattr(audit, "_answers", lambda _: False)
    ours = audit.LOCK.read_text()
    for newest, told in (
        (ours, "Chaque paquet de requirements.lock est à sa dernière version."),
        (re.sub(r"(?m)^pillow==\S+", "pillow==99.1", ours), " : 99.1 est parue"),
    ):
        monkeypatch.setattr(audit, "_newest", lambda _uv, newest=newest: newest)
        assert audit.main() == 0
        said = capsys.readouterr()
        assert told in said.out
        assert said.out.count("\n") == 1
        assert "n’ont PAS été vérifiés" in said.err


def test_an_audit_that_did_not_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The advisories are there and the tool breaks: that is no proof either, and it is not passed over."""
    monkeypatch.setattr(audit, "_answers", lambda _: True)
    monkeypatch.setenv("UV", "false")
    assert audit.main() == 1
