"""What runs Entente, judged by what will read it: systemd, container engines, whoever fills in settings."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conftest import missing
from deploy.guide import TREE, sections
from entente.settings import Settings, load

DEPLOY = TREE / "deploy"
UNITS = sorted(path.name for path in DEPLOY.iterdir() if path.suffix in (".service", ".timer"))


def judged_by(program: str, *words: str | Path) -> str:
    """What a program says of a file; it must have nothing against it."""
    beside = Path(sys.executable).with_name(program)
    found = str(beside) if beside.exists() else shutil.which(program)
    if found is None:
        missing(f"{program} is not installed")
    run = subprocess.run([str(found), *words], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_each_unit(unit: str, tmp_path: Path) -> None:
    """Every directive is known and every command is there, once Entente lies where the guide puts it."""
    command = tmp_path / "entente"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    for name in UNITS:
        # Only the command is replaced: everything else is judged as it is installed.
        words = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(words.replace("/opt/entente/.venv/bin/entente", str(command)))

    assert judged_by("systemd-analyze", "verify", "--man=no", tmp_path / unit) == ""


@pytest.mark.parametrize("unit", [name for name in UNITS if name.endswith(".service")])
def test_a_service_can_do_little_harm(unit: str) -> None:
    """systemd's own judgment of what a service could do: 10 is everything, and each of ours stays under 2."""
    said = judged_by("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", DEPLOY / unit)

    assert "OK" in said


def test_a_unit_that_systemd_does_not_understand_is_seen(tmp_path: Path) -> None:
    """The judge of this file is awake."""
    wrong = tmp_path / "wrong.service"
    wrong.write_text("[Service]\nExecStart=/bin/true\nProtectEverything=yes\n")
    with pytest.raises(AssertionError, match="ProtectEverything"):
        assert judged_by("systemd-analyze", "verify", "--man=no", wrong) == ""


def test_the_image_keeps_to_the_rules_of_hadolint() -> None:
    """Versions, layers, shells: what is known to go wrong in a Dockerfile."""
    judged_by("hadolint", DEPLOY / "Dockerfile")


def test_the_image_runs_without_privilege_and_says_how_it_is() -> None:
    """Two stages; the second runs as a number that no host gives to a person, and knows its own health."""
    lines = (DEPLOY / "Dockerfile").read_text()
    last = lines.rpartition("\nFROM ")[2]

    assert lines.count("\nFROM ") == 2
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert "/sante/pret" in last.partition("HEALTHCHECK")[2]
    assert "make" not in last


def test_the_image_holds_every_package_of_the_house() -> None:
    """A room that is added is copied too."""
    copied = set(re.findall(r"^COPY (\w+) \1$", (DEPLOY / "Dockerfile").read_text(), re.M))
    needed = {path.parts[0] for package in packages() if (path := Path(package))}

    assert copied == needed | {"templates"}


def packages() -> list[str]:
    """What the wheel of Entente is made of."""
    project: dict[str, Any] = tomllib.loads((TREE / "pyproject.toml").read_text())
    found: list[str] = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return found


def test_compose_is_what_its_specification_says() -> None:
    """The JSON schema of the Compose specification, as its authors publish it."""
    judged_by("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of compose.yaml, anchors followed."""
    said = YAML(typ="safe", pure=True).load(DEPLOY / "compose.yaml")
    found: dict[str, Any] = said["services"]
    return found


def test_only_the_proxy_is_open_to_the_world(services: dict[str, Any]) -> None:
    """Caddy alone has ports, and does not see the database; the database does not see the Internet."""
    assert [name for name, service in services.items() if service.get("ports")] == ["caddy"]
    assert "dedans" not in services["caddy"]["networks"]
    assert services["postgres"]["networks"] == services["redis"]["networks"] == ["dedans"]
    assert (
        services["web"]["environment"]["ENTENTE_TRUSTED_PROXIES"]
        == (services["caddy"]["networks"]["devant"]["ipv4_address"])
    )


@pytest.mark.parametrize("name", ["migrate", "web", "worker", "caddy", "redis"])
def test_a_container_writes_nowhere_and_gains_nothing(services: dict[str, Any], name: str) -> None:
    """Read-only, every capability dropped, none to be won."""
    service = services[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "caddy" else [])


def test_nothing_starts_before_what_it_needs(services: dict[str, Any]) -> None:
    """The base, its shape, the servers, then the door."""
    waits = {
        name: {on: what["condition"] for on, what in each.get("depends_on", {}).items()}
        for name, each in services.items()
    }

    assert waits["migrate"] == {"postgres": "service_healthy"}
    assert waits["web"] == waits["worker"]
    assert waits["web"] == {"migrate": "service_completed_successfully", "redis": "service_healthy"}
    assert waits["caddy"] == {"web": "service_healthy"}


def test_the_guide_gives_compose_what_it_asks(services: dict[str, Any]) -> None:
    """Each variable is written by the guide's own command, and each container it speaks to is there."""
    commands = sections()["Avec des conteneurs"].commands("")
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))

    assert set(re.findall(r"([A-Z_]+)=", commands)) == asked
    assert set(re.findall(r"(?:exec |cp )(\w+)(?= |:)", commands)) - {"deploy"} <= set(services)


def test_compose_sets_only_what_can_be_set(services: dict[str, Any]) -> None:
    """A setting that is renamed in the code is renamed here."""
    given = {name for service in services.values() for name in service.get("environment", {})}

    assert {name for name in given if name.startswith("ENTENTE_")} <= known_settings()


def known_settings() -> set[str]:
    """Every setting by the name of its variable."""
    return {f"ENTENTE_{name.upper()}" for name in Settings.model_fields}


def test_the_example_explains_every_setting_and_no_other() -> None:
    """Each setting once, with at least a line of words above its paragraph."""
    paragraphs = (DEPLOY / "entente.env.example").read_text().split("\n\n")
    told = [name for text in paragraphs for name in re.findall(r"^#?(ENTENTE_\w+)=", text, re.M)]
    unexplained = [
        text for text in paragraphs if re.search(r"^#?ENTENTE_\w+=", text, re.M) and not re.match(r"# \S", text)
    ]

    assert sorted(told) == sorted(known_settings())
    assert unexplained == []


def test_the_example_is_valid_once_every_line_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown as an example is accepted, those lines included that are left aside at first."""
    text = (DEPLOY / "entente.env.example").read_text()
    for name, value in re.findall(r"^#?(ENTENTE_\w+)=(.*)$", text, re.M):
        monkeypatch.setenv(name, value.strip('"'))

    assert load().name == "Communauté de communes d'Exemple"


def test_what_is_left_aside_is_shown_with_its_default() -> None:
    """A number or a word that is commented out says what happens without it."""
    text = (DEPLOY / "entente.env.example").read_text()
    plain = {
        name: field.default
        for name, field in Settings.model_fields.items()
        if isinstance(field.default, (int, str)) and name not in ("name", "base_url", "database_url", "mail_from")
    }
    shown = dict(re.findall(r"^#?ENTENTE_(\w+)=(.*)$", text, re.M))

    assert {name: shown[name.upper()] for name in plain} == {name: str(value) for name, value in plain.items()}
