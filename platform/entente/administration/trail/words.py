"""How acts and their details are said in French; what has no words is shown by its own name."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from entente.people.words import BODIES, FUNCTIONS, ROLES
from entente.web.words import date_time, long_date

ACTS = {
    "invitation.sent": "a envoyé une invitation à",
    "person.corrected": "a corrigé l’identité de",
    "person.suspended": "a suspendu le compte de",
    "person.reactivated": "a rouvert le compte de",
    "function.added": "a donné une fonction à",
    "function.ended": "a mis fin à une fonction de",
    "people.imported": "a importé des personnes",
    "people.exported": "a exporté les personnes",
    "person.forgotten": "a anonymisé",
    "person.exported": "a exporté tout ce que la plateforme garde de",
    "organisation.added": "a ajouté l’organisation",
    "organisation.edited": "a modifié la fiche de",
    "organisations.exported": "a exporté les organisations",
    "membership.added": "a ajouté une période à",
    "membership.ended": "a mis fin à une période de",
    "service.added": "a ajouté un service à",
    "service.removed": "a retiré un service à",
    "body.added": "a ajouté l’instance",
    "body.edited": "a modifié l’instance",
    "bodies.exported": "a exporté les instances",
    "seat.added": "a donné un siège dans",
    "seat.ended": "a mis fin à un siège dans",
    "group.added": "a créé le groupe",
    "group.renamed": "a renommé le groupe",
    "group.joined": "a ajouté une personne à",
    "group.left": "a retiré une personne de",
    "groups.exported": "a exporté les groupes",
    "domain.declared": "a déclaré le domaine",
    "domain.withdrawn": "a retiré le domaine",
    "domains.exported": "a exporté les domaines",
    "rights.explained": "a consulté les droits de",
    "audit.exported": "a exporté le journal d’audit",
    "tasks.exported": "a exporté les tâches",
    "task.retried": "a relancé une tâche",
    "forum.created": "a créé le forum",
    "forum.edited": "a modifié le forum",
    "forum.deleted": "a supprimé le forum",
    "post.deleted": "a supprimé un message",
    "post.hidden": "a masqué un message",
    "post.unhidden": "a rétabli un message masqué",
    "post.restored": "a rétabli une ancienne version d’un message",
    "report.dismissed": "a classé sans suite un signalement",
    "thread.pinned": "a épinglé un fil",
    "thread.unpinned": "a désépinglé un fil",
    "thread.moved": "a déplacé un fil vers un autre forum",
    "thread.tagged": "a changé les étiquettes d’un fil",
    "tag.added": "a ajouté une étiquette au forum",
    "tag.renamed": "a renommé une étiquette du forum",
    "tag.removed": "a supprimé une étiquette du forum",
    "feed.created": "a créé une adresse de flux",
    "feed.revoked": "a révoqué une adresse de flux",
    "thread.closed": "a fermé un fil",
    "thread.reopened": "a rouvert un fil",
    "thread.deleted": "a retiré un fil",
    "acknowledgements.exported": "a exporté les prises de connaissance d’une annonce",
    "purchase.extended": "a prolongé un achat groupé",
    "purchase.closed": "a clos un achat groupé",
    "purchase.changed": "a modifié un achat groupé",
    "document.removed": "a retiré un document",
    "agenda.subscribed": "a créé une adresse d’agenda",
    "agenda.revoked": "a révoqué une adresse d’agenda",
    "agenda.followed": "a suivi un agenda extérieur",
    "agenda.imported": "a importé un agenda",
    "agenda.removed": "a retiré un agenda extérieur",
    "approval.delegated": "a délégué ses accords à",
    "approval.levels_set": "a dit qui accorde un type de matériel",
    "approval.taken_back": "a repris ses accords à",
    "body.rule_written": "a écrit les règles de convocation de",
    "meeting.convened_late": "a convoqué une réunion en urgence",
    "hall.added": "a ajouté une salle",
    "hall.edited": "a modifié une salle",
    "decision.recorded": "a enregistré une décision",
    "pistes.criteria_in_force": "a mis en vigueur des critères",
    "pistes.criteria_kept": "a enregistré des critères",
    "pistes.imported": "a importé des pistes",
    "pistes.ranking_frozen": "a figé un classement",
    "pistes.round_opened": "a ouvert un tour d’évaluation",
    "pistes.round_closed": "a clos un tour d’évaluation",
    "pistes.ties_decided": "a décidé la règle d’égalité",
    "organisation.imported": "a importé l’organisation",
    "person.activated": "a ouvert son compte",
    "person.registered": "s’est inscrit par le domaine de sa commune",
    "email.changed": "a changé d’adresse électronique",
    "password.changed": "a changé de mot de passe",
    "pistes.claim_written": "a écrit une phrase du registre",
    "pistes.claim_removed": "a retiré une phrase du registre",
    "quota.set": "a fixé un quota",
    "quota.removed": "a retiré un quota",
    "demo.seeded": "a préparé la démonstration",
}

KEYS = {
    "acte": "acte",
    "adopted": "cotes retenues",
    "after": "après",
    "au": "jusqu’au",
    "before": "avant",
    "body": "instance",
    "changed": "changé",
    "code": "numéro",
    "count": "nombre",
    "detail": "ce qui est montré",
    "digest": "empreinte",
    "domain": "domaine",
    "du": "depuis le",
    "erreur": "erreurs",
    "family": "famille",
    "fields": "changé",
    "forum": "forum",
    "holder": "titulaire",
    "host": "serveur",
    "inchangée": "inchangées",
    "kept": "rendez-vous gardés",
    "kind": "nature",
    "last": "dernier jour",
    "levels": "niveaux",
    "lines": "lignes",
    "mandate": "mandat",
    "mise à jour": "mises à jour",
    "name": "nom",
    "nouvelle": "nouvelles",
    "organisation": "organisation",
    "person": "personne",
    "personne": "personne",
    "quota": "quota",
    "reading": "ouvert à",
    "reason": "motif",
    "report": "signalement",
    "role": "rôle",
    "rule": "règle",
    "since": "depuis le",
    "source": "venu de",
    "substitute": "suppléant",
    "sujet": "sujet",
    "tag": "étiquette",
    "target": "allé vers",
    "thing": "chose",
    "thread": "fil",
    "title": "titre",
    "until": "jusqu’au",
    "version": "version",
    "words": "phrase",
}
"""How the parts of a detail are called."""

FIELDS = {
    "body_id": "instance",
    "code_insee": "code Insee",
    "email": "adresse électronique",
    "family_name": "nom de famille",
    "function": "fonction",
    "given_name": "prénom",
    "group_id": "groupe",
    "hides_presence": "présence cachée",
    "hue": "couleur",
    "kind": "nature",
    "moderators": "modérateurs",
    "name": "nom",
    "population": "population",
    "postcodes": "codes postaux",
    "purpose": "objet",
    "reading": "ouverture",
    "short_name": "nom court",
    "siren": "SIREN",
    "slug": "adresse",
    "title": "titre",
}
"""How the fields of a form that changed something are called."""

_FUNCTIONS = {str(kind): words for kind, words in FUNCTIONS.items()}
_KINDS = {
    "list": "liste hiérarchisée",
    "tree": "arbre",
    **_FUNCTIONS,
    **{str(kind): words for kind, words in BODIES.items()},
}
_READERS = {"all": "tous les membres", "body": "une instance", "function": "une fonction", "invited": "des invités"}
_VALUES: Mapping[str, Mapping[str, str]] = {
    "acte": ACTS,
    "changed": FIELDS,
    "detail": {"full": "tout", "title": "le titre", "busy": "occupé ou libre"},
    "fields": FIELDS,
    "kind": _KINDS,
    "levels": _FUNCTIONS,
    "reading": _READERS,
    "role": {str(role): words for role, words in ROLES.items()},
    "rule": {"tree": "l’ordre de l’arbre", "date": "la date d’expression", "manual": "un ordre fixé à la main"},
}
_DAYS = {"since", "until", "last", "before", "after", "du", "au"}


def said(detail: Mapping[str, object], titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The parts of a detail that hold something, in words; `titles` say what ids stand for."""
    for key, value in detail.items():
        if value is None or value == "" or value == []:
            continue
        values = value if isinstance(value, list) else [value]
        yield KEYS.get(key, key), ", ".join(_said(key, str(each), titles) for each in values)


def _said(key: str, value: str, titles: Mapping[str, str]) -> str:
    if key in _DAYS:
        return _day(value)
    return _VALUES.get(key, {}).get(value) or titles.get(value, value)


def _day(value: str) -> str:
    try:
        return long_date(date.fromisoformat(value)) if len(value) == 10 else date_time(datetime.fromisoformat(value))
    except ValueError:
        return value
