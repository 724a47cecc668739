"""The doors of one's own place."""

from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from entente.account import passwords, queries, rules, throttle, tokens
from entente.account import service as door
from entente.account.profile import photos, service, zones
from entente.account.profile import queries as own
from entente.account.profile.models import NewAddress, NewPassword, Profile
from entente.account.throttle import TooMany
from entente.account.tokens import Gone
from entente.account.views import gone
from entente.files.store import Away
from entente.notices.rules import wishes_of
from entente.people.models import Person, Purpose
from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import address_of, house_of, id_of, reading_of, visitor_of, who_of, work_of

CRUMB = ("Profil", "/profil")


async def show(request: Request) -> Response:
    """Everything one may set of one's own account."""
    return await _profile_page(request)


async def change(request: Request) -> Response:
    """Change one's name, zone and mail rhythm."""
    try:
        profile = await forms.read(request, Profile)
    except Invalid as error:
        return await _profile_page(request, error.errors)
    async with work_of(request) as work:
        await service.change_profile(work, await own.person_of(work.db, work.who), profile)
    return pages.go(request, "/profil", "Votre profil est enregistré.")


async def change_photo(request: Request) -> Response:
    """Take another photo."""
    try:
        sent = await _sent_photo(request)
        photo = await photos.keep(house_of(request).files, sent)
    except Invalid as error:
        return await _profile_page(request, error.errors)
    async with work_of(request) as work:
        await service.show_photo(work, await own.person_of(work.db, work.who), photo)
    return pages.go(request, "/profil", "Votre photo est enregistrée.")


async def _sent_photo(request: Request) -> bytes:
    seen = 0

    async def weighed() -> Message:
        # Counted as it comes: what a browser says of its length proves nothing.
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > photos.MOST_BYTES:
            raise Invalid({"photo": photos.TOO_HEAVY})
        return message

    async with Request(request.scope, weighed).form(max_files=1, max_fields=5) as form:
        file = form.get("photo")
        sent = await file.read() if isinstance(file, UploadFile) else b""
    if not sent:
        raise Invalid({"photo": "Choisissez une photo sur votre appareil."})
    return sent


async def remove_photo(request: Request) -> Response:
    """Go back to initials."""
    async with work_of(request) as work:
        await service.show_photo(work, await own.person_of(work.db, work.who), None)
    return pages.go(request, "/profil", "Votre photo est retirée.")


async def photo(request: Request) -> Response:
    """Someone's photo, for those who are signed in, and as long as it is theirs."""
    id_ = id_of(request)
    async with reading_of(request) as db:
        if not await own.is_shown(db, id_):
            raise NotFound
    try:
        drawn = await photos.read(house_of(request), id_)
    except Away:
        raise HTTPException(503) from None
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(drawn, media_type="image/webp", headers=headers)


async def change_password(request: Request) -> Response:
    """Choose or change one's password; other devices are signed out."""
    try:
        typed = await forms.read(request, NewPassword)
        person = await _proved(request, typed.current_password)
        rules.check_password(typed.new_password, rules.words_of(person.given_name, person.family_name, person.email))
    except Invalid as error:
        return await _profile_page(request, error.errors, about="password")
    except TooMany as error:
        return await _too_many(request, error, "current_password", "password")
    new_hash = await passwords.hashed(typed.new_password)
    async with work_of(request) as work:
        mine = await own.person_of(work.db, work.who)
        await service.change_password(work, mine, new_hash, house_of(request).settings.name)
    return pages.go(request, "/profil", "Votre mot de passe est enregistré. Vos autres appareils sont déconnectés.")


async def ask_new_address(request: Request) -> Response:
    """Ask for another address, which is asked to agree."""
    try:
        typed = await forms.read(request, NewAddress)
        person = await _proved(request, typed.password, "password")
        if typed.email == person.email:
            raise Invalid({"email": "C’est déjà votre adresse."})
    except Invalid as error:
        return await _profile_page(request, error.errors, about="address")
    except TooMany as error:
        return await _too_many(request, error, "password", "address")
    try:
        async with work_of(request) as work:
            await throttle.count(work.db, throttle.LINKS, str(work.who.id))
            mine = await own.person_of(work.db, work.who)
            await service.ask_new_address(work, house_of(request).settings, mine, typed.email)
    except TooMany as error:
        return await _too_many(request, error, "email", "address")
    sentence = f"Un lien vient de partir à {typed.email}. Votre adresse changera quand vous l’aurez confirmée."
    return pages.go(request, "/profil", sentence, "info")


