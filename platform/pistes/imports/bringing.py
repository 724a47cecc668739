"""One import on its way: pistes, then places, then what is said of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from entente.clock import now
from entente.web.words import PARIS
from entente.work import Work
from pistes import queries
from pistes.communes.models import Position, Stance, Unresolved
from pistes.imports import queries as registers
from pistes.imports.readers import Kind
from pistes.imports.rows import Row
from pistes.imports.rules import Judged, Known, Path
from pistes.marks import queries as marks
from pistes.marks.models import Mark, Origin
from pistes.models import Piste
from pistes.service import code_of
from pistes.stories import Verb, keep
from pistes.tree import queries as trees
from pistes.tree.models import Node, NodeKind
from pistes.words import key_of


@dataclass
class Bringing:
    """One import on its way: what was there, and what was made so far."""

    work: Work
    known: Known
    kind: Kind
    since: date
    pistes: dict[str, Piste] = field(default_factory=dict)
    places: dict[Path, Node] = field(default_factory=dict)
    last: dict[UUID | None, int] = field(default_factory=dict)
    """The last order taken under each place."""
    changed: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    """What the story of each piste says of this import."""

    async def do(self, chosen: list[Judged], judged: list[Judged]) -> None:
        """Pistes, then places, then what is said of them: each refers to the one before."""
        tree = await trees.tree(self.work.db)
        self.places = {path: branch.node for path, branch in registers.paths_of(tree).items()}
        for node in self.places.values():
            self.last[node.parent_id] = max(node.place, self.last.get(node.parent_id, 0))
        ids = {piste.id for piste in self.known.pistes.values()}
        self.pistes = {piste.key: piste for piste in (await queries.pistes_of(self.work.db, ids)).values()}
        rows = [each.row for each in chosen if each.row]
        await self._make_pistes(rows)
        for row in rows:
            self._place(row)
        if self.kind is Kind.TREE:
            self._order([each.row for each in judged if each.row])
        await self.work.db.flush()
        await self._mark(rows)
        await self._stand(rows)
        await self.work.db.flush()
        for piste_id, detail in self.changed.items():
            verb = Verb.PISTE_CREATED if detail.pop("new", False) else Verb.PISTE_EDITED
            keep(self.work, piste_id, verb, imported=True, **detail)

    async def _make_pistes(self, rows: list[Row]) -> None:
        number = await queries.last_code(self.work.db)
        taken = {row.code for row in rows if row.code}
        for row in rows:
            for title, key in zip(row.titles, row.keys, strict=True):
                code = row.code if key == row.keys[-1] else ""
                if key not in self.pistes:
                    if not code:
                        number += 1
                        while code_of(number) in taken:
                            number += 1
                    made = Piste(code=code or code_of(number), title=title, key=key, expressed_on=self.since)
                    self.pistes[key] = made
                    self.work.db.add(made)
                    self.changed[made.id] = {"new": True}
            if self.kind is Kind.LIST:
                self._rename(self.pistes[row.keys[-1]], row.titles[-1])
        await self.work.db.flush()

    def _rename(self, piste: Piste, title: str) -> None:
        """The list has the last word on titles; the tree goes on printing its own."""
        if piste.title == title:
            return
        for node in self.places.values():
            if node.piste_id == piste.id and node.source_line and not node.printed_title:
                node.printed_title = piste.title
        self.changed.setdefault(piste.id, {})["before"] = piste.title
        piste.title, piste.version = title, piste.version + 1

    def _place(self, row: Row) -> None:
        labels = (row.objectif, row.declinaison)
        for length in range(1, len(row.path) + 1):
            path = row.path[:length]
            if path not in self.places:
                node = self._node(path, labels)
                self.places[path] = node
                self.work.db.add(node)
        node = self.places[row.path]
        if node.piste_id:
            self.changed.setdefault(node.piste_id, {})
        if self.kind is Kind.LIST:
            node.rank, node.printed = row.rank, row.printed
            return
        node.printed_mark, node.source_line, node.note = row.printed_mark, row.source_line, row.note
        if row.keys:
            title = row.titles[-1]
            node.printed_title = title if title != self.pistes[row.keys[-1]].title else ""

    def _node(self, path: Path, labels: tuple[str, str]) -> Node:
        above = self.places[path[:-1]].id if len(path) > 1 else None
        order = self.last[above] = self.last.get(above, 0) + 1
        if len(path) > 2:
            return Node(kind=NodeKind.PISTE, parent_id=above, piste_id=self.pistes[path[-1]].id, place=order)
        kind = NodeKind.DECLINAISON if above else NodeKind.OBJECTIF
        return Node(kind=kind, parent_id=above, label=labels[len(path) - 1], key=path[-1], place=order)

    def _order(self, rows: list[Row]) -> None:
        """The order of the file is the order of the tree; what it does not name comes after."""
        named = dict.fromkeys(row.path[:length] for row in rows for length in range(1, len(row.path) + 1))
        others = sorted((path for path in self.places if path not in named), key=lambda path: self.places[path].place)
        counts: Counter[Path] = Counter()
        for path in [*named, *others]:
            counts[path[:-1]] += 1
            self.places[path].place = counts[path[:-1]]

    async def _mark(self, rows: list[Row]) -> None:
        standing = await queries.standing(self.work.db)
        retained = await marks.retained(self.work.db, standing.family)
        first = standing.criteria.criteria[0].key
        # Never of later than now: dated noon, it would be newer than what is marked this morning.
        at = min(datetime.combine(self.since, time(12), PARIS), now())
        done: set[tuple[UUID, str]] = set()
        for row in rows:
            if not row.keys:
                continue
            piste = self.pistes[row.keys[-1]]
            had = retained.get(piste.id, {})
            given = dict(row.marks)
            if row.printed_mark is not None and first not in had:
                given[first] = row.printed_mark
            for key, level in given.items():
                mark = had.get(key)
                if (piste.id, key) in done or (mark and level in (mark.level, mark.base)):
                    continue
                done.add((piste.id, key))
                if mark:
                    await self._replace(piste.id, standing.family, key)
                assert standing.criteria_id
                self.work.db.add(
                    Mark(
                        piste_id=piste.id,
                        family=standing.family,
                        criterion=key,
                        level=level,
                        origin=Origin.IMPORTED,
                        criteria_id=standing.criteria_id,
                        at=max(at, now()) if mark else at,
                        person_id=self.work.someone.id if self.work.someone else None,
                    )
                )

    async def _replace(self, piste_id: UUID, family: str, key: str) -> None:
        before = await marks.standing_mark(self.work.db, piste_id, family, key, False)
        if before:
            before.replaced_at = now()
            await self.work.db.flush()

    async def _resolve(self, piste_id: UUID, name: str, commune: UUID) -> None:
        """A name that nobody could place is a commune by now."""
        query = select(Unresolved).where(col(Unresolved.piste_id) == piste_id, col(Unresolved.words) == name)
        found = (await self.work.db.exec(query)).one_or_none()
        if found and not found.resolved_at:
            found.resolved_at, found.organisation_id = now(), commune

    async def _stand(self, rows: list[Row]) -> None:
        person_id = self.work.someone.id if self.work.someone else None
        stood, cut = set(self.known.stood), set(self.known.cut)
        for row in rows:
            for name in row.carriers:
                key, piste = row.keys[-1], self.pistes[row.keys[-1]]
                commune = self.known.communes.get(key_of(name))
                if commune and (key, commune) not in stood:
                    stood.add((key, commune))
                    if (key, name) in cut:
                        await self._resolve(piste.id, name, commune)
                    self.work.db.add(
                        Position(
                            piste_id=piste.id,
                            organisation_id=commune,
                            stance=Stance.PROPOSES,
                            since=self.since,
                            person_id=person_id,
                        )
                    )
                elif commune is None and (key, name) not in cut:
                    cut.add((key, name))
                    self.work.db.add(Unresolved(piste_id=piste.id, words=name[:120], note=row.note))
