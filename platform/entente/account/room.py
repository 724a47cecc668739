"""What the room shows the house."""

from entente.account import service, views
from entente.account.forgetting import REMOVE_PHOTO, forgets, remove_photo
from entente.account.keeping import keeping
from entente.account.profile import views as profile
from entente.room import Room

room = Room(
    "account",
    # The profile's come first: `/connexion/lien/adresse/…` is not a link named « adresse ».
    routes=[*profile.routes, *views.routes],
    tasks={service.SEND_LINK: service.send_link},
    errands={REMOVE_PHOTO: remove_photo},
    forgets=forgets,
    lifespan=keeping,
)
