"""SCIM 2.0 over HTTP: the token, the addresses, the shapes of answers and errors."""

import functools
import hmac
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from chatsite.accounts import people, scim
from chatsite.accounts.models import User
from chatsite.accounts.scim import Resource, ScimError

CONTENT_TYPE = "application/scim+json"
API = "urn:ietf:params:scim:api:messages:2.0:"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
PAGE_SIZE = 100
MAX_PAGE_SIZE = 500
USER_FIELDS = {
    "username": "username__iexact",
    "externalid": "provisioned__external_id",
    "emails": "email__iexact",
    "emails.value": "email__iexact",
}
GROUP_FIELDS = {"displayname": "name__iexact"}

type View = Callable[..., HttpResponse]


def endpoint(**methods: View) -> View:
    """Return a view for whoever knows the token, of one function for each method."""

    @csrf_exempt
    @never_cache
    @functools.wraps(next(iter(methods.values())))
    def view(request: HttpRequest, **parts: Any) -> HttpResponse:
        if not settings.SCIM_TOKEN:
            raise Http404
        try:
            _authorise(request)
            return _chosen(methods, request.method or "")(request, **parts)
        except ScimError as error:
            return _problem(error)

    return view


def list_users(request: HttpRequest) -> HttpResponse:
    """Answer with a page of people."""
    query = request.GET.get("filter", "")
    rows = scim.filtered(scim.people(), query, USER_FIELDS)
    return _listed(request, rows, scim.user_resource)


def add_user(request: HttpRequest) -> HttpResponse:
    """Make a person."""
    person = scim.create_user(_body(request))
    return _answer(scim.user_resource(_user(str(person.pk))), 201)


def show_user(_request: HttpRequest, pk: str) -> HttpResponse:
    """Answer with one person."""
    return _answer(scim.user_resource(_user(pk)))


def replace_user(request: HttpRequest, pk: str) -> HttpResponse:
    """Make a person what is sent."""
    scim.replace_user(_user(pk), _body(request))
    return show_user(request, pk)


def patch_user(request: HttpRequest, pk: str) -> HttpResponse:
    """Change some of a person."""
    scim.patch_user(_user(pk), _operations(request))
    return show_user(request, pk)


def remove_user(_request: HttpRequest, pk: str) -> HttpResponse:
    """Switch a person off; what they wrote stays."""
    people.deactivate(_user(pk))
    return HttpResponse(status=204)


def list_groups(request: HttpRequest) -> HttpResponse:
    """Answer with a page of groups."""
    query = request.GET.get("filter", "")
    rows = scim.filtered(scim.groups(), query, GROUP_FIELDS)
    return _listed(request, rows, scim.group_resource)


def add_group(request: HttpRequest) -> HttpResponse:
    """Make a group."""
    group = Group()
    scim.write_group(group, _body(request))
    return _answer(scim.group_resource(group), 201)


def show_group(_request: HttpRequest, pk: str) -> HttpResponse:
    """Answer with one group."""
    return _answer(scim.group_resource(_group(pk)))


def replace_group(request: HttpRequest, pk: str) -> HttpResponse:
    """Make a group what is sent."""
    scim.write_group(_group(pk), {"members": []} | _body(request))
    return show_group(request, pk)


def patch_group(request: HttpRequest, pk: str) -> HttpResponse:
    """Change the name or the members of a group."""
    scim.patch_group(_group(pk), _operations(request))
    return show_group(request, pk)


def remove_group(_request: HttpRequest, pk: str) -> HttpResponse:
    """Delete a group; its members stay."""
    _group(pk).delete()
    return HttpResponse(status=204)


def show_configuration(_request: HttpRequest) -> HttpResponse:
    """Say what is supported."""
    off = {"supported": False}
    return _answer(
        {
            "schemas": [f"{CORE}ServiceProviderConfig"],
            "patch": {"supported": True},
            "bulk": {**off, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MAX_PAGE_SIZE},
            "changePassword": off,
            "sort": off,
            "etag": off,
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Bearer token",
                    "description": "The token that the site was given as SCIM_TOKEN.",
                }
            ],
        }
    )


def show_types(request: HttpRequest) -> HttpResponse:
    """Say that there are people and groups."""
    types = [
        {
            "schemas": [f"{CORE}ResourceType"],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "schema": schema,
        }
        for name, schema in (("User", scim.USER_SCHEMA), ("Group", scim.GROUP_SCHEMA))
    ]
    return _page_of(types, total=len(types), start=1)


users = endpoint(get=list_users, post=add_user)
user = endpoint(get=show_user, put=replace_user, patch=patch_user, delete=remove_user)
groups = endpoint(get=list_groups, post=add_group)
group = endpoint(
    get=show_group, put=replace_group, patch=patch_group, delete=remove_group
)
configuration = endpoint(get=show_configuration)
types = endpoint(get=show_types)


def _chosen(methods: dict[str, View], name: str) -> View:
    if name.lower() not in methods:
        raise ScimError(405, "This method is not offered here.")
    return methods[name.lower()]


def _authorise(request: HttpRequest) -> None:
    wanted = f"Bearer {settings.SCIM_TOKEN}".encode()
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, wanted):
        raise ScimError(401, "The token is missing or wrong.")


def _user(pk: str) -> User:
    return _found(scim.people(), pk)


def _group(pk: str) -> Group:
    return _found(scim.groups(), pk)


def _found[Row: Model](rows: QuerySet[Row], pk: str) -> Row:
    row = rows.filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None
    if row is None:
        raise ScimError(404, "There is none of this id.")
    return row


def _body(request: HttpRequest) -> Resource:
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ScimError(400, "The body is no JSON.", "invalidSyntax") from error
    if not isinstance(body, dict):
        raise ScimError(400, "An object was expected.", "invalidSyntax")
    return body


def _operations(request: HttpRequest) -> list[Resource]:
    operations = _body(request).get("Operations")
    if not isinstance(operations, list):
        raise ScimError(400, "A patch has Operations.", "invalidSyntax")
    return operations


def _listed(
    request: HttpRequest, rows: QuerySet[Any], shown: Callable[[Any], Resource]
) -> HttpResponse:
    start = max(1, _number(request, "startIndex", 1))
    count = min(MAX_PAGE_SIZE, max(0, _number(request, "count", PAGE_SIZE)))
    page = [shown(row) for row in rows[start - 1 : start - 1 + count]]
    return _page_of(page, total=rows.count(), start=start)


def _page_of(page: list[Resource], *, total: int, start: int) -> HttpResponse:
    return _answer(
        {
            "schemas": [f"{API}ListResponse"],
            "totalResults": total,
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": page,
        }
    )


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else default


def _answer(resource: Resource, status: int = 200) -> HttpResponse:
    return JsonResponse(resource, status=status, content_type=CONTENT_TYPE)


def _problem(error: ScimError) -> HttpResponse:
    body = {
        "schemas": [f"{API}Error"],
        "status": str(error.status),
        "detail": str(error),
    }
    if error.kind:
        body["scimType"] = error.kind
    response = _answer(body, error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
