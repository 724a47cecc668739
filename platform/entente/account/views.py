"""The doors of the house: sign-in page, links, passwords, the demonstration, invitations, sign-out."""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from entente.account import passwords, queries, rules, service, throttle, tokens
from entente.account.models import DemoSignIn, Introduction, LinkRequest, PasswordSignIn
from entente.account.throttle import TooMany
from entente.account.tokens import Gone
from entente.clock import now
from entente.people.models import Person, Purpose
from entente.rules import Invalid, NotFound
from entente.settings import Settings
from entente.web import devices, forms, pages
from entente.web.middleware import cookie_name, session_cookie
from entente.web.requests import address_of, house_of, reading_of, safe_next, visitor_of, work_of

WRONG = "L’adresse ou le mot de passe ne convient pas. Vous pouvez aussi recevoir un lien de connexion."


def visit_of(request: Request) -> service.Visit:
    """From where someone knocks, and the cookie they hold already."""
    house = house_of(request)
    return service.Visit(
        device=devices.name_of(request.headers.get("user-agent", "")),
        address=address_of(request)[:45],
        days=house.settings.session_days,
        secret=request.cookies.get(cookie_name(house)),
    )


def welcome(request: Request, secret: str, address: str) -> Response:
    """Go where they were going, the device keeping its secret."""
    response = pages.go(request, safe_next(address))
    response.headers.append("Set-Cookie", session_cookie(house_of(request), secret))
    return response


async def sign_in(request: Request) -> Response:
    """The sign-in page; whoever is signed in already goes on, except where one plays several people."""
    next_ = safe_next(request.query_params.get("next"))
    if visitor_of(request) and not house_of(request).is_demo:
        return RedirectResponse(next_, 303)
    return await _sign_in_page(request, next_, by_password=request.url.path.endswith("/mot-de-passe"))


async def ask_link(request: Request) -> Response:
    """Ask for a link: the same answer, in the same time, whoever asks and for whomever."""
    try:
        asked = await forms.read(request, LinkRequest)
        async with work_of(request) as work:
            await throttle.count(work.db, throttle.LINKS_FROM, throttle.network_of(address_of(request)))
            next_ = "" if safe_next(asked.next) == "/" else asked.next
            service.ask_link(work, house_of(request).settings, asked.email, next_)
    except (Invalid, TooMany) as error:
        return await _sign_in_again(request, error, "Trop de liens demandés d’ici")
    return pages.go(request, "/connexion/envoi")


async def link_sent(request: Request) -> Response:
    """What to do now: look at one's mail."""
    return pages.page(request, "account/link_sent.html")


async def sign_in_by_password(request: Request) -> Response:
    """Sign in by a password."""
    try:
        typed = await forms.read(request, PasswordSignIn)
        secret = await _proved(request, typed)
    except (Invalid, TooMany) as error:
        return await _sign_in_again(request, error, "Trop d’essais de mot de passe d’ici", by_password=True)
    return welcome(request, secret, typed.next)


async def _proved(request: Request, typed: PasswordSignIn) -> str:
    visit = visit_of(request)
    # Counted first and on its own: a hundred guesses at once are a hundred tries, whatever becomes of them.
    async with work_of(request) as work:
        network = throttle.network_of(visit.address)
        await throttle.count(work.db, throttle.PASSWORDS, typed.login, network)
        await throttle.count(work.db, throttle.PASSWORDS_FROM, network)
        lock = await queries.lock_of(work.db, typed.login)
    if not await passwords.matches(lock.password_hash if lock else None, typed.password) or lock is None:
        raise Invalid({"": WRONG})
    newer = await passwords.hashed(typed.password) if passwords.is_dated(lock.password_hash) else None
    async with work_of(request) as work:
        return await service.enter_by_password(work, lock, newer, visit)


async def show_link(request: Request) -> Response:
    """What a link from a mail opens: a page with one button, for scanners follow links too."""
    return await _link_page(request)


