"""The round that these tests share."""

from rounds_world import cotech, evaluation

__all__ = ["cotech", "evaluation"]
