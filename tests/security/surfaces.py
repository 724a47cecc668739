"""Every surface of the house, and who may look at it: a door that is not listed here fails the matrix."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType

import httpx
from security.estate import AUTHOR, SECRET_WORDS, Estate
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

NOTHING: Mapping[str, str] = MappingProxyType({})


class Audience(Enum):
    """To whom a door opens."""

    EVERYONE = auto()
    SIGNED_IN = auto()
    MEMBERS = auto()
    READERS = auto()
    """Those to whom the closed forum is open: of the people of the matrix, Awa alone."""
    OWNER = auto()
    """Whoever the thing belongs to: Awa."""
    TOWN = auto()
    """Whoever acts for the commune that pays: Aubrac."""
    COUNCIL = auto()
    """Those who may know of a confidential meeting of the CoPil: Awa, who sits there, and the administrators."""
    KEEPERS = auto()
    NOBODY = auto()
    """It exists in the demonstration alone."""


EVERYONE, SIGNED_IN, MEMBERS, READERS, OWNER, TOWN, COUNCIL, KEEPERS, NOBODY = Audience

PEOPLE = ("anonymous", "bruno", "awa", "camille", "denise", "gone", "ines")
"""A stranger, another commune, a member of the body, a moderator of another forum, someone whose seat has ended,
someone who has left, an administrator."""

_WELCOME: Mapping[Audience, frozenset[str]] = {
    EVERYONE: frozenset(PEOPLE),
    SIGNED_IN: frozenset(PEOPLE) - {"anonymous"},
    MEMBERS: frozenset(PEOPLE) - {"anonymous", "gone"},
    READERS: frozenset({"awa"}),
    OWNER: frozenset({"awa"}),
    TOWN: frozenset({"awa", "camille", "ines"}),
    COUNCIL: frozenset({"awa", "ines"}),
    KEEPERS: frozenset({"ines"}),
    NOBODY: frozenset(),
}


@dataclass(frozen=True)
class Surface:
    """A door, how to knock at it, and what may be read there."""

    door: str
    """A method and a route, as `GET /forums/{slug}`."""
    audience: Audience
    names: Mapping[str, str] = field(default_factory=dict)
    """What of the estate stands in the address, for each name of the route."""
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    shows: frozenset[str] = frozenset()
    """The secret words that Awa finds there."""
    tells: frozenset[str] = frozenset()
    """The secret words that an administrator finds there."""
    lists_people: bool = False
    """Whether the names of people are no secret there."""
    ends_session: bool = False

    @property
    def method(self) -> str:
        """GET or POST."""
        return self.door.partition(" ")[0]

    @property
    def route(self) -> str:
        """The route as the house declares it."""
        return self.door.partition(" ")[2]

    def address(self, estate: Estate, **instead: str) -> str:
        """The address that names this estate's things, or others instead."""
        path = self.route.replace(":path}", "}")
        for name, thing in self.names.items():
            path = path.replace(f"{{{name}}}", instead.get(name) or estate.things.get(thing, thing))
        assert "{" not in path, f"{self.door} has a name that the table does not fill"
        return path

    def params(self, estate: Estate) -> dict[str, str]:
        """What the address asks after its question mark."""
        return {name: estate.things.get(thing, thing) for name, thing in self.query.items()}

    def said(self, estate: Estate) -> str:
        """What the question says by itself: an answer that repeats it tells nothing."""
        sent = [estate.things.get(value, value) for value in self.form.values()]
        return " ".join([self.address(estate), *self.params(estate).values(), *sent])

    def is_open_to(self, person: str) -> bool:
        """Whether this person may come in."""
        return person in _WELCOME[self.audience]

    def hidden_from(self, person: str) -> frozenset[str]:
        """The secret words that this person must not find here."""
        seen = {"awa": frozenset(SECRET_WORDS.values()) | {AUTHOR}, "ines": self.tells}.get(person, frozenset())
        people = frozenset({AUTHOR}) if self.lists_people else frozenset()
        return (frozenset(SECRET_WORDS.values()) | {AUTHOR}) - seen - people

    async def knock(
        self,
        browser: httpx.AsyncClient,
        estate: Estate,
        /,
        form: Mapping[str, str] = NOTHING,
        named: Mapping[str, str] = NOTHING,
    ) -> httpx.Response:
        """Ask for it."""
        where, asked = self.address(estate, **named), self.params(estate)
        if self.method == "GET":
            return await browser.get(where, params=asked)
        sent = {name: estate.things.get(value, value) for name, value in self.form.items()} | dict(form)
        return await browser.post(where, params=asked, data=sent)


def _words(*names: str) -> frozenset[str]:
    return frozenset(SECRET_WORDS.get(name, name) for name in names)


_THREAD = {"id": "thread"}
_POST = {"id": "post"}
_DENISE = {"id": "denise’s post"}
_VOID = {"secret": "a-link-that-never-was"}


def _get(route: str, audience: Audience, **more: object) -> Surface:
    return Surface(f"GET {route}", audience, **more)  # type: ignore[arg-type]


def _post(route: str, audience: Audience, **more: object) -> Surface:
    return Surface(f"POST {route}", audience, **more)  # type: ignore[arg-type]


HOUSE = [
    _get("/static/{name:path}", EVERYONE, names={"name": "file"}),
    _get("/sante/vivant", EVERYONE),
    _get("/sante/pret", EVERYONE),
    _get("/metriques", KEEPERS),
    _get("/style", NOBODY),
    _get("/", SIGNED_IN, shows=_words("title", "forum", AUTHOR)),
]

