"""The log of what was read by another than its owner, and the right to do so."""
