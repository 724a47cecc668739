"""Pictures are drawn anew: nothing of what a file hides comes with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import pytest
from PIL import Image

import samples
from entente.files import pictures
from entente.files.pictures import Picture, drawn_again
from entente.rules import Invalid


@asynccontextmanager
async def drawn(content: bytes) -> AsyncIterator[Picture]:
    picture = await drawn_again(BytesIO(content))
    assert picture is not None
    yield picture
    picture.close()


async def test_a_photo_forgets_where_it_was_taken_and_stands_upright() -> None:
    """Neither EXIF, nor GPS, nor comment; the side that was up is up."""
    sent = samples.photo()
    assert samples.SECRET_PLACE.encode() in sent
    async with drawn(sent) as picture:
        kept, small = picture.drawn.read(), picture.thumbnail.read()
    assert samples.SECRET_PLACE.encode() not in kept + small
    with Image.open(BytesIO(kept)) as again, Image.open(BytesIO(small)) as thumbnail:
        assert (again.format, again.size, dict(again.getexif())) == ("JPEG", (400, 800), {})
        assert "icc_profile" not in again.info
        assert "comment" not in again.info
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (320, 640))
    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", 400, 800)
    assert (picture.size, picture.thumbnail_size) == (len(kept), len(small))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF"])
async def test_other_pictures_keep_their_format(form: str) -> None:
    """Drawn again as they were."""
    async with drawn(samples.drawing(form)) as picture:
        with Image.open(picture.drawn) as again:
            assert (again.format, again.size) == (form, (1200, 900))


async def test_a_see_through_picture_stays_so() -> None:
    """Its page shows behind it, in its thumbnail too."""
    sent = BytesIO()
    Image.new("RGBA", (30, 30), (10, 20, 30, 0)).save(sent, "PNG")
    async with drawn(sent.getvalue()) as picture:
        for each in (picture.drawn, picture.thumbnail):
            with Image.open(each) as again:
                assert again.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


async def test_an_animation_still_moves_and_loses_what_follows_it() -> None:
    """Three images at their pace; the script behind them is gone."""
    async with drawn(samples.gif_with_script_behind()) as picture:
        kept = picture.drawn.read()
    assert b"alert" not in kept
    with Image.open(BytesIO(kept)) as again:
        assert (getattr(again, "n_frames", 1), again.info["duration"]) == (3, 80)


async def test_a_telephone_that_puts_two_pictures_in_one_is_understood() -> None:
    """The photo is kept, what lies behind it is not."""
    sent, first = BytesIO(), Image.new("RGB", (80, 60), "red")
    first.save(sent, "MPO", save_all=True, append_images=[Image.new("RGB", (80, 60), "blue")])
    async with drawn(sent.getvalue()) as picture:
        with Image.open(picture.drawn) as again:
            assert (again.format, again.size) == ("JPEG", (80, 60))


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "LA", "I;16"])
async def test_every_way_of_keeping_colours_is_understood(mode: str) -> None:
    """Printers' colours, greys, palettes."""
    sent = BytesIO()
    Image.new(mode, (20, 10)).save(sent, "JPEG" if mode == "CMYK" else "PNG")
    async with drawn(sent.getvalue()) as picture:
        assert (picture.width, picture.height) == (20, 10)


WRONG = {
    "bomb": (samples.png_bomb(), pictures.TOO_LARGE),
    "one-pixel-too-many": (samples.png_bomb(6325), pictures.TOO_LARGE),
    "many-images": (samples.moving(301, (2, 2)), pictures.TOO_LONG),
    "large-images": (samples.moving(18, (2400, 2400)), pictures.TOO_LONG),
    "cut": (samples.drawing()[:500], pictures.UNREADABLE),
    "script-called-gif": (samples.GIF_AND_SCRIPT, pictures.UNREADABLE),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_picture_that_lies_is_refused_before_it_is_decoded(case: str) -> None:
    """The sentence says what may be brought."""
    content, sentence = WRONG[case]
    with pytest.raises(Invalid) as refused:
        await drawn_again(BytesIO(content))
    assert list(refused.value.errors.values()) == [sentence]


@pytest.mark.parametrize("content", [samples.PDF, samples.SVG, samples.HTML, b""], ids=["pdf", "svg", "html", "empty"])
async def test_what_is_no_picture_is_left_to_others(content: bytes) -> None:
    """Not an error: it is simply something else."""
    assert await drawn_again(BytesIO(content)) is None