FORUMS = [
    _get("/forums", SIGNED_IN, shows=_words("forum", "purpose")),
    _get("/forums/{slug}", READERS, names={"slug": "forum"}, shows=_words("title", "forum", "purpose", AUTHOR)),
    _get("/forums/{slug}/nouveau", READERS, names={"slug": "forum"}, shows=_words("forum")),
    _get("/forums/fils/{id}", READERS, names=_THREAD, shows=_words("title", "post", "answer", "forum", AUTHOR)),
    _get("/forums/fils/{id}", READERS, names=_THREAD, query={"citer": "answer"}, shows=_words("answer")),
    _get("/forums/fils/{id}", READERS, names=_THREAD, query={"depuis": "fin"}, shows=_words("answer")),
    # A thread that everybody reads, asked to quote a post that not everybody may read.
    _get("/forums/fils/{id}", MEMBERS, names={"id": "open thread"}, query={"citer": "answer"}),
    _get("/forums/messages/{id}", READERS, names=_POST),
    _post("/forums/messages/{id}/citation", READERS, names={"id": "answer"}, shows=_words("answer", AUTHOR)),
    _get("/forums/messages/{id}/modifier", READERS, names=_POST, shows=_words("title", "post")),
    _get("/forums/messages/{id}/modifier", READERS, names=_DENISE),
    _get("/forums/messages/{id}/suppression", READERS, names=_POST, shows=_words("title", "post")),
    _post("/forums/fils/{id}/lecture", READERS, names=_THREAD, form={"number": "4"}),
    _get("/forums/fichiers/{id}", READERS, names={"id": "joined file"}, shows=_words("post")),
    _get("/forums/fichiers/{id}", OWNER, names={"id": "waiting file"}, shows=_words("answer")),
    _get("/forums/fichiers/{id}/vignette", READERS, names={"id": "joined picture"}),
    _get("/forums/{slug}/documents", READERS, names={"slug": "forum"}, shows=_words("forum", "title")),
    _get("/forums/documents/{id}", READERS, names={"id": "version"}, shows=_words("post")),
    _post("/forums/{slug}/documents", READERS, names={"slug": "forum"}, shows=_words("forum", "title")),
    _post("/forums/documents/{id}/versions", READERS, names={"id": "document"}, shows=_words("forum", "title")),
    _post("/forums/fichiers/depot", READERS, form={"context": "thread stream"}),
    _post("/forums/fichiers/{id}/retrait", OWNER, names={"id": "waiting file"}),
    # A preview and a draft say nothing of a place: whoever is signed in writes for themselves alone.
    _post("/forums/apercu", SIGNED_IN, form={"body": "Bonjour."}),
    _get("/forums/raccourcis", SIGNED_IN),
    _get("/forums/brouillons", SIGNED_IN, shows=_words("title", "answer")),
    _post("/forums/brouillons", SIGNED_IN, form={"draft": "sheet", "body": "Bonjour."}),
    _post("/forums/brouillons/{id}/suppression", OWNER, names={"id": "draft"}),
    _get("/forums/mentions", READERS, query={"q": "", "fil": "thread"}, shows=_words(AUTHOR)),
    _get("/forums/mentions", READERS, query={"q": "copil", "forum": "forum"}),
    _get("/forums/mentions", READERS, query={"q": "copil", "message": "post"}),
    # In an open thread, names of members are no secret to members: the directory shows them.
    _get("/forums/mentions", MEMBERS, query={"q": "vau", "fil": "open thread"}, lists_people=True),
    _post("/forums/messages/{id}/reactions", READERS, names=_POST, form={"sign": "agree"}),
    _post("/forums/messages/{id}/non-lu", READERS, names=_POST),
    _post("/forums/documents/{id}/suppression", READERS, names={"id": "document"}),
    _post("/live/frappe", READERS, form={"stream": "thread stream"}),
    _post("/forums/{slug}", READERS, names={"slug": "forum"}, form={"title": "Un fil", "body": "Bonjour."}),
    _post("/forums/fils/{id}/messages", READERS, names=_THREAD, form={"body": "Bonjour."}),
    _post("/forums/messages/{id}/modifier", READERS, names=_DENISE, form={"body": "Non.", "version": "1"}),
    _post("/forums/messages/{id}/modifier", READERS, names=_POST, form={"body": "Zibeline.", "version": "1"}),
    _post("/forums/fils/{id}/fermeture", READERS, names=_THREAD),
    _post("/forums/fils/{id}/fermeture/levee", READERS, names=_THREAD),
    _post("/forums/messages/{id}/suppression", READERS, names=_DENISE),
    _post("/forums/messages/{id}/suppression", READERS, names=_POST),
    _post("/forums/fils/{id}/suppression", READERS, names=_THREAD),
    # Live: what is refused, what is delivered and what is replayed is asked of a real stream in test_live.py.
    _get("/live", SIGNED_IN, query={"s": "not a cursor"}),
]

_PURCHASE = {"id": "purchase"}
_BUYER = {"id": "purchase", "organisation": "aubrac"}
_ANNOUNCEMENT = {"id": "announcement"}
_ACCEPTED = {"id": "question’s answer"}

KINDS = [
    _get("/forums/fils/{id}", READERS, names=_PURCHASE, shows=_words("title", "lot")),
    _get("/forums/fils/{id}", READERS, names=_ANNOUNCEMENT, shows=_words("title")),
    _get("/forums/{slug}", READERS, names={"slug": "forum"}, query={"type": "achat"}, shows=_words("title")),
    _get("/forums/fils/{id}/achat.csv", READERS, names=_PURCHASE, shows=_words("lot")),
    _get("/forums/fils/{id}/achat.xlsx", READERS, names=_PURCHASE),
    _get("/forums/fils/{id}/achat/{organisation}", READERS, names=_BUYER, shows=_words("title", "lot")),
    _get("/forums/fils/{id}/achat/gestion", READERS, names=_PURCHASE, shows=_words("title", "lot")),
    _post(
        "/forums/fils/{id}/achat/{organisation}",
        READERS,
        names=_BUYER,
        form={"stance": "interested", "version": "0"},
    ),
    _post("/forums/fils/{id}/achat/lots", READERS, names=_PURCHASE, shows=_words("title")),
    _post("/forums/fils/{id}/achat/echeance", READERS, names=_PURCHASE, shows=_words("title", "lot")),
    _post("/forums/fils/{id}/achat/cloture", READERS, names=_PURCHASE),
    _get("/forums/fils/{id}/connaissance", READERS, names=_ANNOUNCEMENT, shows=_words("title", AUTHOR)),
    _get("/forums/fils/{id}/connaissance.csv", READERS, names=_ANNOUNCEMENT, shows=_words(AUTHOR)),
    _get("/forums/moi/connaissances", SIGNED_IN, shows=_words("title", "forum")),
    _post("/forums/fils/{id}/connaissance", READERS, names=_ANNOUNCEMENT),
    _post("/forums/messages/{id}/acceptation", READERS, names=_ACCEPTED),
    _post("/forums/messages/{id}/acceptation/levee", READERS, names=_ACCEPTED),
]

