"""Requests to outside addresses: only the open Internet is reached, and nothing lasts or weighs too long."""

import gzip
import ssl
import zlib
from pathlib import Path

import pytest

from entente.clock import now
from entente.outside import fetching, guard, rules
from entente.outside.fetching import NOT_OPEN, TOO_HEAVY, Fetched, Tags, Unreachable, fetch
from entente.outside.guard import Guard, is_public
from outside_world import NAME, Elsewhere, answer, drop_by_drop, without_end

ICS = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


async def refusal(address: str, by: Guard) -> str:
    with pytest.raises(Unreachable) as refused:
        await fetch(address, Tags(), by)
    return refused.value.reason


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1"),
        *("224.0.0.1", "255.255.255.255", "203.0.113.9", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"),
        *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1"),
        *("2001:db8::1", "2002:7f00:1::", "2001::1", "100::1", "3fff::1", "agenda.example", ""),
    ],
)
def test_what_is_not_the_open_internet_is_not_reached(address: str) -> None:
    """Our own machines, those of the cloud, and IPv4 dressed as IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "193.252.19.3", "172.32.0.1", "2a00:1450:4007::1", "2606:4700::1111"])
def test_the_open_internet_is_reached(address: str) -> None:
    """Where people's agendas are."""
    assert is_public(address)


async def test_a_calendar_is_asked_for_by_its_name(elsewhere: Elsewhere) -> None:
    """The connection goes to the address that was judged; its server reads the name, and no cookie."""
    elsewhere.answers["/a.ics"] = answer(ICS, ETag='"7"', Last_Modified="Sun, 22 Nov 2026 10:00:00 GMT")

    got = await fetch(elsewhere.at(), Tags(), elsewhere.guard)

    assert got == Fetched(ICS, Tags('"7"', "Sun, 22 Nov 2026 10:00:00 GMT"))
    (asked,) = elsewhere.asked
    assert asked["host"] == f"{NAME}:{elsewhere.port}"
    assert "cookie" not in asked
    assert "authorization" not in asked


async def test_an_unchanged_calendar_is_not_sent_again(elsewhere: Elsewhere) -> None:
    """Its tags travel; 304 keeps them."""
    elsewhere.answers["/a.ics"] = answer(status="304 Not Modified")
    tags = Tags('"7"', "Sun, 22 Nov 2026 10:00:00 GMT")

    assert await fetch(elsewhere.at(), tags, elsewhere.guard) == Fetched(None, tags)
    assert (elsewhere.asked[0]["if-none-match"], elsewhere.asked[0]["if-modified-since"]) == (
        '"7"',
        tags.modified.lower(),
    )


@pytest.mark.parametrize(
    "target",
    [
        *(
            "http://127.0.0.1:{port}/a.ics",
            "http://[::ffff:10.0.0.1]/a.ics",
            "http://[::1]:{port}/",
            "http://10.0.0.1/",
        ),
        *("http://169.254.169.254/latest/meta-data", "https://inside.example/", "http://mixed.example:{port}/a.ics"),
        *("file:///etc/passwd", "ftp://agenda.example/a.ics", "gopher://agenda.example/"),
    ],
)
async def test_a_redirect_cannot_lead_inside(elsewhere: Elsewhere, target: str) -> None:
    """Each hop is judged: our own machine, a name that leads there, one that leads there among others."""
    elsewhere.names |= {"inside.example": ["192.168.0.10"], "mixed.example": ["8.8.8.8", "10.0.0.1"]}
    by = Guard(elsewhere.look_up, lambda address: is_public(address) or len(elsewhere.asked) == 0)
    elsewhere.answers["/go"] = answer(status="302 Found", Location=target.format(port=elsewhere.port))
    elsewhere.answers["/a.ics"] = answer(ICS)

    assert await refusal(elsewhere.at("/go"), by) == NOT_OPEN
    assert len(elsewhere.asked) == 1


async def test_a_name_that_changes_its_answer_gains_nothing(elsewhere: Elsewhere) -> None:
    """It is looked up once for each connection, and the connection goes where the guard looked."""
    looked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["10.0.0.1"]

    elsewhere.answers["/a.ics"] = answer(ICS)
    got = await fetch(elsewhere.at(), Tags(), Guard(rebinding, lambda address: address == "127.0.0.1"))

    assert got.content == ICS
    assert looked == [NAME]


async def test_five_redirects_are_followed_and_no_more(elsewhere: Elsewhere) -> None:
    """Without carrying along the cookie that a hop has set."""
    for n in range(6):
        elsewhere.answers[f"/{n}"] = answer(status="302 Found", Location=f"/{n + 1}", Set_Cookie="a=b; Path=/")
    elsewhere.answers["/6"] = answer(ICS)

    assert (await fetch(elsewhere.at("/1"), Tags(), elsewhere.guard)).content == ICS
    assert all("cookie" not in asked for asked in elsewhere.asked)
    assert "sans fin" in await refusal(elsewhere.at("/0"), elsewhere.guard)


