"""Doors for those who watch over the house."""

from world import World


async def test_a_house_whose_database_answers_is_alive_and_ready(world: World) -> None:
    """A probe needs no account, and no particular host name."""
    async with world.browser() as browser:
        alive = await browser.get("/sante/vivant", headers={"Host": "10.0.0.7"})
        ready = await browser.get("/sante/pret")

    assert (alive.status_code, alive.text) == (200, "vivant\n")
    assert (ready.status_code, ready.text) == (200, "prêt\n")


async def test_a_house_that_is_deaf_to_the_bell_says_so_and_stays_alive(world: World) -> None:
    """A balancer sends people elsewhere; nobody kills the process."""
    world.house.hears_the_bell = lambda: False

    async with world.browser() as browser:
        assert (await browser.get("/sante/vivant")).status_code == 200
        ready = await browser.get("/sante/pret")

    assert (ready.status_code, ready.text) == (503, "sourd à la cloche\n")


async def test_figures_are_for_administrators_and_for_the_machine_itself(world: World) -> None:
    """Inès reads the metrics; Awa, from elsewhere, finds nothing there."""
    async with world.browser(world.ines) as browser:
        figures = await browser.get("/metriques")
    async with world.browser(world.awa) as browser:
        nothing = await browser.get("/metriques")

    assert "entente_http_requests_total" in figures.text
    assert nothing.status_code == 404


async def test_every_answer_bears_the_name_of_its_request(world: World) -> None:
    """What a person reports can be found in the logs."""
    async with world.browser() as browser:
        names = {(await browser.get("/sante/vivant")).headers["x-request-id"] for _ in range(3)}

    assert len(names) == 3
