"""What a file is: its bytes say it, its name only chooses among what they allow."""

import pytest

import samples
from entente.files import kinds
from entente.files.kinds import OCTETS, disposition, file_name, kind_of

KINDS = {
    "pdf": (samples.PDF, "marche.pdf", "PDF", "application/pdf"),
    "pdf-called-jpg": (samples.PDF, "photo.jpg", "PDF", "application/pdf"),
    "docx": (samples.docx(), "cahier.docx", "Document Word", None),
    "docx-called-zip": (samples.docx(), "cahier.zip", "Archive ZIP", "application/zip"),
    "odt": (samples.odt(), "cahier.odt", "Document OpenDocument", None),
    "zip": (samples.archive(), "lots.zip", "Archive ZIP", "application/zip"),
    "zip-called-pdf": (samples.archive(), "lots.pdf", "Archive ZIP", "application/zip"),
    "old-xls": (samples.OLD_OFFICE, "lots.xls", "Classeur Excel", "application/vnd.ms-excel"),
    "old-office": (samples.OLD_OFFICE, "lots.dat", "Fichier", OCTETS),
    "csv": (samples.CSV, "lots.csv", "Tableau CSV", "text/csv; charset=utf-8"),
    "text": (samples.CSV, "lots", "Texte", "text/plain; charset=utf-8"),
    "text-mz": (b"MZ;commune\n1;Brioude\n", "lots.csv", "Tableau CSV", "text/csv; charset=utf-8"),
    "svg": (samples.SVG, "plan.svg", "Dessin SVG", OCTETS),
    "svg-called-txt": (samples.SVG, "plan.txt", "Dessin SVG", OCTETS),
    "html-called-jpg": (samples.HTML, "photo.jpg", "Page web", OCTETS),
    "xml": (samples.XML, "flux.xml", "Document XML", OCTETS),
    "bytes": (bytes(range(256)), "donnees.bin", "Fichier", OCTETS),
}


@pytest.mark.parametrize("case", KINDS)
def test_a_file_is_what_its_bytes_say(case: str) -> None:
    """Whatever it is called, nothing that a browser could run has a type that it would run."""
    content, name, label, media_type = KINDS[case]
    kind = kind_of(content[: kinds.HEAD], name)
    assert (kind.label, kind.refusal) == (label, "")
    assert media_type in (None, kind.media_type)


REFUSED = {
    "windows": (samples.PROGRAM, "facture.pdf", kinds.PROGRAM),
    "shell": (samples.SCRIPT, "lisez-moi", kinds.PROGRAM),
    "batch": (b"echo", "lots.bat", kinds.PROGRAM),
    "hidden-ending": (b"echo", "lots.pdf.VBS", kinds.PROGRAM),
    "heic": (samples.HEIC, "photo.heic", kinds.PICTURE),
    "tiff": (samples.drawing("TIFF"), "plan.tif", kinds.PICTURE),
    "avif": (samples.drawing("AVIF"), "plan.jpg", kinds.PICTURE),
    "bmp": (samples.drawing("BMP", (20, 20)), "plan.bmp", kinds.PICTURE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_programs_and_pictures_that_keep_their_past_are_refused(case: str) -> None:
    """The sentence says what to do instead."""
    content, name, reason = REFUSED[case]
    assert kind_of(content[: kinds.HEAD], name).refusal == reason


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\awa\\plan.pdf", "plan.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("li\u200bste\u0000.csv", "liste.csv"),
        (".htaccess", "htaccess"),
        ('a"b<c>|d?.txt', "a_b_c__d_.txt"),
        ("deux\r\nlignes.txt", "deux lignes.txt"),
        ("…", "…"),
        ("", "fichier"),
        ("é" * 300 + ".docx", "é" * 115 + ".docx"),
    ],
)
def test_a_name_can_be_saved_anywhere(sent: str, clean: str) -> None:
    """No path, no control, nothing unseen, and no name that hides its own ending."""
    assert file_name(sent) == clean


def test_a_name_is_told_to_old_and_new_browsers() -> None:
    """Nothing of it can add a header or close the quotes."""
    assert disposition("État « 1 ».pdf") == (
        "attachment; filename=\"_tat _ 1 _.pdf\"; filename*=UTF-8''%C3%89tat%20%C2%AB%201%20%C2%BB.pdf"
    )
    assert disposition('a"\\%.png', is_inline=True) == "inline; filename=\"a___.png\"; filename*=UTF-8''a%22%5C%25.png"
