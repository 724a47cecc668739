"""An administrator reads French: no act of the audit and no task shows the name that the code gives it."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from entente.administration.imports.rules import Outcome
from entente.administration.organisations.models import OrganisationForm
from entente.administration.tasks.views import KINDS
from entente.administration.trail.words import ACTS, FIELDS, KEYS, said
from entente.app import rooms
from entente.search import index
from forums.keeping.models import KeptForum

ROOT = Path(__file__).parents[3]
SHELVES = (ROOT / "platform", ROOT)
"""Where packages lie: the ground floor on its shelf, the rooms at the top."""
EXPANDED = {
    "counts": {str(outcome) for outcome in Outcome},
    "detail": {"kind", "organisation", "since"},
    "kept": {"personne", "acte", "sujet", "du", "au"},
    "shown": {"until"},
    "_said": {"since", "until"},
}
"""What is kept under names that the code makes up as it goes."""


class Kept:
    """A call that keeps an act: what it may be, and the names of its details."""

    def __init__(self, path: Path, tree: ast.Module, call: ast.Call) -> None:
        self.path, self.tree, self.call = path, tree, call

    def acts(self) -> set[str]:
        """What is kept, straight away or as whoever calls the function around says it."""
        return {self._value(each) for each in self._said()}

    def keys(self) -> set[str]:
        """The names of the details."""
        plain = {each.arg for each in self.call.keywords if each.arg}
        starred = [ast.unparse(each.value).split("(")[0] for each in self.call.keywords if each.arg is None]
        return plain.union(*(EXPANDED[name] for name in starred))

    def _said(self) -> list[ast.expr]:
        act = self.call.args[0]
        if not isinstance(act, ast.Name):
            return [act]
        around = next(each for each in self._functions() if self.call in ast.walk(each))
        names = [each.arg for each in around.args.args]
        if act.id not in names:
            return [act]
        place = names.index(act.id)
        calls = (each for each in ast.walk(self.tree) if isinstance(each, ast.Call))
        return [each.args[place] for each in calls if isinstance(each.func, ast.Name) and each.func.id == around.name]

    def _functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (each for each in ast.walk(self.tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))

    def _value(self, written: ast.expr) -> str:
        shelf = next(each for each in SHELVES if self.path.is_relative_to(each))
        module = importlib.import_module(".".join(self.path.relative_to(shelf).with_suffix("").parts))
        value = eval(compile(ast.Expression(written), str(self.path), "eval"), vars(module))
        assert isinstance(value, str)
        return str(value)


def audited() -> list[Kept]:
    """Every call of the code that keeps an act."""
    found = []
    for path in (path for room in ("platform", "forums", "booking", "realtime") for path in room_files(room)):
        tree = ast.parse(path.read_text())
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
        named = ((call, call.func) for call in calls if isinstance(call.func, ast.Attribute))
        found += [Kept(path, tree, call) for call, name in named if name.attr == "audit"]
    return found


def room_files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def test_every_act_has_its_words() -> None:
    """« a enregistré une décision », never `decision.recorded`, whoever names it."""
    acts = set().union(*(each.acts() for each in audited()))
    assert {"invitation.sent", "quota.set", "thread.closed", "function.ended", "pistes.claim_written"} <= acts
    assert acts - set(ACTS) == set()


def test_every_detail_has_its_words() -> None:
    """« depuis le\u00a0: 1er janvier », never `since: 2026-01-01`."""
    keys = set().union(*(each.keys() for each in audited()))
    assert {"since", "until", "organisation", "nouvelle", "levels"} <= keys
    assert keys - set(KEYS) == set()


def test_every_field_that_changes_has_its_words() -> None:
    """« code Insee », never `code_insee`."""
    named = {*OrganisationForm.model_fields, *KeptForum.model_fields, "email", "given_name", "family_name"}
    assert named - set(FIELDS) == set()


def test_a_detail_is_said() -> None:
    """Days are days, an id bears its name, what is empty is left out."""
    detail = {"since": "2026-01-01", "organisation": "8", "until": None, "fields": ["email", "given_name"]}
    assert list(said({**detail, "kind": "dgs"}, {"8": "Brioude"})) == [
        ("depuis le", "1er\u00a0janvier 2026"),
        ("organisation", "Brioude"),
        ("changé", "adresse électronique, prénom"),
        ("nature", "DGS"),
    ]


def test_every_task_has_its_name() -> None:
    """« Courriel de réservation », never `booking.mail`."""
    kinds = {kind for room in rooms() for kind in (*room.tasks, *room.errands)} | {index.INDEX}
    assert len(kinds) > 25
    assert kinds - set(KINDS) == set()