@pytest.mark.parametrize("path", ["/declared", "/without-end", "/bomb"])
async def test_five_megabytes_are_enough(elsewhere: Elsewhere, path: str) -> None:
    """Two gigabytes announced, a calendar that never ends, and a few kilobytes that unfold into a hundred megabytes."""
    elsewhere.answers |= {
        "/declared": answer(b"BEGIN:VCALENDAR\r\n", Content_Length=str(2 * 1024**3)),
        "/without-end": without_end,
        "/bomb": answer(gzip.compress(bytes(100_000_000)), Content_Encoding="gzip"),
    }
    assert await refusal(elsewhere.at(path), elsewhere.guard) == TOO_HEAVY


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_what_is_folded_is_unfolded(elsewhere: Elsewhere, coding: str) -> None:
    """Within the same bound."""
    packed = gzip.compress(ICS) if coding == "gzip" else zlib.compress(ICS)
    elsewhere.answers["/a.ics"] = answer(packed, Content_Encoding=coding)
    assert (await fetch(elsewhere.at(), Tags(), elsewhere.guard)).content == ICS


async def test_a_server_that_drips_is_left(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it says something: the whole of it has a deadline."""
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.3)
    elsewhere.answers["/a.ics"] = drop_by_drop
    assert "trop de temps" in await refusal(elsewhere.at(), elsewhere.guard)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (answer(status="401 Unauthorized"), "refuse de montrer"),
        (answer(status="404 Not Found"), "n’existe plus"),
        (answer(status="503 Unavailable"), "en panne"),
        (answer(status="418 Teapot"), "code 418"),
        (answer(status="304 Not Modified"), "code 304"),
        (answer(b"xxx", Content_Encoding="br"), "incompréhensible"),
        (answer(b"xxx", Content_Encoding="gzip"), "incompréhensible"),
        (answer(b"", Content_Length="beaucoup"), "incompréhensible"),
        (answer(b"BEGIN", Content_Length="4000"), "incompréhensible"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "incompréhensible"),
        (b"", "incompréhensible"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 300_000, "incompréhensible"),
        (answer(status="302 Found", Location="http://[::1/"), "incompréhensible"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_goes_wrong_is_said_in_french(elsewhere: Elsewhere, sent: bytes, words: str) -> None:
    """A sentence for whoever follows the agenda."""
    elsewhere.answers["/a.ics"] = sent
    assert words in await refusal(elsewhere.at(), elsewhere.guard)


async def test_a_name_that_nobody_bears_is_said(elsewhere: Elsewhere) -> None:
    """And a port where nobody listens."""
    assert "introuvable" in await refusal("https://personne.example/a.ics", elsewhere.guard)
    assert "introuvable" in await refusal(f"http://{NAME}:1/a.ics", elsewhere.guard)


async def test_a_server_may_ask_to_wait(elsewhere: Elsewhere) -> None:
    """Up to a day."""
    elsewhere.answers["/a.ics"] = answer(status="429 Too Many Requests", Retry_After="7200")
    with pytest.raises(Unreachable) as refused:
        await fetch(elsewhere.at(), Tags(), elsewhere.guard)
    assert refused.value.pause.total_seconds() == 7_200


async def test_the_surroundings_have_no_say(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a proxy nor a file of passwords of this machine."""
    (tmp_path / ".netrc").write_text(f"machine {NAME} login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    elsewhere.answers["/a.ics"] = answer(ICS)

    assert (await fetch(elsewhere.at(), Tags(), elsewhere.guard)).content == ICS
    assert "authorization" not in elsewhere.asked[0]


def test_certificates_are_checked() -> None:
    """Against public authorities, with the name that was typed."""
    tls = guard._tls()
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("webcal://agenda.example/a.ics", "https://agenda.example/a.ics"),
        ("WEBCALS://agenda.example/a.ics", "https://agenda.example/a.ics"),
        (" https://agenda.example/a.ics?k=1#x\n", "https://agenda.example/a.ics?k=1"),
        ("http://agenda.example:8080/a", "http://agenda.example:8080/a"),
    ],
)
def test_an_address_is_taken_as_people_paste_it(typed: str, kept: str) -> None:
    """`webcal:` is what agendas call https."""
    assert rules.whole_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "agenda", "agenda.example/a.ics", "file:///etc/passwd", "javascript:alert(1)", "https://", "https:///a"),
        *("http://127.0.0.1/", "http://localhost:8000/", "http://[::ffff:10.0.0.1]/", "http://10.0.0.1/a.ics"),
        *("http://2130706433/", "https://agenda.example:99999/", "https://[::1", "https://a.example/" + "x" * 2_000),
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    """With a sentence that ends as one."""
    with pytest.raises(ValueError, match=r"\.$"):
        rules.whole_address(typed)


def test_failures_space_the_requests_out() -> None:
    """A quarter of an hour, then twice as much each time, a day at most; nobody asks at the same minute."""
    at = now()
    waits = [(rules.next_time(at, n, chance=0) - at).total_seconds() / 60 for n in (0, 1, 2, 3, 8, 5_000)]
    assert waits == [60, 15, 30, 60, 1_440, 1_440]
    assert (rules.next_time(at, 0, chance=1) - at).total_seconds() == 72 * 60
    assert (rules.next_time(at, 1, rules.LONGEST_PAUSE, chance=0) - at) == rules.LONGEST_PAUSE
