"""Files are joined with a keyboard, dropped, pasted and removed, in the browser that people have."""

import base64
from io import BytesIO
from pathlib import Path

from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import FilePayload, Locator, Page, expect

import samples
from e2e.windows import CLAIRE, LUDIVINE, Voice, Windows, live, posts


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def _row(page: Page, name: str) -> Locator:
    return page.locator("#composer .waiting-file", has_text=name)


async def _faults(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


_GIVES = """([type, name, kind, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type: kind }));
  const event = type === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
  document.getElementById("field-body").dispatchEvent(event);
  return event.defaultPrevented;
}"""


async def _gives(page: Page, how: str, name: str, kind: str, content: bytes) -> bool:
    taken: bool = await page.evaluate(_GIVES, [how, name, kind, base64.b64encode(content).decode()])
    return taken


async def test_files_are_joined_by_keyboard_and_seen_by_the_others(windows: Windows, claire: Voice) -> None:
    """Ludivine chooses, describes and posts without a mouse; Claire's page shows the picture at once."""
    thread = await claire.opens("Une photo au clavier")
    page, other = await windows.of(LUDIVINE, thread), await windows.of(CLAIRE, thread)
    await live(page, other)
    await expect(page.locator("#composer [role=toolbar] button[tabindex='-1']").first).to_be_attached()
    await page.locator("#field-body").focus()
    for _ in range(6):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "field-files":
            break
    await expect(page.locator("#field-files")).to_be_focused()
    async with page.expect_file_chooser() as chooser:
        await page.keyboard.press("Enter")
    await (await chooser.value).set_files([_file("lame.png", samples.drawing()), _file("lots.csv", samples.CSV)])
    await expect(_row(page, "lots.csv").get_by_role("button", name="Retirer lots.csv")).to_be_visible()
    await expect(page.locator("#announce")).to_have_text("lots.csv est joint.")
    assert await _faults(page) == []

    await page.get_by_label("Description de l’image lame.png").fill("La lame, de face")
    await page.locator("#field-body").fill("Voici la lame.")
    await page.locator("#send").press("Enter")
    said = posts(other, "Voici la lame.")
    picture = said.get_by_role("img", name="La lame, de face")
    await expect(picture).to_be_visible()
    await picture.scroll_into_view_if_needed()
    await expect(picture).to_have_js_property("naturalWidth", 640)
    await expect(said.get_by_role("link", name="lots.csv")).to_be_visible()
    await expect(page.locator("#composer .waiting-file")).to_have_count(0)


async def test_files_are_dropped_pasted_and_removed(windows: Windows, claire: Voice) -> None:
    """A drop, a paste, a removal by keyboard whose focus goes on; pasted words stay words."""
    page = await windows.of(LUDIVINE, await claire.opens("Glisser et coller"))
    picture = BytesIO()
    Image.new("RGB", (30, 20), "teal").save(picture, "PNG")
    assert await _gives(page, "dragover", "plan.png", "image/png", picture.getvalue())
    await expect(page.locator("#composer")).to_have_class("composer only-open dropping")
    assert await _gives(page, "drop", "plan.png", "image/png", picture.getvalue())
    assert await _gives(page, "paste", "image.png", "image/png", picture.getvalue())
    remove = page.locator("#composer .waiting-file").get_by_role("button", name="Retirer")
    await expect(remove).to_have_count(2)

    await remove.first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#announce")).to_have_text("plan.png est retiré.")
    await expect(remove).to_have_count(1)
    await expect(remove).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(remove).to_have_count(0)
    await expect(page.locator("#field-files")).to_be_focused()

    await page.reload()
    await expect(page.locator("#composer .waiting-file")).to_have_count(0)


async def test_an_error_stands_beside_its_file(windows: Windows, claire: Voice, tmp_path: Path) -> None:
    """Too heavy is said without sending; a program is refused by the house; the good file is joined all the same."""
    windows.expect_wrong("422")
    page = await windows.of(LUDIVINE, await claire.opens("Des fichiers refusés"))
    sent = {"film.mp4": b"\0" * 25_000_001, "outil.exe": samples.PROGRAM, "bon.pdf": samples.PDF}
    for name, content in sent.items():
        (tmp_path / name).write_bytes(content)
    await page.set_input_files("#field-files", [tmp_path / name for name in sent])
    await expect(_row(page, "film.mp4")).to_contain_text("Ce fichier est trop lourd\u00a0: 25\u00a0Mo au plus.")
    await expect(_row(page, "outil.exe")).to_contain_text("Les programmes ne peuvent pas être joints.")
    await expect(_row(page, "bon.pdf").get_by_role("button", name="Retirer")).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": 320, "height": 700})
        assert await _faults(page) == []
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= 320
    await page.get_by_role("button", name="Fermer l’erreur sur film.mp4").click()
    await page.get_by_role("button", name="Fermer l’erreur sur outil.exe").click()
    await expect(page.locator("#composer .failed")).to_have_count(0)


async def test_a_sending_is_given_up(windows: Windows, claire: Voice) -> None:
    """While a file is on its way the message waits; given up, nothing of it remains and the message leaves."""
    page = await windows.of(LUDIVINE, await claire.opens("Un envoi qui dure"))
    await page.route("**/forums/fichiers/depot", lambda _route: None)
    await page.set_input_files("#field-files", [_file("lent.pdf", samples.PDF)])
    await page.locator("#field-body").fill("Sans le fichier.")
    await page.locator("#send").click()
    await expect(page.locator("#announce")).to_contain_text("Un fichier est encore en route")
    assert await _faults(page) == []
    await page.get_by_role("button", name="Annuler l’envoi de lent.pdf").press("Enter")
    await expect(page.locator("#composer .waiting-file")).to_have_count(0)
    await page.locator("#send").click()
    await expect(posts(page, "Sans le fichier.")).to_have_count(1)


async def test_files_are_joined_without_scripts(windows: Windows, claire: Voice) -> None:
    """The form brings them, and gives them back to be described or removed before it is sent."""
    page = await windows.of(LUDIVINE, await claire.opens("Joindre sans scripts"), java_script_enabled=False)
    await page.fill("#field-body", "Voici nos lots.")
    await page.set_input_files("#field-files", [_file("plan.png", samples.drawing()), _file("trop.csv", samples.CSV)])
    await page.get_by_role("button", name="Ajouter ces fichiers avant d’envoyer").click()
    await page.get_by_role("button", name="Retirer trop.csv").click()
    await expect(_row(page, "trop.csv")).to_have_count(0)
    await page.get_by_label("Description de l’image plan.png").fill("La cour")
    await page.click("#send")
    await expect(posts(page, "Voici nos lots.").get_by_role("img", name="La cour")).to_be_visible()
