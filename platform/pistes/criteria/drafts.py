"""A set of criteria as its form writes it: one level a line, one forbidden combination a line."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from entente.rules import Invalid
from entente.text import clean_name
from pistes.criteria.models import MOST_LEVELS, Criteria, Direction, Forbidden, Level
from pistes.criteria.service import read_document
from pistes.words import key_of

MOST = 8
ASIDE = "(non retenu)"
_LEVEL = re.compile(r"(?P<value>\d{1,2})(?:=(?P<sign>\S{1,6})|(?P<tail>[^\s\d=]\S{0,3}))?(?:\s+(?P<label>.*))?")
_PART = re.compile(r"(?P<name>.+?)\s+(?P<value>\d{1,2})")


def level_line(level: Level) -> str:
    """« 3 Modéré », « 4+ » or « 4 (non retenu) »."""
    figure = str(level.value)
    if level.sign:
        figure = level.sign if level.sign.startswith(figure) else f"{figure}={level.sign}"
    return " ".join(filter(None, [figure, level.label, "" if level.retained else ASIDE]))


def read_level(line: str) -> Level:
    """The other way round; raises ValueError with what is wrong."""
    said = line.strip()
    is_aside = said.endswith(ASIDE)
    found = _LEVEL.fullmatch(said.removesuffix(ASIDE).strip())
    if not found:
        raise ValueError(f"«\u00a0{said}\u00a0»\u00a0: commencez par le chiffre du niveau.")
    sign = found["sign"] or (found["value"] + found["tail"] if found["tail"] else "")
    label = clean_name(found["label"] or "")
    if len(label) > 60:
        raise ValueError("Le nom d’un niveau a 60 caractères au plus.")
    return Level(value=int(found["value"]), label=label, sign=sign, retained=not is_aside)


def forbidden_line(combination: Forbidden, criteria: Criteria) -> str:
    """« Potentiel 3 + Faisabilité 3 »."""
    return " + ".join(f"{criteria[key].name} {value}" for key, value in combination.levels.items())


def typed_of(criteria: Criteria) -> dict[str, str]:
    """A set as its form shows it."""
    typed = {"title": criteria.title, "source": criteria.source}
    for number, each in enumerate(criteria.criteria):
        typed |= {
            f"key-{number}": each.key,
            f"place-{number}": str(number + 1),
            f"name-{number}": each.name,
            f"definition-{number}": each.definition,
            f"direction-{number}": str(each.direction),
            f"levels-{number}": "\n".join(map(level_line, each.levels)),
        }
    typed["forbidden"] = "\n".join(forbidden_line(each, criteria) for each in criteria.forbidden)
    return typed


def read_draft(typed: Mapping[str, str]) -> Criteria:
    """A set as it was typed; raises Invalid with a sentence per field. A criterion without a name is taken away."""
    errors: dict[str, str] = {}
    if not clean_name(typed.get("title", "")):
        errors["title"] = "Donnez un titre à ce jeu de critères."
    kept = [number for number in range(MOST) if clean_name(typed.get(f"name-{number}", ""))]
    kept.sort(key=lambda number: (_place(typed.get(f"place-{number}", "")), number))
    if not kept:
        errors["name-0"] = "Un jeu a au moins un critère."
    criteria = [_criterion(typed, number, errors) for number in kept]
    _key(criteria)
    # What names a level is read once the levels are.
    forbidden = [] if errors else _forbidden(typed.get("forbidden", ""), criteria, errors)
    if errors:
        raise Invalid(errors)
    document = {"title": clean_name(typed["title"]), "source": clean_name(typed.get("source", ""))}
    return read_document(document | {"criteria": criteria, "forbidden": forbidden})


def digest(criteria: Criteria) -> str:
    """The same for the same set: whoever saves has seen what this very set changes."""
    return hashlib.sha256(criteria.model_dump_json().encode()).hexdigest()


def _place(words: str) -> int:
    return int(words) if words.isascii() and words.isdigit() and len(words) < 4 else MOST


def _criterion(typed: Mapping[str, str], number: int, errors: dict[str, str]) -> dict[str, Any]:
    direction = typed.get(f"direction-{number}", "")
    if direction not in set(Direction):
        errors[f"direction-{number}"] = "Choisissez dans la liste."
    return {
        "key": typed.get(f"key-{number}", ""),
        "name": clean_name(typed[f"name-{number}"])[:80],
        "definition": typed.get(f"definition-{number}", "").strip()[:500],
        "direction": direction,
        "levels": _levels(typed, number, errors),
    }


def _levels(typed: Mapping[str, str], number: int, errors: dict[str, str]) -> list[Level]:
    field, lines = f"levels-{number}", typed.get(f"levels-{number}", "").splitlines()
    try:
        levels = [read_level(line) for line in lines if line.strip()]
    except ValueError as error:
        errors[field] = str(error)
        return []
    values = [level.value for level in levels]
    if not 2 <= len(values) <= MOST_LEVELS:
        errors[field] = f"Un critère a de 2 à {MOST_LEVELS} niveaux."
    elif values != sorted(set(values)):
        errors[field] = "Les niveaux d’un critère vont en croissant, sans se répéter."
    return levels


def _key(criteria: list[dict[str, Any]]) -> None:
    """Give a short name to those that have none: marks refer to it, so it never changes with the name."""
    taken = {each["key"] for each in criteria}
    for each in criteria:
        if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", each["key"]):
            continue
        stem = re.sub(r"^[^a-z]+", "", key_of(each["name"]).replace(" ", "_"))[:36] or "critere"
        number, key = 1, stem
        while key in taken:
            number, key = number + 1, f"{stem}_{number + 1}"
        each["key"] = key
        taken.add(key)


def _forbidden(words: str, criteria: list[dict[str, Any]], errors: dict[str, str]) -> list[dict[str, Any]]:
    by_name = {key_of(each["name"]): each for each in criteria}
    found = []
    for line in filter(str.strip, words.splitlines()):
        levels = {}
        for part in line.split(" + "):
            read = _PART.fullmatch(part.strip())
            criterion = by_name.get(key_of(read["name"])) if read else None
            if not read or not criterion or int(read["value"]) not in {each.value for each in criterion["levels"]}:
                errors["forbidden"] = f"«\u00a0{line.strip()}\u00a0»\u00a0: nommez des critères et leurs niveaux."
                break
            levels[criterion["key"]] = int(read["value"])
        found.append({"levels": levels})
    return found
