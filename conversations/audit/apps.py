"""The Django app of the audit log."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Audited reading."""

    name = "conversations.audit"
    verbose_name = "Audit"
