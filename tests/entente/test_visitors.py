"""Those who knock and go away before they are answered."""

from typing import Any

from structlog.testing import capture_logs

from world import World


async def test_a_visitor_who_hangs_up_in_the_middle_of_a_form_is_no_incident(world: World) -> None:
    """Awa's train enters a tunnel while she posts: nothing is written, and nobody is woken up."""
    cookies = await world.cookie(world.awa)
    coming = iter([{"type": "http.request", "body": b"body=Bonj", "more_body": True}])
    answered: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"/forums/fils/{world.snow.id}/messages",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"entente.test"),
            (b"sec-fetch-site", b"same-origin"),
            (b"cookie", f"entente={cookies['entente']}".encode()),
            (b"content-type", b"application/x-www-form-urlencoded"),
        ],
        "client": ("192.0.2.7", 50_000),
        "server": ("entente.test", 80),
    }

    async def receive() -> dict[str, Any]:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        answered.append(message)

    with capture_logs() as said:
        await world.app(scope, receive, send)

    assert answered[0]["status"] == 499
    assert [each["event"] for each in said if each["log_level"] in ("error", "warning")] == []
    async with world.browser(world.bruno) as browser:
        assert "Bonj" not in (await browser.get(f"/forums/fils/{world.snow.id}")).text
