"""What every refusal has in common: a thing is not there, or it may not be done."""


class NotFound(Exception):
    """Nothing here for this person; a secret and a void look the same (404)."""


class Refused(Exception):
    """This person may not do that (403); the message says why, in French."""

    def __init__(self, reason: str = "Vous n'avez pas le droit de faire cela.") -> None:
        super().__init__(reason)
        self.reason = reason


class Conflict(Exception):
    """It could be done a moment ago, and no longer can (409); the message says what changed, in French."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Invalid(Exception):
    """What was typed cannot be accepted (422).

    `errors` maps the name of a field to a French sentence; `""` stands for the form as a whole.
    """

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def require(allowed: bool, reason: str = "Vous n'avez pas le droit de faire cela.") -> None:
    """Go on if this is allowed; raise Refused otherwise."""
    if not allowed:
        raise Refused(reason)
