"""Every fault in full, first on the parts of one machine and then on a team's."""

import os
import subprocess
import sys


def main() -> int:
    """Run the tests of this folder twice; returns what pytest says of the worse."""
    tests = [sys.executable, "-m", "pytest", "tests/faults", *sys.argv[1:]]
    environment = {**os.environ, "FAULTS": "full"}
    commands = (tests, [sys.executable, "-m", "tests.parts", *tests])
    return max(
        subprocess.call(command, env=environment)  # noqa: S603 - our own tests
        for command in commands
    )


if __name__ == "__main__":
    sys.exit(main())
