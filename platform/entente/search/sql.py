"""What both homes of the data can compute of a text."""

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_ACCENTED = "àâäáãåçéèêëîïíìñôöóòõùûüúÿ"
_BARE = "aaaaaaceeeeiiiinooooouuuuy"


class bare(FunctionElement[str]):
    """A short text in small letters without its accents, as `letters.bare` says it: for names, not for posts."""

    type = String()
    inherit_cache = True


@compiles(bare, "sqlite")
def _in_sqlite(element: Any, compiler: SQLCompiler, **known: Any) -> str:
    return f"bare_letters({compiler.process(element.clauses, **known)})"


@compiles(bare, "postgresql")
def _in_postgresql(element: Any, compiler: SQLCompiler, **known: Any) -> str:
    small = f"lower({compiler.process(element.clauses, **known)})"
    return f"replace(replace(translate({small}, '{_ACCENTED}', '{_BARE}'), 'œ', 'oe'), 'æ', 'ae')"


def names_hold(column: Any, words: Any) -> list[ColumnElement[bool]]:
    """Whether a name holds each of these words, already bare."""
    name: Any = bare(column)
    return [name.contains(word, autoescape=True) for word in words]
