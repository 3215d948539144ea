"""Forms with which someone becomes a person of the site."""

from typing import Any, override

from django import forms
from django.contrib.auth import password_validation

from chatsite.accounts.models import User


class JoinForm(forms.ModelForm[User]):
    """Name and password of someone who was invited."""

    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        """Rules of the name come from the model."""

        model = User
        fields: tuple[str, ...] = ("username",)
        help_texts = {"username": ""}
        widgets: dict[str, forms.Widget] = {
            "username": forms.TextInput(attrs={"autocomplete": "username"})
        }

    def clean_password(self) -> str:
        """Hold the password to the rules that hold for everyone."""
        password: str = self.cleaned_data["password"]
        person = User(
            username=self.cleaned_data.get("username", ""),
            email=self.cleaned_data.get("email", self.instance.email),
        )
        password_validation.validate_password(password, person)
        return password


class AdministratorForm(JoinForm):
    """Name, address and password of the first administrator."""

    class Meta(JoinForm.Meta):
        """The address too: it is where a reset link would go."""

        fields = ("username", "email")
        labels = {"email": "Email"}
        widgets = {
            **JoinForm.Meta.widgets,
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the address: the model does not."""
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
