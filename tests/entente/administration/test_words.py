"""An administrator reads French: no act of the audit and no task shows the name that the code gives it."""

import ast
from pathlib import Path

from entente.administration.tasks.views import KINDS
from entente.administration.trail.words import ACTS
from entente.app import rooms
from entente.search import index

ROOT = Path(__file__).parents[3]


def audited() -> set[str]:
    """The acts that the code names where it keeps them."""
    trees = (ast.parse(path.read_text()) for room in ("platform", "forums", "booking") for path in room_files(room))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    named = (call.args[0] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "audit")
    return {str(act.value) for act in named if isinstance(act, ast.Constant)}


def room_files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def test_every_act_has_its_words() -> None:
    """« a enregistré une décision », never `decision.recorded`."""
    assert len(audited()) > 50
    assert audited() - set(ACTS) == set()


def test_every_task_has_its_name() -> None:
    """« Courriel de réservation », never `booking.mail`."""
    kinds = {kind for room in rooms() for kind in (*room.tasks, *room.errands)} | {index.INDEX}
    assert len(kinds) > 25
    assert kinds - set(KINDS) == set()
