"""Alerts: each is valid, speaks of figures that exist, and leads to words that say what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

from deploy.guide import TREE
from deploy.test_machines import judged_by
from world import World

ALERTS = TREE / "deploy" / "alerts.yml"
RUNBOOK = TREE / "docs" / "exploitation.md"
MADE_BY_PROMETHEUS = {"up"}
RULES: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(ALERTS)["groups"][0]["rules"]


def headings(document: Path) -> dict[str, str]:
    """What is written under each heading, by the anchor that leads there."""
    tokens = MarkdownIt("commonmark").enable("table").parse(document.read_text())
    found: dict[str, str] = {}
    anchor = ""
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            anchor = re.sub(r"[^\w\- ]", "", following.content.lower()).replace(" ", "-")
            found[anchor] = ""
        elif token.type == "inline" and following is not None and following.type != "heading_close":
            found[anchor] = found.get(anchor, "") + token.content
    return found


def test_prometheus_understands_the_alerts() -> None:
    """Its own judge reads the rules, and the configuration that loads them."""
    assert f"{len(RULES)} rules found" in judged_by("promtool", "check", "rules", ALERTS)
    judged_by("promtool", "check", "config", TREE / "deploy" / "prometheus.yml")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_what_to_do(rule: dict[str, Any]) -> None:
    """Its section of the runbook says more than its name."""
    path, _, anchor = rule["annotations"]["conduite"].partition("#")

    assert path == f"file:///opt/entente/{RUNBOOK.relative_to(TREE)}"
    assert anchor == rule["alert"].lower()
    assert len(headings(RUNBOOK)[anchor]) > 150
    assert rule["annotations"]["resume"].endswith(".")
    assert rule["labels"]["gravite"] in ("haute", "moyenne")


async def names_of(world: World) -> set[str]:
    """Every figure the house tells, by the name Prometheus gives it."""
    async with world.browser(world.ines) as browser:
        told = (await browser.get("/metriques")).text
    named = set(re.findall(r"^(?:# TYPE )?([a-z]\w+)", told, re.M))
    # A counter that has counted nothing under a label is not written yet.
    return named | {name for collector in REGISTRY._collector_to_names.values() for name in collector}


async def test_alerts_and_runbook_speak_of_figures_that_exist(world: World) -> None:
    """A figure that is renamed in the code is renamed where an operator looks."""
    said = ALERTS.read_text() + RUNBOOK.read_text()
    spoken = set(re.findall(r"\b(?:entente_(?!guide)[a-z_]+|process_[a-z_]+)\b", said)) - {"process_"}
    unknown = {name for name in spoken if name not in await names_of(world)}

    assert unknown == set()


async def test_every_figure_of_ours_is_explained(world: World) -> None:
    """What is told is in the table of the runbook."""
    ours = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in await names_of(world)}
    kept = {name for name in ours if name.startswith("entente_") and f"{name}_total" not in ours}
    table = set(re.findall(r"`(entente_\w+)`", headings(RUNBOOK)["ce-qui-est-mesuré"]))

    assert kept == table


def test_each_section_about_an_alert_has_its_alert() -> None:
    """What is no longer watched is no longer explained."""
    assert {anchor for anchor in headings(RUNBOOK) if anchor.startswith("entente")} == {
        rule["alert"].lower() for rule in RULES
    }