async def show_new_address(request: Request) -> Response:
    """What the link in the mail opens: one button, for scanners follow links too."""
    try:
        async with reading_of(request) as db:
            person, email = await tokens.look_at(db, Purpose.EMAIL_CHANGE, request.path_params["secret"])
    except Gone:
        return gone(request)
    return pages.page(request, "account/new_address.html", person=person, email=email)


async def take_new_address(request: Request) -> Response:
    """Confirm the new address."""
    try:
        async with work_of(request) as work:
            settings = house_of(request).settings
            person = await service.take_new_address(work, settings, request.path_params["secret"])
    except Gone:
        return gone(request)
    place = "/profil" if visitor_of(request) else "/connexion"
    return pages.go(request, place, f"Votre adresse est maintenant {person.email}.")


async def devices(request: Request) -> Response:
    """On which devices one is signed in."""
    who = who_of(request)
    async with reading_of(request) as db:
        sessions = await queries.devices_of(db, who)
    return pages.page(
        request,
        "account/devices.html",
        crumbs=[CRUMB, ("Mes appareils", "")],
        devices=sessions,
        this=who.session_id,
    )


async def end_device(request: Request) -> Response:
    """Sign one device out."""
    async with work_of(request) as work:
        session = await queries.device_for(work.db, work.who, id_of(request))
        await door.end_device(work, session)
    if session.id == who_of(request).session_id:
        return pages.go(request, "/connexion", "Vous êtes déconnecté.", "info")
    return pages.go(request, "/profil/appareils", f"«\u202f{session.device}\u202f» est déconnecté.")


async def end_other_devices(request: Request) -> Response:
    """Sign out every device but this one."""
    async with work_of(request) as work:
        count = await door.end_devices(work, work.who.id, but=work.who.session_id)
    sentence = "Vos autres appareils sont déconnectés." if count else "Aucun autre appareil n’était connecté."
    return pages.go(request, "/profil/appareils", sentence)


async def _proved(request: Request, password: str, field: str = "current_password") -> Person:
    """The account, once its owner has shown again that they know its password, if it has one."""
    who = who_of(request)
    network = throttle.network_of(address_of(request))
    async with work_of(request) as work:
        person = await own.person_of(work.db, who)
        if person.password_hash is None:
            return person
        await throttle.count(work.db, throttle.PASSWORDS, person.email, network)
    if not await passwords.matches(person.password_hash, password):
        raise Invalid({field: "Ce n’est pas votre mot de passe actuel."})
    async with work_of(request) as work:
        await throttle.forget(work.db, throttle.PASSWORDS, person.email, network)
    return person


async def _too_many(request: Request, error: TooMany, field: str, about: str) -> Response:
    plural = "s" if error.minutes > 1 else ""
    sentence = f"Trop d’essais\u00a0: réessayez dans {error.minutes}\u00a0minute{plural}."
    response = await _profile_page(request, {field: sentence}, about=about, status=429)
    response.headers["Retry-After"] = str(error.seconds)
    return response


async def _profile_page(
    request: Request, errors: dict[str, str] | None = None, about: str = "profile", status: int = 422
) -> Response:
    who = who_of(request)
    async with reading_of(request) as db:
        person = await own.person_of(db, who)
        functions = await own.functions_of(db, who)
    wishes = wishes_of(person.notifications, person.time_zone)
    known: dict[str, Any] = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "time_zone": person.time_zone,
        "mail": wishes.rhythm,
        "quiet_since": wishes.quiet.since,
        "quiet_until": wishes.quiet.until,
        "email": "",
    }
    return pages.page(
        request,
        "account/profile.html",
        status=status if errors else 200,
        crumbs=[("Profil", "")],
        person=person,
        functions=functions,
        typed={**known, **forms.typed_in(request)},
        errors=errors or {},
        about=about,
        zones=zones.groups(),
        hours=[(hour, f"{hour}\u00a0h") for hour in range(24)],
    )


routes = [
    Route("/profil", show),
    Route("/profil", change, methods=["POST"]),
    Route("/profil/photo", change_photo, methods=["POST"]),
    Route("/profil/photo/retrait", remove_photo, methods=["POST"]),
    Route("/profil/mot-de-passe", change_password, methods=["POST"]),
    Route("/profil/adresse", ask_new_address, methods=["POST"]),
    Route("/profil/appareils", devices),
    Route("/profil/appareils/autres/fermeture", end_other_devices, methods=["POST"]),
    Route("/profil/appareils/{id}/fermeture", end_device, methods=["POST"]),
    Route("/connexion/lien/adresse/{secret}", show_new_address),
    Route("/connexion/lien/adresse/{secret}", take_new_address, methods=["POST"]),
    Route("/photos/{id}", photo),
]
