"""The boxes of a form, as they were ticked."""

from starlette.requests import Request


async def ticked(request: Request) -> set[str]:
    """The boxes that were ticked, in a form that comes back."""
    return {value for value in (await request.form()).getlist("tags") if isinstance(value, str)}
