"""The content of a ranking as it is frozen, and read again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pistes.criteria.models import Criteria
from pistes.imports.exports import Cell, Table
from pistes.models import TieRule
from pistes.ranking.queries import Board
from pistes.rankings.rules import Standing, canonical, digest_of

FORM = 1
"""Of the canonical form; a later one would have another number."""


def content_of(board: Board) -> dict[str, Any]:
    """Everything that a ranking says, as plain values."""
    stands = board.standing
    return {
        "form": FORM,
        "criteria": stands.criteria.model_dump(mode="json"),
        "family": stands.family,
        "version": stands.version,
        "tie_rule": str(stands.tie_rule),
        "tie_reason": stands.tie_reason,
        "rows": [
            {
                "node": str(line.branch.node.id),
                "piste": str(line.piste.id),
                "code": line.piste.code,
                "title": line.piste.title,
                "objectif": line.branch.objectif,
                "declinaison": line.declinaison,
                "place": line.placed.place,
                "level": line.placed.level,
                "is_tied": line.placed.is_tied,
                "marks": {
                    key: {"level": mark.level, "origin": str(mark.origin), "base": mark.base, "reason": mark.reason}
                    for key, mark in line.marks.items()
                },
                "set_aside": list(line.sieved.reasons),
                "missing": list(line.sieved.missing),
                "communes": [each.commune.name for each in line.carriers],
            }
            for line in board.lines
        ],
    }


@dataclass(frozen=True)
class Frozen:
    """A content read again from its text."""

    text: str

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """The plain values."""
        found: Mapping[str, Any] = json.loads(self.text)
        return found

    @cached_property
    def criteria(self) -> Criteria:
        """The criteria by which it ranked."""
        return Criteria.model_validate(self.said["criteria"])

    @property
    def tie_rule(self) -> TieRule:
        """What decided between equals."""
        return TieRule(self.said["tie_rule"])

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Its rows, in order."""
        rows: Sequence[Mapping[str, Any]] = self.said["rows"]
        return rows

    @property
    def standings(self) -> dict[str, Standing]:
        """Its rows as another ranking is compared with them."""
        return {row["node"]: Standing(row["title"], row["place"], bool(row["set_aside"])) for row in self.rows}

    @cached_property
    def digest(self) -> str:
        """The hash, computed again."""
        return digest_of(self.text)

    @property
    def table(self) -> Table:
        """As a file: what the screen shows."""
        keys = self.criteria.keys
        lines: list[list[Cell]] = [
            [
                row["place"],
                row["level"],
                row["code"],
                row["title"],
                *(row["marks"].get(key, {}).get("level") for key in keys),
                row["objectif"],
                row["declinaison"],
                " ; ".join(row["set_aside"]),
                "|".join(row["communes"]),
            ]
            for row in self.rows
        ]
        header = ["rang", "niveau", "code", "intitule", *keys, "objectif", "declinaison", "ecartee", "communes"]
        return Table("Classement figé", header, lines)


def frozen(board: Board) -> Frozen:
    """The canonical form of a ranking."""
    return Frozen(canonical(content_of(board)))


def standings(board: Board) -> dict[str, Standing]:
    """The rows of a live ranking, to be compared."""
    return {
        str(line.branch.node.id): Standing(line.piste.title, line.placed.place, not line.sieved.passes)
        for line in board.lines
    }