SEARCH = [
    _get("/recherche", SIGNED_IN, query={"q": "Zibeline"}, shows=_words("title", "post", "forum")),
    _get("/recherche", SIGNED_IN, query={"q": "Hermine"}, shows=_words("title", "answer", AUTHOR)),
    _get("/recherche", SIGNED_IN, query={"q": "Ocelot Wombat Numbat Fourmilier Pangolin"}, shows=_words("forum")),
    _get("/recherche", SIGNED_IN, query={"q": "Ocelot", "forum": "forum"}, shows=_words("post")),
]

DIRECTORY = [
    _get("/annuaire", MEMBERS, lists_people=True),
    _get("/annuaire", MEMBERS, query={"q": SECRET_WORDS["title"]}, lists_people=True),
    _get("/annuaire/instances", MEMBERS, lists_people=True),
    _get("/annuaire/instances/{id}", MEMBERS, names={"id": "body"}, lists_people=True),
    _get("/annuaire/{id}", MEMBERS, names={"id": "awa"}, lists_people=True),
]

ACCOUNT = [
    _get("/connexion", EVERYONE),
    _post("/connexion", EVERYONE, form={"email": "awa@aubrac.example"}),
    _get("/connexion/envoi", EVERYONE),
    _get("/connexion/mot-de-passe", EVERYONE),
    _post("/connexion/mot-de-passe", EVERYONE, form={"login": "awa@aubrac.example", "password": "faux"}),
    _get("/connexion/lien/{secret}", EVERYONE, names={"secret": "link"}),
    _post("/connexion/lien/{secret}", EVERYONE, names=_VOID),
    _get("/connexion/lien/adresse/{secret}", EVERYONE, names={"secret": "new address"}),
    _post("/connexion/lien/adresse/{secret}", EVERYONE, names=_VOID),
    _post("/connexion/demo", NOBODY, form={"person_id": "awa"}),
    _get("/invitation/{secret}", EVERYONE, names={"secret": "invitation"}),
    _post("/invitation/{secret}", EVERYONE, names=_VOID),
    _get("/courrier", NOBODY),
    _get("/mentions-legales", EVERYONE),
    _get("/accessibilite", EVERYONE),
    _get("/.well-known/security.txt", EVERYONE),
    _get("/profil", SIGNED_IN),
    _get("/profil/appareils", SIGNED_IN),
    _get("/photos/{id}", SIGNED_IN, names={"id": "photo"}),
    _post("/profil", SIGNED_IN),
    _post("/profil/photo", SIGNED_IN),
    _post("/profil/photo/retrait", SIGNED_IN),
    _post("/profil/mot-de-passe", SIGNED_IN),
    _post("/profil/adresse", SIGNED_IN),
    _post("/profil/appareils/{id}/fermeture", OWNER, names={"id": "device"}),
    _post("/profil/appareils/autres/fermeture", SIGNED_IN),
    _post("/deconnexion", EVERYONE, ends_session=True),
]

AGENDAS = [
    _get("/agendas", SIGNED_IN),
    _post("/agendas", SIGNED_IN, form={"calendar": "nothing", "label": "Zibeline"}),
    _post("/agendas/{id}/revocation", OWNER, names={"id": "subscription"}),
    _get("/agendas/autres", KEEPERS, lists_people=True),
    _post("/agendas/autres/{id}/revocation", KEEPERS, names={"id": "subscription"}),
    _get("/planning/reponse/{secret}", EVERYONE, names=_VOID),
    _post("/planning/reponse/{secret}", EVERYONE, names=_VOID, form={"stance": "present"}),
    _get("/ical/{secret}.ics", EVERYONE, names={"secret": "agenda"}),
    _get("/agendas/exterieurs", SIGNED_IN),
    _post("/agendas/exterieurs", SIGNED_IN, form={"address": "file:///Zibeline", "title": "Travail"}),
    _post("/agendas/exterieurs/fichier", SIGNED_IN),
    _get("/agendas/exterieurs/{id}", OWNER, names={"id": "outside agenda"}),
    _post("/agendas/exterieurs/{id}", OWNER, names={"id": "outside agenda"}, form={"title": "Travail"}),
    _post("/agendas/exterieurs/{id}/lecture", OWNER, names={"id": "outside agenda"}),
    _post("/agendas/exterieurs/{id}/retrait", OWNER, names={"id": "outside agenda"}),
]


_ABOUT = {"about": "thread stream"}

NOTICES = [
    _get("/notifications", SIGNED_IN, shows=_words("title", "forum", "answer", AUTHOR)),
    _get("/notifications/reglages", SIGNED_IN, shows=_words("title")),
    _post("/notifications/lecture", SIGNED_IN, form=_ABOUT),
    _post("/notifications/lecture", SIGNED_IN),
    _post("/notifications/{id}/lecture", OWNER, names={"id": "notice"}),
    _post("/notifications/silence/levee", SIGNED_IN, form=_ABOUT),
    _get("/desabonnement/{secret}", EVERYONE, names={"secret": "leaving"}),
    _post("/desabonnement/{secret}", EVERYONE, names={"secret": "leaving"}),
    _get("/forums/suivis", SIGNED_IN, shows=_words("title", "forum")),
    _post("/forums/{slug}/suivi", READERS, names={"slug": "forum"}, form={"level": "watching"}),
    _post("/forums/fils/{id}/suivi", READERS, names=_THREAD, form={"level": "watching"}),
]


def _kept(route: str, **more: object) -> Surface:
    return _get(f"/administration{route}", KEEPERS, lists_people=True, **more)


def _kept_post(route: str, **more: object) -> Surface:
    return _post(f"/administration{route}", KEEPERS, lists_people=True, **more)


_PERSON = {"id": "person"}
_FUNCTION = {"id": "person", "function": "function"}
_ORGANISATION = {"id": "organisation"}
_PERIOD = {"id": "organisation", "period": "period"}
_BODY = {"id": "body"}
_SEAT = {"id": "body", "seat": "seat"}
_GROUP = {"id": "group"}

