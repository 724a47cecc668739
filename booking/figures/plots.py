"""Figures as pictures, drawn by the server: each has its table on the page, and says the same."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import pygal
from pygal.style import Style

from booking.figures.queries import Occupancy, Use

LIGHT = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#2b333b",
    foreground_strong="#2b333b",
    foreground_subtle="#5c6770",
    colors=("#0f6b8f", "#a15c00"),
    opacity="1",
    guide_stroke_color="#c9d0d5",
    major_guide_stroke_color="#c9d0d5",
    label_font_size=13,
    major_label_font_size=13,
    value_font_size=13,
    value_label_font_size=13,
    legend_font_size=13,
    font_family="system-ui, sans-serif",
)
DARK = """inline:
.text-overlay .value { transform: translate(1.2em, 0) }
@media (prefers-color-scheme: dark) {
  svg, .graph > .background, .plot > .background { background: #20292f !important; fill: #20292f !important }
  text { fill: #e6ebee !important }
  .guides line, .axis path, .axis line, path.guide, path.line { stroke: #7d8a93 !important }
  .bar rect.rect { stroke: none !important }
  .color-0 { fill: #62b8dc !important }
  .color-1 { fill: #e0a85c !important }
}"""
"""For those who read in the dark: a picture follows the page that shows it."""
ROW, LEAST = 30, 160


def _drawn(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], unit: str) -> bytes:
    chart = pygal.HorizontalBar(
        style=LIGHT,
        css=["file://style.css", "file://graph.css", DARK],
        js=[],
        width=900,
        height=max(LEAST, ROW * (len(labels) + 2) * len(series)),
        show_legend=len(series) > 1,
        legend_at_bottom=True,
        print_values=True,
        print_values_position="top",
        formatter=lambda value: "" if value is None else f"{value:.0f}\u00a0{unit}".strip(),
        disable_xml_declaration=True,
        no_data_text="Rien sur cette période",
        truncate_label=40,
        margin=8,
    )
    # The first of the list on top.
    chart.x_labels = list(reversed(labels))
    for title, values in series:
        chart.add(title, list(reversed(values)))
    chart.add_xml_filter(_without_script)
    made: str = chart.render(is_unicode=True)
    return made.encode()


def _without_script(root: Element) -> Element:
    # A picture runs nothing, and the policy of the house would refuse it.
    for parent in list(root.iter()):
        for child in [each for each in parent if str(each.tag).endswith("script")]:
            parent.remove(child)
        # A policy knows a sheet of style by its hash, and an attribute of style not at all: SVG has its own.
        for rule in parent.attrib.pop("style", "").split(";"):
            name, _, value = rule.partition(":")
            if value:
                parent.set(name.strip(), value.strip())
    return root


def occupancy(units: Sequence[Occupancy]) -> bytes:
    """Bars: how much of its open hours each unit was taken."""
    rates = [None if each.rate is None else each.rate * 100 for each in units]
    return _drawn([each.name for each in units], [("Occupation", rates)], "%")


def use(communes: Sequence[Use]) -> bytes:
    """Bars: how many hours each commune has taken."""
    return _drawn([each.name for each in communes], [("Heures", [each.minutes / 60 for each in communes])], "h")


def unmet(communes: Sequence[Use]) -> bytes:
    """Bars: what each commune has had, and what it was refused."""
    met, refused = [float(each.uses) for each in communes], [float(each.unmet) for each in communes]
    names = [each.name for each in communes]
    return _drawn(names, [("Réservations", met), ("Demandes refusées ou sans réponse", refused)], "")
