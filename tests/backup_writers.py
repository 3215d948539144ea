"""People who go on writing: threads that make conversations with pictures.

Run as a program it writes until its input ends, and prints what was committed:
`conversation DIGEST`, one a line.
"""

import hashlib
import os
import sys
import tempfile
import threading
import uuid
from pathlib import Path

WRITERS = 20


def write(owner_id: int, stopped: threading.Event) -> None:
    """One conversation with a picture after the other."""
    while not stopped.is_set():
        conversation_id, digest = one(owner_id)
        sys.stdout.write(f"{conversation_id} {digest}\n")
        sys.stdout.flush()


def one(owner_id: int) -> tuple[uuid.UUID, str]:
    """A conversation of one answered question with a picture of its own."""
    from chatsite.accounts.models import User
    from conversations import attachment_files
    from conversations.models import Attachment
    from tests import factories

    data = os.urandom(2000)
    digest = hashlib.sha256(data).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, digest)
        file.write_bytes(data)
        with attachment_files.locked([digest]):
            attachment_files.place(file, digest)
            turn = factories.started(User.objects.get(pk=owner_id))
            Attachment.objects.create(
                owner_id=owner_id,
                message=turn.question,
                name="picture.png",
                media_type="image/png",
                digest=digest,
                size_bytes=len(data),
                width_px=1,
                height_px=1,
                thumbnail_digest=digest,
                thumbnail_media_type="image/png",
            )
    factories.ended(turn)
    return turn.conversation_id, digest


def main() -> None:
    """Write until the input ends."""
    import django

    django.setup()
    from tests import factories

    owner = factories.person("writer")
    stopped = threading.Event()
    threads = [
        threading.Thread(target=write, args=(owner.pk, stopped)) for _ in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stopped.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    main()