# An administrator reads the titles of forums, to be able to say who sees them and why, and what each says it is
# for, where it is written; never a thread or a post.
ADMINISTRATION = [
    _kept("/"),
    _kept("/personnes"),
    _kept("/personnes", query={"q": "Zibeline"}),
    _kept("/personnes.csv"),
    _kept("/personnes/import"),
    _kept("/personnes/nouvelle"),
    _kept("/personnes/{id}", names=_PERSON),
    _kept("/personnes/{id}", names={"id": "awa"}),
    _kept("/personnes/{id}/identite", names=_PERSON),
    _kept("/personnes/{id}/anonymisation", names=_PERSON),
    _kept("/personnes/{id}/fonctions", names=_PERSON),
    _kept("/personnes/{id}/fonctions/{function}/fin", names=_FUNCTION),
    _kept("/organisations"),
    _kept("/organisations.csv"),
    _kept("/organisations/nouvelle"),
    _kept("/organisations/{id}", names=_ORGANISATION),
    _kept("/organisations/{id}/fiche", names=_ORGANISATION),
    _kept("/organisations/{id}/periodes", names=_ORGANISATION),
    _kept("/organisations/{id}/periodes/{period}/fin", names=_PERIOD),
    _kept("/instances"),
    _kept("/instances.csv"),
    _kept("/instances/nouvelle"),
    _kept("/instances/{id}", names=_BODY),
    _kept("/instances/{id}/fiche", names=_BODY),
    _kept("/instances/{id}/sieges", names=_BODY),
    _kept("/instances/{id}/sieges/{seat}/fin", names=_SEAT),
    _kept("/instances/{id}/sieges/{seat}/remplacement", names=_SEAT),
    _kept("/groupes"),
    _kept("/groupes.csv"),
    _kept("/groupes/nouveau"),
    _kept("/groupes/{id}", names=_GROUP),
    _kept("/groupes/{id}/nom", names=_GROUP),
    _kept("/domaines"),
    _kept("/domaines.csv"),
    _kept("/droits", tells=_words("forum", "meeting")),
    _kept("/droits", query={"quoi": SECRET_WORDS["forum"]}, tells=_words("forum", "meeting")),
    _kept("/droits", query={"personne": "awa", "chose": "forum holding"}, tells=_words("forum", "meeting")),
    _kept("/audit"),
    _kept("/audit.csv"),
    _kept("/courrier"),
    _kept("/courrier.csv"),
    _kept_post("/personnes/import"),
    _kept_post("/personnes/import/confirmation"),
    _kept_post("/personnes/import/a-corriger"),
    _kept_post("/personnes/nouvelle"),
    _kept_post("/personnes/{id}/identite", names=_PERSON),
    _kept_post("/personnes/{id}/invitation", names={"id": "invited"}),
    _kept_post("/personnes/{id}/suspension", names=_PERSON),
    _kept_post("/personnes/{id}/reouverture", names=_PERSON),
    _kept_post("/personnes/{id}/anonymisation", names=_PERSON),
    _kept_post("/personnes/{id}/fonctions", names=_PERSON),
    _kept_post("/personnes/{id}/fonctions/{function}/fin", names=_FUNCTION),
    _kept_post("/organisations/nouvelle"),
    _kept_post("/organisations/{id}/fiche", names=_ORGANISATION),
    _kept_post("/organisations/{id}/periodes", names=_ORGANISATION),
    _kept_post("/organisations/{id}/periodes/{period}/fin", names=_PERIOD),
    _kept_post("/organisations/{id}/services", names={"id": "aubrac"}),
    _kept_post("/organisations/{id}/services/{service}/retrait", names={"id": "aubrac", "service": "service"}),
    _kept_post("/instances/nouvelle"),
    _kept_post("/instances/{id}/fiche", names=_BODY),
    _kept_post("/instances/{id}/sieges", names=_BODY),
    _kept_post("/instances/{id}/sieges/{seat}/fin", names=_SEAT),
    _kept_post("/instances/{id}/sieges/{seat}/remplacement", names=_SEAT),
    _kept_post("/groupes/nouveau"),
    _kept_post("/groupes/{id}/nom", names=_GROUP),
    _kept_post("/groupes/{id}/membres", names=_GROUP),
    _kept_post("/groupes/{id}/membres/{person}/depart", names={"id": "group", "person": "guest"}),
    _kept_post("/domaines"),
    _kept_post("/domaines/{domain}/retrait", names={"domain": "domain"}),
    _kept_post("/courrier/{id}/relance", names={"id": "task"}),
    _kept_post("/courrier/relance"),
]

_OPEN = {"title": "Voirie", "reading": "all"}

KEEPING = [
    _get("/forums-gestion", KEEPERS, tells=_words("forum")),
    _get("/forums-gestion/nouveau", KEEPERS),
    _get("/forums-gestion/{slug}", KEEPERS, names={"slug": "forum"}, tells=_words("forum", "purpose")),
    _post("/forums-gestion/nouveau", KEEPERS, form=_OPEN),
    _post("/forums-gestion/{slug}", KEEPERS, names={"slug": "forum"}, tells=_words("forum", "purpose")),
    _post("/forums-gestion/{slug}/suppression", KEEPERS, names={"slug": "forum"}, tells=_words("forum")),
]

_RESERVATION = {"id": "reservation"}
_REGULATION = {"id": "regulation"}
_MORNING = {"day": "2026-02-30", "start": "08:00", "last_day": "2026-02-30", "end": "12:00"}

