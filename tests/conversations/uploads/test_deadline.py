"""What happens when a decoder never comes to an end."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from conversations.confined import Undecodable
from conversations.pictures import decode


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe with a name is needed")
def test_a_decoder_that_never_ends_is_ended(tmp_path: Path) -> None:
    original = tmp_path / "original"
    os.mkfifo(original)  # nobody writes to it: whoever reads waits for ever

    with pytest.raises(Undecodable, match="bomb"):
        decode(original, deadline_s=0.5)

    commands = [child.cmdline() for child in psutil.Process().children(recursive=True)]
    assert not [command for command in commands if str(original) in command]
