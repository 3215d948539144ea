"""How much of a document becomes formulas and colours: both cost more than words.

From the formula on with which a document has more than FORMULAS_LIMIT_CHARS of them,
formulas are shown as TeX, and likewise code is shown without colours.
"""

from dataclasses import dataclass

FORMULAS_LIMIT_CHARS = 60_000
"""TeX of a document that is converted, and FORMULA_CHARS more for each formula."""
FORMULA_CHARS = 10
CODE_LIMIT_CHARS = 100_000
"""Code of a document that is coloured."""
COLOURS_LIMIT_S = 0.8
"""Processor time for it: what is sent to blow a lexer up gets no colours."""


@dataclass(slots=True)
class Budget:
    """Counts down the formulas and the code of a document, in the order of its text."""

    formulas_chars: int = FORMULAS_LIMIT_CHARS
    code_chars: int = CODE_LIMIT_CHARS
    colours_s: float = COLOURS_LIMIT_S

    def converts(self, tex: str) -> bool:
        """Take a formula; whether it is still converted."""
        self.formulas_chars -= len(tex) + FORMULA_CHARS
        return self.formulas_chars >= 0

    def colours(self, code: str) -> bool:
        """Take the code of a block; whether it is still coloured."""
        self.code_chars -= len(code)
        return self.code_chars >= 0
