"""axe-core on an open page, and the looks in which pages are checked."""

from typing import Any

from playwright.sync_api import Page

from tests.settings_child import ROOT

AXE = next((ROOT / "tests" / "vendor").glob("axe-core@*/axe.min.js"))
# Evaluated, and not added as a script: the policy of the pages stands.
_RUN_JS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const said = ({ id, help }, node) => `${id}: ${help} ${node.target} ${node.html}`;
  return violations.flatMap((rule) => rule.nodes.map((node) => said(rule, node)));
}"""

# By name: options of a browser.
LOOKS: dict[str, dict[str, Any]] = {
    f"{width} px, {scheme}": {
        "viewport": {"width": width, "height": 800},
        "color_scheme": scheme,
        # Colours are measured at rest, not while something fades in.
        "reduced_motion": "reduce",
    }
    for width in (1280, 360)
    for scheme in ("light", "dark")
}


def faults(page: Page) -> list[str]:
    """What axe-core objects to on the page as it is now."""
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(_RUN_JS)
    return found
