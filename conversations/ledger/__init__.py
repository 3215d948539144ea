"""What every call of a provider used, kept apart from what was said."""
