"""What a page may send: a question, a title."""

from __future__ import annotations

import uuid
from typing import Any, override

from django import forms

from conversations.catalogue import offered
from conversations.models import TITLE_LENGTH
from conversations.providers.asking import TOOLS
from conversations.turns import Question

TEXT_LENGTH = 200_000  # characters
SYSTEM_LENGTH = 50_000  # characters
NOT_OFFERED = "This model is no longer offered here."


class UUIDListField(forms.Field):
    """A field that may be repeated, each time with a UUID."""

    widget = forms.MultipleHiddenInput

    @override
    def to_python(self, value: Any) -> list[uuid.UUID]:
        one = forms.UUIDField()
        return [found for item in value or () if (found := one.clean(item))]


class KeyForm(forms.Form):
    """A repeatable POST: its key is minted by the page."""

    key = forms.UUIDField()


class AnswerForm(KeyForm):
    """A POST that has something answered, by a model that is offered now."""

    model = forms.CharField(
        error_messages={"required": "No model is offered at the moment."}
    )

    def clean_model(self) -> str:
        """A model that is offered now."""
        model: str = self.cleaned_data["model"]
        if offered.model_info(model) is None:
            raise forms.ValidationError(NOT_OFFERED)
        return model

    @property
    def provider(self) -> str:
        """Who serves the model of a valid form."""
        model = offered.model_info(self.cleaned_data["model"])
        return model.provider if model else ""


class ComposeForm(AnswerForm):
    """A question as the composer sends it, or as it is asked in other words."""

    text = forms.CharField(
        required=False,
        strip=False,
        max_length=TEXT_LENGTH,
        error_messages={
            "max_length": "This is longer than one message may be:"
            " %(show_value)s of %(limit_value)s characters."
        },
    )
    parent = forms.UUIDField(required=False)
    attachments = UUIDListField(required=False)

    @override
    def clean(self) -> dict[str, Any]:
        """A message holds words or pictures."""
        data: dict[str, Any] = super().clean() or {}
        pictures = data.get("attachments") or []
        if not self.errors and not data["text"].strip() and not pictures:
            raise forms.ValidationError("There is nothing to send yet.")
        return data

    @property
    def question(self) -> Question:
        """The question of a valid form."""
        data = self.cleaned_data
        return Question(
            key=data["key"],
            text=data["text"].strip("\r\n").rstrip().replace("\r\n", "\n"),
            model=data["model"],
            provider=self.provider,
            attachment_ids=data["attachments"],
        )


class DraftForm(forms.Form):
    """A question that is being written, to be measured."""

    text = forms.CharField(required=False, strip=False, max_length=TEXT_LENGTH)
    model = forms.CharField()
    attachments = UUIDListField(required=False)


def _out_of_range(words: str) -> dict[str, str]:
    """The same words, whichever way a number is wrong."""
    return dict.fromkeys(("invalid", "min_value", "max_value"), words)


class SettingsForm(forms.Form):
    """How a conversation is answered; what is empty is left to the model."""

    EFFORTS = (
        ("low", "Low"),
        ("medium", "Medium"),
        ("high", "High"),
        ("xhigh", "Extra high"),
        ("max", "Highest"),
    )

    prefix = "settings"
    system = forms.CharField(required=False, max_length=SYSTEM_LENGTH)
    effort = forms.ChoiceField(required=False, choices=[("", ""), *EFFORTS])
    thinking = forms.ChoiceField(
        required=False, choices=[("", ""), ("on", "on"), ("off", "off")]
    )
    max_tokens = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=1_000_000,
        error_messages=_out_of_range("The longest answer is 1 to 1,000,000 tokens."),
    )
    temperature = forms.FloatField(
        required=False,
        min_value=0,
        max_value=2,
        error_messages=_out_of_range("The temperature is a number from 0 to 2."),
    )
    tools = forms.MultipleChoiceField(
        required=False, choices=[(name, name) for name in TOOLS]
    )

    @property
    def settings(self) -> dict[str, Any]:
        """What a valid form has chosen."""
        data = {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in ("", None, [])
        }
        if "thinking" in data:
            data["thinking"] = data["thinking"] == "on"
        return data


class TitleForm(forms.Form):
    """A title that a person gives."""

    title = forms.CharField(max_length=TITLE_LENGTH)


def first_error(form: forms.Form) -> str:
    """One sentence on why a form was not taken."""
    for errors in form.errors.values():
        return str(errors[0])
    return ""
