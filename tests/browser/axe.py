"""axe-core on an open page, in light and dark, wide and narrow."""

from typing import Literal

from playwright.sync_api import Page

from tests.settings_child import ROOT

AXE = next((ROOT / "tests" / "vendor").glob("axe-core@*/axe.min.js"))
# Evaluated, and not added as a script: the policy of the pages stands.
_RUN_JS = """async () => {
  // Colours are measured at rest, not while one becomes another.
  await new Promise(requestAnimationFrame);
  const changes = document.getAnimations().filter((it) => it instanceof CSSTransition);
  await Promise.allSettled(changes.map((it) => it.finished));
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const said = ({ id, help }, node) => `${id}: ${help} ${node.target} ${node.html}`;
  return violations.flatMap((rule) => rule.nodes.map((node) => said(rule, node)));
}"""

WIDTHS_PX = (1280, 360)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def faults(page: Page) -> list[str]:
    """What axe-core objects to on the page as it is now, in light and in dark."""
    page.evaluate(AXE.read_text())
    found: list[str] = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {fault}" for fault in page.evaluate(_RUN_JS)]
    return found


def faults_at_all_widths(page: Page) -> list[str]:
    """The same for a wide and for a narrow window, which is left wide."""
    found: list[str] = []
    for width_px in reversed(WIDTHS_PX):
        page.set_viewport_size({"width": width_px, "height": 800})
        found += [f"{width_px} px, {fault}" for fault in faults(page)]
    return found