BOOKING = [
    _get("/reservations", MEMBERS),
    _get("/reservations", MEMBERS, query={"what": "tapir", "day": "2026-02-30"}),
    _get("/reservations/nouvelle", MEMBERS, query={"what": "type"}),
    _get("/reservations/miennes", MEMBERS),
    _get("/reservations/parc", MEMBERS),
    _get("/reservations/gerer", MEMBERS),
    _get("/reservations/a-approuver", MEMBERS),
    _get("/reservations/absences", MEMBERS, lists_people=True),
    _post("/reservations/absences", MEMBERS, lists_people=True),
    _post("/reservations/absences/{id}/fin", OWNER, names={"id": "stand-in"}),
    _get("/reservations/types/{slug}/accords", KEEPERS, names={"slug": "type"}, lists_people=True),
    _post("/reservations/types/{slug}/accords", KEEPERS, names={"slug": "type"}, lists_people=True),
    _get("/reservations/attente", MEMBERS, query={"what": "type"}),
    _get("/reservations/etiquettes", MEMBERS),
    _get("/reservations/etiquettes/{id}", MEMBERS, names={"id": "depot"}),
    _get("/reservations/types/{slug}", MEMBERS, names={"slug": "type"}),
    _get("/reservations/unites/{id}", MEMBERS, names={"id": "unit"}),
    _get("/planning", MEMBERS, query={"avec": "tout"}, tells=_words("meeting")),
    _get("/planning", MEMBERS, query={"vue": "liste", "avec": "tout"}, tells=_words("meeting")),
    _get("/planning/impression/mois", MEMBERS, query={"avec": "tout"}, tells=_words("meeting")),
    _get("/planning/impression/liste", MEMBERS, query={"avec": "tout"}, tells=_words("meeting")),
    _get("/planning/liste.csv", MEMBERS, query={"avec": "tout"}, tells=_words("meeting")),
    _get("/planning/liste.xlsx", MEMBERS, query={"avec": "tout"}, tells=_words("meeting")),
    _get("/planning/conflits", KEEPERS, tells=_words("meeting")),
    _get("/reservations/planning", MEMBERS, query={"echelle": "mois"}),
    _get("/reservations/planning", MEMBERS, query={"vue": "liste"}),
    _get("/reservations/bloc/{id}", MEMBERS, names=_RESERVATION),
    _get("/reservations/r/{code}/{at}", MEMBERS, names={"code": "unit code", "at": "a day"}),
    _get("/reservations/chiffres", MEMBERS),
    _get("/reservations/chiffres/{name}.svg", MEMBERS, names={"name": "occupation"}),
    _get("/reservations/chiffres/{name}.csv", MEMBERS, names={"name": "usage"}),
    _get("/reservations/fichiers/{id}", MEMBERS, names={"id": "unit photo"}),
    _get("/reservations/fichiers/{id}/vignette", MEMBERS, names={"id": "unit photo"}),
    # Of the people of the matrix nobody keeps equipment: what is kept for its keepers is nowhere for them.
    _get("/reservations/unites/{id}/description", NOBODY, names={"id": "unit"}),
    _get("/reservations/unites/{id}/immobilisation", MEMBERS, names={"id": "unit"}),
    _post("/reservations/unites/{id}/immobilisation", MEMBERS, names={"id": "unit"}, form=_MORNING),
    _get("/reservations/immobilisations/{id}", NOBODY, names=_RESERVATION),
    _post("/reservations/immobilisations/{id}", NOBODY, names=_RESERVATION),
    _get("/reservations/unites/{id}/contenance", MEMBERS, names={"id": "unit"}),
    _post("/reservations/unites/{id}/contenance", MEMBERS, names={"id": "unit"}),
    _get("/reservations/controles", MEMBERS),
    _get("/reservations/unites/{id}/controles", MEMBERS, names={"id": "unit"}),
    _post("/reservations/unites/{id}/controles", MEMBERS, names={"id": "unit"}),
    _post("/reservations/unites/{id}/compteur", MEMBERS, names={"id": "unit"}),
    _get("/reservations/controles/{id}/fait", MEMBERS, names={"id": "inspection"}),
    _post("/reservations/controles/{id}/fait", MEMBERS, names={"id": "inspection"}, form={"done_on": "2026-11-22"}),
    _post("/reservations/controles/{id}/arret", MEMBERS, names={"id": "inspection"}),
    _get("/reservations/depots", MEMBERS),
    _get("/reservations/depots/{id}", MEMBERS, names={"id": "depot"}),
    _post("/reservations/depots/{id}/horaires", MEMBERS, names={"id": "depot"}),
    _post("/reservations/depots/{id}/jours", MEMBERS, names={"id": "depot"}),
    _post("/reservations/depots/{id}/fermetures", MEMBERS, names={"id": "depot"}, form=_MORNING),
    _post("/reservations/fermetures/{id}/retrait", MEMBERS, names={"id": "closure"}),
    _post("/reservations/depots/vacances", MEMBERS),
    _get("/reservations/reglements", MEMBERS),
    _get("/reservations/reglements/nouveau", MEMBERS, query={"unit": "unit"}),
    _get("/reservations/reglements/{id}", MEMBERS, names=_REGULATION),
    _get("/reservations/reglements/{id}/versions/{number}", MEMBERS, names={**_REGULATION, "number": "1"}),
    _get("/reservations/reglements/{id}/edition", MEMBERS, names=_REGULATION),
    _get("/reservations/reglements/{id}/acceptations", MEMBERS, names=_REGULATION),
    _get("/reservations/reglements/{id}/acceptations.csv", MEMBERS, names=_REGULATION),
    _post("/reservations/reglements/nouveau", MEMBERS, query={"unit": "unit"}),
    _post("/reservations/reglements/{id}/edition", MEMBERS, names=_REGULATION),
    _post("/reservations/reglements/{id}/retrait", MEMBERS, names=_REGULATION),
    _get("/reservations/panier", MEMBERS),
    _get("/reservations/criteres", MEMBERS, query={"what": "type"}),
    _get("/reservations/quotas", NOBODY),
    _get("/reservations/import", NOBODY),
    _get("/reservations/{id}/unites", TOWN, names=_RESERVATION),
    _get("/reservations/demandes/{id}", TOWN, names={"id": "order"}),
    _get("/reservations/{id}", TOWN, names=_RESERVATION),
    _get("/reservations/{id}/deplacement", TOWN, names=_RESERVATION),
    _post("/reservations", MEMBERS, form={"what": "type", **_MORNING}),
    _post("/reservations/attente", MEMBERS, form={"what": "type", **_MORNING}),
    _post("/reservations/unites/{id}/description", NOBODY, names={"id": "unit"}),
    _post("/reservations/unites/{id}/fichiers", NOBODY, names={"id": "unit"}),
    _post("/reservations/fichiers/{id}/texte", NOBODY, names={"id": "unit photo"}),
    _post("/reservations/fichiers/{id}/retrait", NOBODY, names={"id": "unit photo"}),
    _post("/reservations/panier", MEMBERS, form={"what": "type", **_MORNING}),
    _post("/reservations/panier/mise-a-jour", MEMBERS),
    _post("/reservations/quotas", NOBODY),
    _post("/reservations/quotas/{id}", NOBODY, names={"id": "unit"}),
    _post("/reservations/quotas/{id}/retrait", NOBODY, names={"id": "unit"}),
    _post("/reservations/import", NOBODY),
    _post("/reservations/import/confirmation", NOBODY),
    _post("/reservations/{id}/unites", TOWN, names=_RESERVATION),
    _post("/reservations/{id}/echange", TOWN, names=_RESERVATION),
    _post("/reservations/{id}/prolongation", TOWN, names=_RESERVATION),
    _post("/reservations/panier/demande", MEMBERS),
    _post("/reservations/panier/lignes/{line}/retrait", NOBODY, names={"line": "unit"}),
    _post("/reservations/panier/lignes/{line}/remplacement", NOBODY, names={"line": "unit"}),
    _post("/reservations/{id}/acceptation", TOWN, names=_RESERVATION),
    _post("/reservations/{id}/renoncement", TOWN, names=_RESERVATION),
    _post("/reservations/{id}/deplacement", TOWN, names=_RESERVATION, form=_MORNING),
    _post("/reservations/{id}/refus", TOWN, names=_RESERVATION),
    _post("/reservations/{id}/approbation", TOWN, names=_RESERVATION),
    _post("/reservations/{id}/annulation", TOWN, names=_RESERVATION),
    _post("/reservations/{id}/retablissement", TOWN, names=_RESERVATION),
]