async def use_link(request: Request) -> Response:
    """Sign in by the link, or create the account it promises to a newcomer."""
    secret = request.path_params["secret"]
    try:
        async with reading_of(request) as db:
            newcomer = await _newcomer(request, secret)
            if newcomer is None:
                await tokens.look_at(db, Purpose.SIGN_IN, secret)
        if newcomer:
            device_secret = await _registered(request, secret, newcomer)
        else:
            async with work_of(request) as work:
                device_secret = await service.use_link(work, secret, visit_of(request))
    except Gone:
        return gone(request)
    except Invalid as error:
        return await _link_page(request, error.errors)
    return welcome(request, device_secret, request.query_params.get("next", ""))


async def _registered(request: Request, secret: str, email: str) -> str:
    intro, hash_ = await _introduced(request, email)
    async with work_of(request) as work:
        return await service.register(work, secret, intro, hash_, visit_of(request))


async def _introduced(request: Request, email: str) -> tuple[Introduction, str | None]:
    intro = await forms.read(request, Introduction)
    if not intro.new_password:
        return intro, None
    rules.check_password(intro.new_password, rules.words_of(intro.given_name, intro.family_name, email))
    return intro, await passwords.hashed(intro.new_password)


async def _newcomer(request: Request, secret: str) -> str | None:
    async with reading_of(request) as db:
        try:
            return await tokens.look_at_newcomer(db, secret)
        except Gone:
            return None


async def _link_page(request: Request, errors: dict[str, str] | None = None) -> Response:
    secret = request.path_params["secret"]
    newcomer = await _newcomer(request, secret)
    person: Person | None = None
    if newcomer is None:
        try:
            async with reading_of(request) as db:
                person = (await tokens.look_at(db, Purpose.SIGN_IN, secret)).person
        except Gone:
            return gone(request)
    return pages.page(
        request,
        "account/link.html",
        status=422 if errors else 200,
        person=person,
        email=newcomer or (person.email if person else ""),
        typed=forms.typed_in(request),
        errors=errors or {},
    )


def gone(request: Request) -> Response:
    """The link no longer serves: here is how to get another."""
    next_ = safe_next(request.query_params.get("next"))
    return pages.page(request, "account/gone.html", status=410, errors={}, typed={}, next="" if next_ == "/" else next_)


async def show_invitation(request: Request) -> Response:
    """Who invites, to what, and under which name."""
    return await _invitation_page(request)


async def accept_invitation(request: Request) -> Response:
    """Accept an invitation: the account becomes active."""
    secret = request.path_params["secret"]
    try:
        async with reading_of(request) as db:
            ticket = await tokens.look_at(db, Purpose.INVITATION, secret)
        intro, hash_ = await _introduced(request, ticket.email)
        async with work_of(request) as work:
            device_secret = await service.accept_invitation(work, secret, intro, hash_, visit_of(request))
    except Gone:
        return gone(request)
    except Invalid as error:
        return await _invitation_page(request, error.errors)
    return welcome(request, device_secret, "/")


async def _invitation_page(request: Request, errors: dict[str, str] | None = None) -> Response:
    try:
        async with reading_of(request) as db:
            person, _ = await tokens.look_at(db, Purpose.INVITATION, request.path_params["secret"])
            inviter = await queries.inviter_of(db, person.id)
    except Gone:
        return gone(request)
    known = {"given_name": person.given_name, "family_name": person.family_name}
    return pages.page(
        request,
        "account/invitation.html",
        status=422 if errors else 200,
        email=person.email,
        inviter=inviter,
        typed={**known, **forms.typed_in(request)},
        errors=errors or {},
    )


async def enter_demo(request: Request) -> Response:
    """Take someone's place in the demonstration, with one click."""
    house = house_of(request)
    if not house.is_demo:
        raise NotFound
    chosen = await forms.read(request, DemoSignIn)
    async with work_of(request) as work:
        secret = await service.enter_demo(work, chosen.person_id, house.is_demo, visit_of(request))
    return welcome(request, secret, forms.typed_in(request).get("next", ""))


async def demo_mails(request: Request) -> Response:
    """The mails of the demonstration, kept instead of sent; nowhere else can mails be read here."""
    if not house_of(request).is_demo:
        raise NotFound
    async with reading_of(request) as db:
        mails = await queries.mails(db)
    return pages.page(request, "account/mails.html", mails=mails, base_url=house_of(request).settings.base_url)


