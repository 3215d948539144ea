"""Models as rows: what their servers last said, and what administrators decided.

The two stand in columns of their own, so that asking a server again never undoes a
decision. An empty decision means: as the server says.
"""

from typing import override

from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

WORDS_HELP = "Words with commas between them; “none” for none. Empty: as told."


class CatalogueModel(models.Model):
    """One model that some back end offers, or has offered."""

    id = models.CharField("model", primary_key=True, max_length=200, editable=False)
    provider = models.CharField(max_length=64, editable=False)
    # What the server last said: the fields of ModelInfo that a decision may replace.
    told = models.JSONField(default=dict, editable=False)
    told_at = models.DateTimeField(default=timezone.now, editable=False)

    enabled = models.BooleanField(default=True, help_text="Offered to people at all.")
    groups = models.ManyToManyField(
        Group,
        blank=True,
        related_name="+",
        verbose_name="who may use it",
        help_text="Nobody outside of these groups may. Empty: everyone may.",
    )
    name = models.CharField(
        max_length=200, blank=True, help_text="Shown in the picker. Empty: as told."
    )
    context_tokens = models.PositiveIntegerField(
        "context window", null=True, blank=True, help_text="Tokens. Empty: as told."
    )
    output_limit_tokens = models.PositiveIntegerField(
        "output limit", null=True, blank=True, help_text="Tokens. Empty: as told."
    )
    images = models.BooleanField(null=True, blank=True, help_text="Unknown: as told.")
    documents = models.BooleanField(
        null=True, blank=True, help_text="Unknown: as told."
    )
    sampling = models.BooleanField(
        "temperature", null=True, blank=True, help_text="Unknown: as told."
    )
    thinking = models.CharField(
        "thinking modes", max_length=200, blank=True, help_text=WORDS_HELP
    )
    efforts = models.CharField(max_length=200, blank=True, help_text=WORDS_HELP)
    server_tools = models.CharField(max_length=400, blank=True, help_text=WORDS_HELP)
    retires_on = models.DateField(
        null=True, blank=True, help_text="Last day that is announced. Empty: as told."
    )

    class Meta:
        """As a person looks for one."""

        ordering = ("provider", "id")
        verbose_name = "model"

    @override
    def __str__(self) -> str:
        """Its id, which is what people name it by."""
        return self.id


class Fallback(models.Model):
    """A model that answers in the place of another that cannot."""

    model = models.ForeignKey(
        CatalogueModel, on_delete=models.CASCADE, related_name="fallbacks"
    )
    substitute = models.ForeignKey(
        CatalogueModel, on_delete=models.CASCADE, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        """In the order in which they are asked."""

        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("model", "substitute"), name="fallback_is_named_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(model=models.F("substitute")),
                name="fallback_is_another_model",
            ),
        )

    @override
    def __str__(self) -> str:
        """Who answers for whom."""
        return f"{self.substitute_id} for {self.model_id}"


class ModelPrice(models.Model):
    """What a model costs from a day on, instead of the project's own table.

    All in picodollars (10^-12 US dollars): per token, and per search of the web.
    """

    model = models.ForeignKey(
        CatalogueModel, on_delete=models.CASCADE, related_name="prices"
    )
    since = models.DateField(help_text="Holds from this day (UTC).")
    input = models.PositiveBigIntegerField()
    output = models.PositiveBigIntegerField()
    cache_write_5m = models.PositiveBigIntegerField()
    cache_write_1h = models.PositiveBigIntegerField()
    cache_read = models.PositiveBigIntegerField()
    web_search = models.PositiveBigIntegerField()

    class Meta:
        """Newest first."""

        ordering = ("-since",)
        constraints = (
            models.UniqueConstraint(
                fields=("model", "since"), name="price_of_a_day_is_one"
            ),
        )

    @override
    def __str__(self) -> str:
        """Of what, and since when."""
        return f"{self.model_id} from {self.since}"
