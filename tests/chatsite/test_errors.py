"""What is answered where nothing is."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_form_that_cannot_be_read_finds_nothing_where_nothing_is(
    client: Client,
) -> None:
    kind = "multipart/form-data; boundary="

    response = client.generic("POST", "/nothing/here/", b"x", content_type=kind)

    assert response.status_code == 404