_MEETING = {"id": "meeting"}
_POINT = {"id": "point"}
_TOLD = _words("meeting")

# What changes the meeting comes last: an administrator who knocks there may really do it.
MEETINGS = [
    _get("/planning/reunions/nouvelle", KEEPERS, query={"depuis": "meeting"}, tells=_TOLD),
    _post("/planning/reunions/nouvelle", KEEPERS, form={"title": "Zibeline"}),
    _get("/planning/reunions/delai", KEEPERS, query={"body_id": "body", "day": "2026-02-30"}),
    _get("/planning/reunions/{id}", COUNCIL, names=_MEETING, shows=_TOLD, tells=_TOLD | {AUTHOR}),
    _get("/planning/reunions/{id}/modification", KEEPERS, names=_MEETING, tells=_TOLD),
    _get("/planning/reunions/{id}/reponses", COUNCIL, names=_MEETING, tells=_TOLD | {AUTHOR}),
    _get("/planning/reunions/{id}/ordre-du-jour", COUNCIL, names=_MEETING, tells=_TOLD),
    _get("/planning/points/{id}", COUNCIL, names=_POINT, tells=_TOLD),
    _get("/planning/pieces/{id}", COUNCIL, names={"id": "meeting document"}, shows=_TOLD, tells=_TOLD),
    _get("/planning/salles", MEMBERS),
    _get("/planning/salles/{id}", MEMBERS, names={"id": "hall"}),
    _get("/planning/instances", KEEPERS),
    _get("/planning/instances/{id}", KEEPERS, names={"id": "body"}),
    _get("/planning/absences", MEMBERS, shows=_TOLD),
    _post("/planning/salles", MEMBERS),
    _post("/planning/salles/{id}", MEMBERS, names={"id": "hall"}),
    _post("/planning/instances/{id}", KEEPERS, names={"id": "body"}),
    _post("/planning/absences", MEMBERS, form={"since": "2026-02-30"}),
    _post("/planning/absences/{id}/retrait", OWNER, names={"id": "absence"}),
    _post("/planning/reunions/{id}/modification", KEEPERS, names=_MEETING, tells=_TOLD),
    _post("/planning/reunions/{id}/annulation", COUNCIL, names=_MEETING, tells=_TOLD | {AUTHOR}),
    _post("/planning/reunions/{id}/convocation", COUNCIL, names=_MEETING, tells=_TOLD | {AUTHOR}),
    _post("/planning/reunions/{id}/tenue", COUNCIL, names=_MEETING, tells=_TOLD | {AUTHOR}),
    _post("/planning/reunions/{id}/reponse", COUNCIL, names=_MEETING, tells=_TOLD | {AUTHOR}),
    _post("/planning/reunions/{id}/reponses", COUNCIL, names=_MEETING, tells=_TOLD | {AUTHOR}),
    _post("/planning/reunions/{id}/ordre-du-jour", COUNCIL, names=_MEETING, tells=_TOLD),
    _post("/planning/points/{id}", COUNCIL, names=_POINT, tells=_TOLD),
    _post("/planning/points/{id}/montee", COUNCIL, names=_POINT),
    _post("/planning/points/{id}/descente", COUNCIL, names=_POINT),
    _post("/planning/points/{id}/pieces", COUNCIL, names=_POINT, tells=_TOLD),
    _post("/planning/pieces/{id}/retrait", COUNCIL, names={"id": "meeting document"}, tells=_TOLD),
    _post("/planning/points/{id}/retrait", COUNCIL, names=_POINT, tells=_TOLD),
]

_HIDDEN = {"id": "hidden post"}
_TAG = {"slug": "forum", "tag": "tag"}

