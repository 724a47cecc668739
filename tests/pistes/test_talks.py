"""Pistes and conversations: each shows the other, to those who may know of it."""

import re

from security.streams import following
from sqlmodel import col, select

from entente import journal, links
from entente.ids import Ref
from forums.models import Post
from pistes.models import Piste
from pistes.stories import stream_of
from pistes.tree.models import Node
from registers import piste
from world import World

STYLE = ".may-take { display: none }"


async def _thread(world: World, who: str = "bruno") -> str:
    async with world.browser(world.people[who]) as browser:
        return (await browser.get(f"/forums/fils/{world.snow.id}")).text


async def test_a_thread_shows_the_piste_it_is_about(register: World) -> None:
    """Tied once, told on both pages, each with what is good to know of the other."""
    found = await piste(register, "Forum")
    async with register.working(register.camille) as work:
        await links.tie(work.db, Ref("forums/thread", register.snow.id), stream_of(found.id), register.camille.id)
    page = await _thread(register)
    assert f'<a href="/pistes/{found.id}">Forum</a>' in page
    assert f"Piste {found.code}" in page
    async with register.browser(register.denise) as browser:
        told = (await browser.get(f"/pistes/{found.id}")).text
    assert re.search(r"Technique.* · 0\u00a0réponse", told)


async def test_a_message_becomes_a_piste_tied_to_its_thread(register: World) -> None:
    """Camille, who keeps the register, finds title and quote in the form; nobody else has the door."""
    await register.post(register.bruno, register.snow, "Nos **quatre** saleuses dorment onze mois.")
    said = re.findall(r'/forums/messages/([^/"]+)/suite', await _thread(register, "camille"))[-1]
    assert STYLE not in await _thread(register, "camille")
    assert STYLE in await _thread(register)
    async with register.reading() as db:
        under = (await db.exec(select(Node.id).where(col(Node.label) == "Réseau"))).one()
    async with register.browser(register.camille) as browser:
        led = await browser.get(f"/forums/messages/{said}/suite")
        form = await browser.get(led.headers["location"])
        assert "Nos quatre saleuses dorment onze mois." in form.text
        sent = {"title": "Saleuses", "declinaison": str(under), "message": said}
        made = (await browser.post("/pistes/nouvelle", data=sent)).headers["location"]
        assert register.snow.title in (await browser.get(made)).text
    assert made in await _thread(register)
    async with register.browser(register.bruno) as browser:
        assert (await browser.get(f"/forums/messages/{said}/suite")).status_code == 404


async def test_a_tie_is_heard_where_either_end_is_open(register: World) -> None:
    """Bruno reads the thread, Denise the piste that comes of it: a tie made meanwhile renews both of their pages."""
    await register.post(register.bruno, register.snow, "Une saleuse pour deux.")
    said = re.findall(r'/forums/messages/([^/"]+)/suite', await _thread(register, "camille"))[-1]
    found = await piste(register, "Forum")
    async with register.reading() as db:
        under = (await db.exec(select(Node.id).where(col(Node.label) == "Réseau"))).one()
    register.app.middleware_stack = register.app.build_middleware_stack()
    async with (
        register.app.router.lifespan_context(register.app),
        register.browser(register.camille) as browser,
        following(register.app, await register.cookie(register.bruno), *_cursors(await _thread(register))) as thread,
        following(register.app, await register.cookie(register.denise), await _of_piste(register, found)) as idea,
    ):
        sent = {"title": "Saleuse", "declinaison": str(under), "message": said}
        assert (await browser.post("/pistes/nouvelle", data=sent)).status_code == 303
        assert (await thread.until("reset", 60)).data == f"forums/thread/{register.snow.id}"
        talk = {"place": str(register.technique.id), "body": "Qui en est ?"}
        assert (await browser.post(f"/pistes/{found.id}/fil", data=talk)).status_code == 303
        assert (await idea.until("reset", 60)).data == str(stream_of(found.id))
    assert '<div id="tied" data-living><p' in await _thread(register)


def _cursors(page: str) -> list[str]:
    return re.findall(r"forums/thread/[0-9a-f-]+@\w+:\d+", page)


async def _of_piste(world: World, found: Piste) -> str:
    async with world.reading() as db:
        return str(await journal.cursor(db, stream_of(found.id)))


async def test_nobody_takes_words_they_do_not_read(register: World) -> None:
    """Inès administers but reads no CoPil forum: neither the form nor the new piste tells her what is said there."""
    await register.post(register.awa, register.secret, "Entre nous.")
    async with register.reading() as db:
        said = str((await db.exec(select(Post.id).where(col(Post.body) == "Entre nous."))).one())
        under = str((await db.exec(select(Node.id).where(col(Node.label) == "Réseau"))).one())
    async with register.browser(register.ines) as browser:
        sent = {"title": "Secret", "declinaison": under, "message": said}
        for asked in (said, "x"):
            assert (await browser.get(f"/pistes/nouvelle?message={asked}")).status_code == 404
        assert (await browser.post("/pistes/nouvelle", data=sent)).status_code == 404
