"""What the room shows the house."""

from entente.centre import mails, views
from entente.centre.service import review
from entente.notices import feed, rounds, service
from entente.rights import Verb
from entente.room import Room

__all__ = ["feed", "room"]

room = Room(
    "centre",
    routes=views.routes,
    tasks={service.GIVE: service.give, rounds.ROUND: rounds.run, rounds.SWEEP: rounds.sweep},
    errands={rounds.MAIL: mails.write, service.REVIEW: review},
    follows={service.REVIEW: {Verb.RIGHTS_CHANGED}},
)