# Of the people of the matrix nobody moderates the closed forum: what is kept for its moderators is nowhere for them.
PEACE = [
    _get("/forums/{slug}", READERS, names={"slug": "forum"}, query={"etiquette": "tag slug"}, shows=_words("tag")),
    # For those who keep the register and read the message: none of the people of the matrix.
    _get("/forums/messages/{id}/suite", NOBODY, names=_POST),
    _get("/forums/messages/{id}/signalement", READERS, names=_DENISE, shows=_words("title")),
    _get("/forums/{slug}/signalements", NOBODY, names={"slug": "forum"}),
    _get("/forums/messages/{id}/masquage", READERS, names={"id": "answer"}),
    _get("/forums/messages/{id}/masquage", NOBODY, names=_HIDDEN),
    _get("/forums/messages/{id}", READERS, names=_HIDDEN),
    _get("/forums/messages/{id}/historique", NOBODY, names=_HIDDEN),
    _get("/forums/messages/{id}/historique", READERS, names={"id": "edited post"}, shows=_words("title", "revision")),
    _get("/forums/fils/{id}/epingle", READERS, names=_THREAD),
    _get("/forums/fils/{id}/deplacement", READERS, names=_THREAD),
    _get("/forums/fils/{id}/fermeture/motif", READERS, names=_THREAD, shows=_words("title")),
    _get("/forums/fils/{id}/etiquettes", READERS, names=_THREAD, shows=_words("title", "tag")),
    _get("/forums/{slug}/etiquettes", NOBODY, names={"slug": "forum"}),
    _get("/forums/flux", SIGNED_IN, shows=_words("forum")),
    # A secret that opens something is asked of a real address in tests/forums/test_atom.py.
    _get("/flux/{secret}", NOBODY, names=_VOID),
    _post("/forums/messages/{id}/signalement", READERS, names=_DENISE, form={"ground": "other"}),
    _post("/forums/signalements/{id}/classement", NOBODY, names={"id": "report"}),
    _post("/forums/messages/{id}/masquage", READERS, names={"id": "answer"}, form={"reason": "Hors sujet"}),
    _post("/forums/messages/{id}/masquage/levee", NOBODY, names=_HIDDEN),
    _post("/forums/messages/{id}/historique", READERS, names={"id": "edited post"}, form={"version": "1", "over": "2"}),
    _post("/forums/fils/{id}/epingle", READERS, names=_THREAD),
    _post("/forums/fils/{id}/epingle/levee", READERS, names=_THREAD),
    _post("/forums/fils/{id}/deplacement", READERS, names=_THREAD, form={"forum": "technique"}),
    _post("/forums/fils/{id}/fermeture/motif", READERS, names=_THREAD, form={"reason": "Doublon"}),
    _post("/forums/fils/{id}/etiquettes", READERS, names=_THREAD, form={"tags": "tag"}),
    _post("/forums/{slug}/etiquettes", NOBODY, names={"slug": "forum"}, form={"name": "Sel"}),
    _post("/forums/{slug}/etiquettes/{tag}", NOBODY, names=_TAG, form={"name": "Sel"}),
    _post("/forums/{slug}/etiquettes/{tag}/retrait", NOBODY, names=_TAG),
    _post("/forums-gestion/{slug}/etiquettes", KEEPERS, names={"slug": "forum"}, tells=_words("forum", "tag")),
    _post(
        "/forums-gestion/{slug}/etiquettes/{tag}",
        KEEPERS,
        names=_TAG,
        form={"name": SECRET_WORDS["tag"]},
        tells=_words("forum", "tag"),
    ),
    _post("/forums-gestion/{slug}/etiquettes/{tag}/retrait", KEEPERS, names=_TAG, tells=_words("forum", "tag")),
    # Here the administrator reads which tag has just gone.
    _get("/forums-gestion/{slug}/etiquettes", KEEPERS, names={"slug": "forum"}, tells=_words("forum", "tag")),
    # Before a new one takes its place.
    _post("/forums/flux/{id}/revocation", OWNER, names={"id": "feed"}),
    _post("/forums/flux", SIGNED_IN, shows=_words("forum")),
]

_PISTE = {"id": "piste"}
_DECISION = {"id": "decision"}
_GRID = _PISTE | {"grid": "grid"}
_CLAIM = {"words": "Un tiers", "mark": "potentiel-1", "comparison": "more", "share": "1/3"}

_ROUND = {"id": "round"}
_VOICE = _ROUND | {"voice": "voice"}
_FROZEN = {"id": "frozen ranking"}

EVALUATION = [
    _get("/pistes/evaluation", MEMBERS),
    _get("/pistes/evaluation/nouveau", MEMBERS),
    _post("/pistes/evaluation/nouveau", MEMBERS, form={"title": "Printemps"}),
    _get("/pistes/evaluation/{id}", MEMBERS, names=_ROUND),
    _get("/pistes/evaluation/{id}/notes/{voice}", OWNER, names=_VOICE),
    _post("/pistes/evaluation/{id}/notes/{voice}", OWNER, names=_VOICE),
    _get("/pistes/evaluation/{id}/resultats.{kind}", MEMBERS, names={"id": "closed round", "kind": "csv"}),
    _post("/pistes/evaluation/{id}/relance", MEMBERS, names=_ROUND),
    _post("/pistes/evaluation/{id}/second", MEMBERS, names=_ROUND),
    _post("/pistes/evaluation/{id}/retenue", MEMBERS, names=_ROUND, form={"piste": "piste", "level": "1"}),
    _post("/pistes/evaluation/{id}/cloture", MEMBERS, names=_ROUND),
    _get("/pistes/sensibilite", MEMBERS),
    _get("/pistes/classements", MEMBERS),
    _post("/pistes/classements", MEMBERS, form={"title": "Mai"}),
    _get("/pistes/classements/{id}", MEMBERS, names=_FROZEN),
    _get("/pistes/classements/{id}/fichier.{kind}", MEMBERS, names=_FROZEN | {"kind": "csv"}),
]

