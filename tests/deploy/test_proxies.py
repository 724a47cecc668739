"""The two reverse proxies of `deploy/`, running: what is live passes at once, and nobody lies about who comes."""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import missing
from deploy.guide import TREE

SITE = "entente.example"
PATIENCE = 60


@dataclass
class Behind:
    """A server behind the proxy: it says what it was asked, and holds a stream open between two words."""

    port: int
    go_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving() -> Iterator[Behind]:
    """A server that is not Entente, so that only the proxy is judged."""
    go_on = threading.Event()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if not self.path.startswith("/live"):
                self._say(json.dumps({name.lower(): value for name, value in self.headers.items()}).encode())
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._chunk(b"data: un\n\n")
            go_on.wait(PATIENCE)
            self._chunk(b"data: deux\n\n")
            self._chunk(b"")

        def _chunk(self, piece: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Behind(server.server_port, go_on)
        finally:
            go_on.set()
            server.shutdown()


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    """One server for the whole file."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for today, signed by itself: `fullchain.pem` and `privkey.pem`, as certbot names them."""
    folder = tmp_path_factory.mktemp("certificate")
    needed("openssl")
    words = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN={SITE}"
    names = ["-addext", f"subjectAltName=DNS:{SITE}", "-keyout", "privkey.pem", "-out", "fullchain.pem"]
    subprocess.run(["openssl", *words.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder


def needed(program: str) -> str:
    """Where a program lies; without it, a visible skip, or a failure in CI."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        missing(f"{program} is not installed")
    return str(found)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens to."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def nginx(folder: Path, certificate: Path, behind: Behind) -> tuple[list[str], list[str], int]:
    """deploy/nginx.conf with other ports and another certificate; how to judge it, to run it, and its port."""
    plain, secure = free_ports(2)
    words = re.sub(r"^ *listen \[::\].*\n", "", (TREE / "deploy/nginx.conf").read_text(), flags=re.M)
    for said, here in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ": f"listen 127.0.0.1:{secure} ",
        f"/etc/letsencrypt/live/{SITE}": str(certificate),
        "127.0.0.1:8000": f"127.0.0.1:{behind.port}",
    }.items():
        assert said in words
        words = words.replace(said, here)
    (folder / "entente.conf").write_text(words)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    account = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{account} daemon off; pid {folder}/pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/entente.conf; }}\n"
    )
    run = [needed("nginx"), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    return [*run, "-t"], run, secure


def caddy(folder: Path, certificate: Path, behind: Behind) -> tuple[list[str], list[str], int]:
    """deploy/Caddyfile with other ports and a certificate of our own; how to judge it, to run it, and its port."""
    plain, secure = free_ports(2)
    words = (TREE / "deploy/Caddyfile").read_text()
    ours = f"\thttp_port {plain}\n\thttps_port {secure}\n\tadmin off\n\tauto_https disable_redirects\n"
    words = words.replace("\n{\n", f"\n{{\n{ours}", 1)
    site = "{$SITE:entente.example} {\n"
    assert site in words
    words = words.replace(
        site, f"{site}\tbind 127.0.0.1\n\ttls {certificate}/fullchain.pem {certificate}/privkey.pem\n"
    )
    words = words.replace("127.0.0.1:8000", f"127.0.0.1:{behind.port}")
    (folder / "Caddyfile").write_text(words)
    named = ["--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    run = needed("caddy")
    return [run, "validate", *named], [run, "run", *named], secure


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module", params=PROXIES)
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, certificate: Path, behind: Behind
) -> Iterator[int]:
    """A proxy that its own program judges right, open in front of the server: the port where it speaks TLS."""
    folder = tmp_path_factory.mktemp(request.param)
    judge, run, port = PROXIES[request.param](folder, certificate, behind)
    given = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    verdict = subprocess.run(judge, env=given, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert verdict.returncode == 0, verdict.stderr
    process = subprocess.Popen(run, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Go on once somebody listens there."""
    end = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, "the proxy has ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, "nobody listens"
            time.sleep(0.1)
        else:
            return


class Visitor(http.client.HTTPSConnection):
    """A browser that resolves the site's name to this machine."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.trusting = ssl.create_default_context(cafile=certificate / "fullchain.pem")
        super().__init__(SITE, port, timeout=PATIENCE, context=self.trusting)

    def connect(self) -> None:
        """By the name, to ourselves."""
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.sock = self.trusting.wrap_socket(plain, server_hostname=SITE)

    def ask(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """One question, as the site is named, without a port."""
        self.request("GET", path, headers={"Host": SITE} | headers)
        return self.getresponse()


def test_what_is_live_passes_at_once(proxy: int, certificate: Path, behind: Behind) -> None:
    """The first word is read while the server holds back the second: nothing waits for a buffer to fill."""
    behind.go_on.clear()
    visitor = Visitor(proxy, certificate)
    stream = visitor.ask("/live", **{"Accept-Encoding": "gzip"})
    first = stream.readline() + stream.readline()
    behind.go_on.set()

    assert (first, stream.headers["Content-Encoding"]) == (b"data: un\n\n", None)
    assert stream.read() == b"data: deux\n\n"
    visitor.close()


def test_browsers_speak_http_2(proxy: int, certificate: Path) -> None:
    """Six tabs of one browser would otherwise use up its connections."""
    context = ssl.create_default_context(cafile=certificate / "fullchain.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", proxy), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=SITE) as talk,
    ):
        assert talk.selected_alpn_protocol() == "h2"


def test_nobody_lies_about_where_they_come_from(proxy: int, certificate: Path) -> None:
    """What a visitor says in the proxy's name is replaced; the site's name is passed on."""
    visitor = Visitor(proxy, certificate)
    forged = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    told = json.loads(visitor.ask("/connexion", **forged).read())
    visitor.close()

    assert told["host"] == told["x-forwarded-host"] == SITE
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")


@pytest.mark.parametrize("path", ["/metriques", "/metriques/"])
def test_figures_are_not_for_the_internet(proxy: int, certificate: Path, path: str) -> None:
    """The proxy itself says that there is nothing."""
    visitor = Visitor(proxy, certificate)
    assert visitor.ask(path).status == 404
    visitor.close()
