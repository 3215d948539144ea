"""The chat itself: conversations, turns, and what travels between them."""