PISTES = [
    _get("/pistes", MEMBERS),
    _get("/pistes/arbre", MEMBERS),
    _get("/pistes/carte", MEMBERS),
    _get("/pistes/carte.svg", MEMBERS),
    _get("/pistes/carte.pdf", MEMBERS),
    _get("/pistes/phases", MEMBERS),
    _post("/pistes/phases/{id}", MEMBERS, names=_PISTE, form={"phase": "etude"}),
    _get("/pistes/communes", MEMBERS),
    _post("/pistes/communes/{id}", MEMBERS, names=_PISTE, form={"commune": "aubrac", "stance": "interested"}),
    _get("/pistes/fiches", MEMBERS),
    _get("/pistes/{id}/fiche", MEMBERS, names=_PISTE),
    _get("/pistes/{id}/fiche.{kind}", MEMBERS, names=_PISTE | {"kind": "docx"}),
    _get("/pistes/{id}/fiche/modifier", MEMBERS, names=_PISTE),
    _post("/pistes/{id}/fiche/modifier", MEMBERS, names=_PISTE, form={"title": "Essai", "version": "1"}),
    _get("/pistes/{id}/afor", MEMBERS, names=_PISTE),
    _get("/pistes/{id}/afor/nouvelle", MEMBERS, names=_PISTE),
    _post("/pistes/{id}/afor/nouvelle", MEMBERS, names=_PISTE, form={"strengths": "Essai"}),
    _get("/pistes/{id}/afor/{grid}.{kind}", MEMBERS, names=_GRID | {"kind": "docx"}),
    _get("/pistes/{id}/afor/{grid}/modifier", MEMBERS, names=_GRID),
    _post("/pistes/{id}/afor/{grid}/modifier", MEMBERS, names=_GRID, form={"strengths": "Essai", "version": "1"}),
    _post("/pistes/{id}/afor/{grid}/retrait", MEMBERS, names=_GRID),
    _get("/pistes/decisions", MEMBERS),
    _get("/pistes/decisions.csv", MEMBERS),
    _get("/pistes/decisions.xlsx", MEMBERS),
    _get("/pistes/mandats", MEMBERS, lists_people=True),
    _get("/pistes/decisions/nouvelle", MEMBERS),
    _post("/pistes/decisions/nouvelle", MEMBERS, form={"title": "Une autre", "motive": "Vu"}),
    _get("/pistes/decisions/{id}", MEMBERS, names=_DECISION),
    _post("/pistes/decisions/{id}", MEMBERS, names=_DECISION, form={"motive": "Autre"}),
    _get("/pistes/decisions/{id}/documents/{file}", MEMBERS, names={**_DECISION, "file": "decision file"}),
    _get("/pistes/protocole", MEMBERS),
    _post("/pistes/protocole", MEMBERS, form={"title": "Observatoire"}),
    _get("/pistes/protocole/modifier", MEMBERS),
    _post("/pistes/protocole/modifier", MEMBERS, form={"kind": "generale", "version": "0"}),
    _post("/pistes/{id}/nature", MEMBERS, names=_PISTE, form={"kind": "generale"}),
    _get("/pistes/regles", MEMBERS),
    _get("/pistes/a-resoudre", MEMBERS),
    _get("/pistes/{name}.{kind}", MEMBERS, names={"name": "classement", "kind": "csv"}),
    _get("/pistes/{id}", MEMBERS, names=_PISTE),
    _get("/pistes/nouvelle", MEMBERS),
    _get("/pistes/import", MEMBERS),
    _get("/pistes/{id}/modifier", MEMBERS, names=_PISTE),
    _post("/pistes/regles", MEMBERS, form={"rule": "tree"}),
    _post("/pistes/nouvelle", MEMBERS, form={"title": "Une autre", "declinaison": "declinaison"}),
    _post("/pistes/import", MEMBERS, form={"text": "rien"}),
    _post("/pistes/import/confirmation", MEMBERS, form={"text": "rien"}),
    _post("/pistes/a-resoudre/{id}", MEMBERS, names={"id": "cut name"}),
    _get("/pistes/{id}/places", MEMBERS, names=_PISTE),
    _post("/pistes/{id}/places", MEMBERS, names=_PISTE, form={"under": "declinaison"}),
    _get("/pistes/places/{id}/deplacement", MEMBERS, names={"id": "place"}),
    _post("/pistes/places/{id}/deplacement", MEMBERS, names={"id": "place"}, form={"under": "declinaison"}),
    _post("/pistes/places/{id}/retrait", MEMBERS, names={"id": "place"}),
    _get("/pistes/arbre/rubriques", MEMBERS),
    _post("/pistes/arbre/rubriques", MEMBERS, form={"label": "Partager"}),
    _get("/pistes/arbre/rubriques/{id}", MEMBERS, names={"id": "declinaison"}),
    _post("/pistes/arbre/rubriques/{id}", MEMBERS, names={"id": "declinaison"}, form={"label": "Partager mieux"}),
    _get("/pistes/criteres", MEMBERS),
    _get("/pistes/criteres/nouveau", MEMBERS),
    _post("/pistes/criteres/nouveau", MEMBERS, form={"title": "Essai"}),
    _get("/pistes/criteres/{family}", MEMBERS, names={"family": "criteria"}),
    _get("/pistes/criteres/{family}/modifier", MEMBERS, names={"family": "criteria"}),
    _post("/pistes/criteres/{family}/modifier", MEMBERS, names={"family": "criteria"}, form={"title": "Essai"}),
    _post("/pistes/criteres/{family}/en-vigueur", MEMBERS, names={"family": "criteria"}, form={"version": "1"}),
    _get("/pistes/textes", MEMBERS),
    _get("/pistes/textes/nouvelle", MEMBERS),
    _post("/pistes/textes/nouvelle", MEMBERS, form=_CLAIM),
    _get("/pistes/textes/{id}", MEMBERS, names={"id": "claim"}),
    _post("/pistes/textes/{id}", MEMBERS, names={"id": "claim"}, form=_CLAIM),
    _post("/pistes/textes/{id}/retrait", MEMBERS, names={"id": "claim"}),
    _post("/pistes/{id}/modifier", MEMBERS, names=_PISTE, form={"title": "Essai", "version": "1"}),
    _post("/pistes/{id}/note", MEMBERS, names=_PISTE, form={"criterion": "potentiel", "level": "1", "reason": "Vu"}),
    _post("/pistes/{id}/phase", MEMBERS, names=_PISTE, form={"phase": "etude"}),
    _post("/pistes/{id}/position", MEMBERS, names=_PISTE, form={"commune": "aubrac", "stance": "interested"}),
    _post("/pistes/{id}/report", MEMBERS, names=_PISTE, form={"reason": "Plus tard", "revisit_on": "2999-01-01"}),
    _post("/pistes/{id}/reprise", MEMBERS, names=_PISTE),
    _post("/pistes/{id}/fil", READERS, names=_PISTE, form={"place": "closed forum", "body": "Bonjour"}),
]
"""Members read the register; whoever does not keep it is told so, and whoever has left finds nothing."""

SURFACES: Sequence[Surface] = [
    *HOUSE,
    *NOTICES,
    *FORUMS,
    *BOOKING,
    *MEETINGS,
    *KINDS,
    *SEARCH,
    *DIRECTORY,
    *ADMINISTRATION,
    *KEEPING,
    *PEACE,
    *ACCOUNT,
    *AGENDAS,
    *EVALUATION,
    *PISTES,
]


def doors(app: Starlette) -> set[str]:
    """Every door of the house, as its routes declare them."""
    return set(_walk(app.routes, ""))


def _walk(routes: Sequence[BaseRoute], above: str) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _walk(route.routes, above + route.path)
        else:
            assert isinstance(route, Route), f"{route!r} is of a kind that the matrix does not know"
            methods = (route.methods or {"GET"}) - {"HEAD"}
            yield from (f"{method} {above}{route.path}" for method in methods)
