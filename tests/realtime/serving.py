"""A server process for tests: the square, and a door through which things are said."""

import asyncio
import sys

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import realtime.room
from entente import logs
from entente.app import create_app
from entente.house import House
from entente.ids import Ref
from entente.room import Room
from entente.serving import listening, serve
from entente.settings import load
from listening import Square, say


async def said(request: Request) -> Response:
    """Something is said here, in this process."""
    [id_] = await say(request.app.state.house, Ref.parse(request.query_params["stream"]))
    return PlainTextResponse(str(id_))


async def main(port: int) -> None:
    """Serve until told to stop."""
    settings = load()
    logs.configure(settings.log_format)
    square = Square()
    door = Room("door", routes=[Route("/dire", said, methods=["POST"])])
    app = create_app(House.build(settings), rooms_=[square.room, door, realtime.room.room])
    with listening("127.0.0.1", port) as bound:
        await serve(app, settings, bound, lambda: print("open", flush=True))


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
