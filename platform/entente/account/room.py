"""What the room shows the house."""

from entente.account import service, views
from entente.account.keeping import keeping
from entente.account.profile import views as profile
from entente.room import Room

room = Room(
    "account",
    # The profile's come first: `/connexion/lien/adresse/…` is not a link named « adresse ».
    routes=[*profile.routes, *views.routes],
    tasks={service.SEND_LINK: service.send_link},
    lifespan=keeping,
)
