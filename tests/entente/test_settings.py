"""What an operator decides, and how the house says that it cannot be."""

import ast
from pathlib import Path
from typing import Any

import pytest

from entente.demo import folder
from entente.house import House
from entente.settings import Settings, WrongSettings, load

ROOT = Path(__file__).parents[2]
WRONG = {
    "NAME": ("Entente " * 20, "60 caractères"),
    "DATABASE_URL": ("mysql://u:Sesame@nulle-part/base", "sqlite:/// ou postgresql://"),
    "DATABASE_POOL": ("4321", "au plus 100"),
    "REDIS_URL": ("http://:Sesame@nulle-part", "redis://"),
    "BASE_URL": ("ftp://nulle-part.exemple", "http(s)"),
    "FILES_URL": ("https://cle:Sesame@nulle-part/seau", "s3://clé:secret@serveur/seau"),
    "FILES_MAX_MB": ("0", "au moins 1"),
    "FILES_QUOTA_MB": ("beaucoup", "un nombre entier"),
    "SMTP_URL": ("http://u:Sesame@nulle-part", "smtp+starttls://"),
    "MAIL_FROM": ("sans arobase", "la forme attendue"),
    "ACCESSIBILITY_CONTACT": ("mon voisin", "la forme attendue"),
    "SECURITY_CONTACT": ("par la fenêtre", "la forme attendue"),
    "WORKER": ("peut-etre", "'inside' ou 'apart'"),
    "TRUSTED_PROXIES": ("127.0.0.1,nulle-part", "adresses ou de réseaux"),
    "RETENTION_DAYS": ("-77", "au moins 1"),
    "RETENTION_ENTRIES": ("77", "au moins 100"),
    "SESSION_DAYS": ("trente", "un nombre entier"),
    "LOG_FORMAT": ("xml", "'text' ou 'json'"),
}


def test_every_setting_that_can_be_wrong_is_tried() -> None:
    """A new setting comes with its refusal; a folder alone may have any name."""
    assert {name.lower() for name in WRONG} == set(Settings.model_fields) - {"data_dir"}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named_with_its_reason_and_without_its_value(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator reads which setting, and why; the value may be a password."""
    value, reason = WRONG[name]
    monkeypatch.setenv(f"ENTENTE_{name}", value)
    with pytest.raises(WrongSettings) as wrong:
        load()
    said = str(wrong.value)
    assert said.startswith(f"ENTENTE_{name}\u00a0: ")
    assert reason in said
    assert value not in said
    assert "Sesame" not in said


def test_several_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start, every correction."""
    monkeypatch.setenv("ENTENTE_DATABASE_POOL", "0")
    monkeypatch.setenv("ENTENTE_LOG_FORMAT", "xml")
    with pytest.raises(WrongSettings) as wrong:
        load()
    assert [line.partition("\u00a0")[0] for line in str(wrong.value).splitlines()] == [
        "ENTENTE_DATABASE_POOL",
        "ENTENTE_LOG_FORMAT",
    ]


def test_a_misspelt_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """ENTENTE_REDIS is not silently ignored."""
    monkeypatch.setenv("ENTENTE_REDIS", "redis://127.0.0.1")
    with pytest.raises(WrongSettings, match=r"^ENTENTE_REDIS\s: ce réglage n'existe pas"):
        load()


def test_a_file_speaks_and_the_environment_has_the_last_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TOML for what lasts, the environment for today."""
    file = tmp_path / "entente.toml"
    file.write_text('name = "Brioude Sud"\nsession_days = 12\ntrusted_proxies = ["10.0.0.0/8"]\n')
    monkeypatch.setenv("ENTENTE_CONFIG", str(file))
    monkeypatch.setenv("ENTENTE_SESSION_DAYS", "7")
    settings = load()
    assert (settings.name, settings.session_days, settings.trusted_proxies) == ("Brioude Sud", 7, ("10.0.0.0/8",))


@pytest.mark.parametrize(
    ("content", "reason"),
    [("sesion_days = 12", "ENTENTE_SESION_DAYS"), ("name = ", "entente.toml"), (None, "n'existe pas")],
)
def test_a_wrong_file_is_told(content: Any, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A misspelt key, a broken file, a missing one."""
    file = tmp_path / "entente.toml"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("ENTENTE_CONFIG", str(file))
    with pytest.raises(WrongSettings, match=reason):
        load()


def test_addresses_of_databases_find_their_driver() -> None:
    """The operator writes what every tool writes."""
    assert load(database_url="postgres://a/b").database_url == "postgresql+asyncpg://a/b"
    assert load(database_url="sqlite:///x.db").database_url == "sqlite+aiosqlite:///x.db"
    assert load(data_dir="la").database_url == "sqlite+aiosqlite:///la/entente.sqlite3"


@pytest.mark.parametrize("name", ["DEMO", "IS_DEMO", "DEMONSTRATION", "ONE_CLICK"])
def test_no_variable_opens_the_demonstration(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One-click sign-in is not a matter of settings: such a variable stops the start."""
    monkeypatch.setenv(f"ENTENTE_{name}", "1")
    with pytest.raises(WrongSettings, match=f"ENTENTE_{name}"):
        load()


async def test_no_setting_opens_the_demonstration(tmp_path: Path) -> None:
    """No field speaks of it, and a house built from any settings is a real one."""
    assert [name for name in Settings.model_fields if "demo" in name or "click" in name] == []
    house = House.build(load(data_dir=tmp_path))
    assert not house.is_demo
    await house.database.close()


def test_only_the_demo_command_builds_a_demonstration() -> None:
    """Nowhere else in what runs is a house told that it is one."""
    found = {
        path.relative_to(ROOT).as_posix()
        for shelf in ("platform", "realtime", "forums")
        for path in (ROOT / shelf).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword)
        and node.arg == "is_demo"
        and not (isinstance(node.value, ast.Attribute) and node.value.attr == "is_demo")
    }
    assert found == {"platform/entente/commands/demo.py"}


def test_the_demonstration_cannot_be_led_to_a_real_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the environment and the file say, it lives in its folder."""
    plain = folder.settings(tmp_path, "127.0.0.1", 8000)
    file = tmp_path / "entente.toml"
    file.write_text('database_url = "postgresql://u@elsewhere/real"\n')
    monkeypatch.setenv("ENTENTE_CONFIG", str(file))
    monkeypatch.setenv("ENTENTE_DATABASE_URL", "postgresql://u@elsewhere/real")
    monkeypatch.setenv("ENTENTE_DATA_DIR", "/srv/real")
    monkeypatch.setenv("ENTENTE_REDIS_URL", "redis://elsewhere")
    monkeypatch.setenv("ENTENTE_SMTP_URL", "smtp://elsewhere")
    assert folder.settings(tmp_path, "127.0.0.1", 8000) == plain
    assert plain.database_url == f"sqlite+aiosqlite:///{tmp_path}/demo.sqlite3"
    assert (plain.redis_url, plain.smtp_url) == (None, None)