async def sign_out(request: Request) -> Response:
    """End this device's session, and forget what the browser kept."""
    house = house_of(request)
    secret = request.cookies.get(cookie_name(house))
    if secret:
        async with work_of(request) as work:
            await service.sign_out(work, secret)
    response = pages.go(request, "/connexion", "Vous êtes déconnecté.", "info")
    response.delete_cookie(cookie_name(house), path="/", secure=house.settings.is_https, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


async def legal(request: Request) -> Response:
    """What is kept here about people, how long, and whom to ask."""
    async with reading_of(request) as db:
        epci = await queries.epci(db)
        keepers = await queries.keepers(db) if visitor_of(request) else []
    settings = house_of(request).settings
    return pages.page(
        request,
        "account/legal.html",
        epci=epci,
        keepers=keepers,
        settings=settings,
        security=security_address(settings),
    )


async def security_txt(request: Request) -> Response:
    """To whom one reports a flaw (RFC 9116); good for half a year from the day it is read."""
    settings = house_of(request).settings
    until = (now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        f"Contact: {security_address(settings)}",
        f"Expires: {until}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
        f"Policy: {settings.base_url}/mentions-legales#faille",
    ]
    return PlainTextResponse("\n".join(lines) + "\n", headers={"Cache-Control": "no-cache"})


def security_address(settings: Settings) -> str:
    """Where a flaw is reported, as an address that can be followed."""
    told = settings.security_contact or settings.mail_from
    return told if told.startswith("https://") else f"mailto:{told}"


async def accessibility(request: Request) -> Response:
    """How far this place can be used by everyone, honestly."""
    async with reading_of(request) as db:
        epci = await queries.epci(db)
    settings = house_of(request).settings
    contact = settings.accessibility_contact or settings.mail_from
    return pages.page(request, "account/accessibility.html", epci=epci, address=settings.base_url, contact=contact)


async def _sign_in_again(
    request: Request, error: Invalid | TooMany, too_many: str, by_password: bool = False
) -> Response:
    next_ = safe_next(forms.typed_in(request).get("next"))
    if isinstance(error, Invalid):
        return await _sign_in_page(request, next_, 422, error.errors, by_password)
    minutes = f"{error.minutes}\u00a0minute{'s' if error.minutes > 1 else ''}"
    way_out = ", ou demandez un lien de connexion par courriel" if by_password else ""
    sentence = f"{too_many}\u00a0: réessayez dans {minutes}{way_out}."
    response = await _sign_in_page(request, next_, 429, {"": sentence}, by_password)
    response.headers["Retry-After"] = str(error.seconds)
    return response


async def _sign_in_page(
    request: Request,
    next_: str,
    status: int = 200,
    errors: dict[str, str] | None = None,
    by_password: bool = False,
) -> Response:
    context: dict[str, Any] = {"next": "" if next_ == "/" else next_, "errors": errors or {}}
    async with reading_of(request) as db:
        demo = await queries.demo_people(db) if house_of(request).is_demo else []
    return pages.page(
        request,
        "account/sign_in.html",
        status=status,
        demo=demo,
        typed=forms.typed_in(request),
        by_password=by_password,
        **context,
    )


routes = [
    Route("/connexion", sign_in),
    Route("/connexion", ask_link, methods=["POST"]),
    Route("/connexion/envoi", link_sent),
    Route("/connexion/mot-de-passe", sign_in),
    Route("/connexion/mot-de-passe", sign_in_by_password, methods=["POST"]),
    Route("/connexion/lien/{secret}", show_link),
    Route("/connexion/lien/{secret}", use_link, methods=["POST"]),
    Route("/connexion/demo", enter_demo, methods=["POST"]),
    Route("/invitation/{secret}", show_invitation),
    Route("/invitation/{secret}", accept_invitation, methods=["POST"]),
    Route("/courrier", demo_mails),
    Route("/deconnexion", sign_out, methods=["POST"]),
    Route("/mentions-legales", legal),
    Route("/accessibilite", accessibility),
    Route("/.well-known/security.txt", security_txt),
]
