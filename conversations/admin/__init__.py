"""The admin of conversations, their turns, messages and attachments.

Its lists and its search know owners, figures and states; what was said is shown by
the transcript alone, after a reason was given and written down.
"""

from conversations.admin.attachments import AttachmentAdmin
from conversations.admin.conversations import ConversationAdmin
from conversations.admin.messages import MessageAdmin
from conversations.admin.turns import TurnAdmin

__all__ = ["AttachmentAdmin", "ConversationAdmin", "MessageAdmin", "TurnAdmin"]
