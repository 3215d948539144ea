"""What pages, styles and icons say of each other."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
PAGES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))


def _found(pattern: str, paths: list[Path]) -> set[str]:
    return {match for path in paths for match in re.findall(pattern, path.read_text())}


def test_the_sprite_holds_the_icons_in_use_and_no_other() -> None:
    used = _found(r"(?:lucide\.svg' %|icons \})\}#([a-z0-9-]+)", PAGES) | _found(
        r"/#\.\*/, \"#([a-z0-9-]+)\"", SCRIPTS
    )
    sprite = ROOT / "static" / "icons" / "lucide.svg"
    assert _found(r'<symbol id="([a-z0-9-]+)"', [sprite]) == used


def test_every_custom_property_in_use_is_declared() -> None:
    declared = _found(r"(?m)^\s*(--[a-z0-9-]+):", STYLES)
    assert _found(r"var\((--[a-z0-9-]+)\)", STYLES) <= declared


def test_colours_stand_in_the_tokens_alone() -> None:
    others = [path for path in STYLES if path.name != "tokens.css"]
    colours = _found(
        r"#[0-9a-fA-F]{3,8}(?=[;,) ])|(?:oklch|rgba?|hsla?)\([^)]*\)", others
    )
    assert colours == set()


def test_no_page_carries_a_style_or_a_script_of_its_own() -> None:
    inline = (
        r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*(?:src=|\"application/json\"))"
    )
    assert _found(inline, PAGES) == set()


def test_every_script_is_loaded_by_some_page() -> None:
    assert _found(r"'js/([a-z]+\.js)'", PAGES) == {path.name for path in SCRIPTS}
