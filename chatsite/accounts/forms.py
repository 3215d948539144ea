"""The form of the first administrator."""

from typing import Any, override

from django import forms
from django.contrib.auth import password_validation

from chatsite.accounts.models import User


class AdministratorForm(forms.ModelForm[User]):
    """Name, address and password of the first administrator."""

    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        """Rules of the name come from the model."""

        model = User
        fields = ("username", "email")
        help_texts = {"username": ""}
        labels = {"email": "Email"}
        widgets = {
            "username": forms.TextInput(attrs={"autocomplete": "username"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the address too: it is where a reset link would go."""
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True

    def clean_password(self) -> str:
        """Hold the password to the rules that hold for everyone."""
        password: str = self.cleaned_data["password"]
        person = User(
            username=self.cleaned_data.get("username", ""),
            email=self.cleaned_data.get("email", ""),
        )
        password_validation.validate_password(password, person)
        return password
