"""The installation guide as its reader follows it: by heading, one block of commands after the other."""

from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

TREE = Path(__file__).parents[2]
GUIDE = TREE / "deploy" / "README.md"


@dataclass
class Section:
    """A heading and the commands below it, up to the next heading."""

    heading: str
    blocks: list[tuple[str, str]] = field(default_factory=list)
    """What each block is for (`petite`, `grande`, or empty for both), and its lines."""

    def commands(self, variant: str) -> str:
        """What a reader who chose a variant types, in order."""
        return "".join(lines for meant, lines in self.blocks if meant in ("", variant))


def sections(guide: Path = GUIDE) -> dict[str, Section]:
    """Every section of the guide by its heading; only blocks of shell are commands."""
    found = [Section("")]
    tokens = MarkdownIt("commonmark").enable("table").parse(guide.read_text())
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            found.append(Section(following.content))
        elif token.type == "fence" and token.info.split()[:1] == ["sh"]:
            found[-1].blocks.append((" ".join(token.info.split()[1:]), token.content))
    return {each.heading: each for each in found}
