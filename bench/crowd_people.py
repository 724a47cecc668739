"""The people of a crowd, as locust plays them: each reads pages as a browser does and follows them live."""

import json
import os
import random
import re
import socket
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
from locust import FastHttpUser, between, events, task

KNOWN = json.loads(Path(os.environ["ENTENTE_BENCH_CROWD"]).read_text())
PLACE = urlsplit(KNOWN["host"])
PAGES = {
    "/": ("home", 12),
    "/forums": ("forums", 8),
    "/forums/technique": ("list of threads", 12),
    "/planning": ("planning, month", 8),
    "/planning?vue=liste": ("planning, list", 4),
    "/reservations": ("pooled equipment", 4),
    "/reservations/planning": ("plan of the fleet", 8),
    "/pistes": ("register, ranked", 8),
    "/pistes/carte": ("map", 3),
    "/pistes/phases": ("board", 3),
    "/recherche?q=sel": ("search", 4),
    "/notifications": ("notices", 5),
    "/annuaire": ("directory", 3),
}
"""What people look at outside of threads, by name and weight."""
CURSORS = re.compile(r"data-streams='([^']*)'")
THREADS = re.compile(r'href="(/forums/fils/[0-9a-f-]{36})')
numbers = count()


class Someone(FastHttpUser):
    """One person with one window: a page a minute, its stream open all the while."""

    host = KNOWN["host"]
    wait_time = between(30, 90)
    network_timeout = 60.0

    def on_start(self) -> None:
        """Come in, already signed in, at some time of the first seconds."""
        self.cookie = KNOWN["cookies"][next(numbers) % len(KNOWN["cookies"])]
        self.threads: list[str] = []
        self.following: Any = None
        self._opens("/forums/technique", "list of threads")

    def on_stop(self) -> None:
        """Close the window."""
        if self.following:
            self.following.kill(block=False)

    @task(80)
    def reads(self) -> None:
        """Any page of the house."""
        path = random.choices(list(PAGES), [weight for _, weight in PAGES.values()])[0]
        self._opens(path, PAGES[path][0])

    @task(25)
    def reads_a_thread(self) -> None:
        """A thread of the technical forum."""
        if self.threads:
            self._opens(random.choice(self.threads), "thread")

    @task(3)
    def answers(self) -> None:
        """A thread, then an answer in it."""
        if not self.threads:
            return
        thread = random.choice(self.threads)
        self._opens(thread, "thread")
        with self.client.post(
            f"{thread}/messages", data={"body": "Nous en prendrions deux palettes aussi."}, name="an answer posted",
            headers=self._headers(), allow_redirects=False, catch_response=True,
        ) as answer:  # fmt: skip
            if answer.status_code == 303:
                answer.success()
            else:
                answer.failure(f"{answer.status_code}")

    def _opens(self, path: str, name: str) -> None:
        answer = self.client.get(path, name=name, headers=self._headers())
        page = answer.text or ""
        self.threads = list(dict.fromkeys(THREADS.findall(page))) or self.threads
        found = CURSORS.search(page)
        if self.following:
            self.following.kill(block=False)
        self.following = gevent.spawn(self._follows, json.loads(found[1].replace("&#34;", '"'))) if found else None

    def _headers(self) -> dict[str, str]:
        return {
            "Cookie": f"entente={self.cookie}", "Accept-Encoding": "gzip", "Origin": KNOWN["host"],
            "Sec-Fetch-Site": "same-origin",
        }  # fmt: skip

    def _follows(self, cursors: list[str]) -> None:
        """Keep the stream of a page open, and note how long it took to open."""
        asked = urlencode([("s", each) for each in cursors])
        lines = (f"GET /live?{asked} HTTP/1.1", f"Host: {PLACE.netloc}", f"Cookie: entente={self.cookie}")
        began = perf_counter()
        line = socket.create_connection((PLACE.hostname, PLACE.port), 60)
        try:
            line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            heard = line.recv(65536)
            self._tells(began, heard)
            line.settimeout(None)
            while line.recv(65536):
                pass
        except OSError as error:
            self._tells(began, b"", error)
        finally:
            line.close()

    def _tells(self, began: float, heard: bytes, error: Exception | None = None) -> None:
        status = heard[9:12].decode()
        if error is None and status != "200":
            error = ConnectionError(f"the stream answered {status or 'nothing'}")
        took = (perf_counter() - began) * 1000
        events.request.fire(  # type: ignore[no-untyped-call]
            request_type="GET", name="a stream opened", response_time=took, response_length=len(heard),
            exception=error, context={},
        )  # fmt: skip
