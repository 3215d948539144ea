"""Uploading a file, taking it back, and giving it to those who may see it."""

from __future__ import annotations

import asyncio
import functools
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from conversations import attachment_files, confined, uploads
from conversations.database import in_thread
from conversations.http import SignedInRequest, partial, signed_out
from conversations.models import Attachment

if TYPE_CHECKING:
    from chatsite.accounts.models import User

logger = logging.getLogger(__name__)

CHIP = "conversations/attachment_chip.html"
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
}

# Files wait here for their child, so that no thread of the database does.
_decoding = ThreadPoolExecutor(confined.CHILDREN_AT_ONCE, "decoding")
# A page shows many pictures, and each comes from the storage.
_reading = ThreadPoolExecutor(8, "storage")


@require_POST
async def upload(request: HttpRequest) -> HttpResponse:
    """Keep the field `file`: 201 with its chip, or 422 with one that says why not."""
    user = await in_thread(_person, request)
    if user is None:
        return await in_thread(signed_out, request)
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return HttpResponse("No file came with this request.", status=400)
    name = uploads.safe_name(file.name or "")
    try:
        attachment = await _accept(user, name, file)
    except uploads.Refused as refused:
        context: dict[str, object] = {"name": name, "reason": refused.message}
        return await in_thread(render, request, CHIP, context, status=422)
    context = {"attachment": attachment}
    return await in_thread(render, request, CHIP, context, status=201)


def _person(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


async def _accept(user: User, name: str, file: UploadedFile[bytes]) -> Attachment:
    await in_thread(uploads.check_unsent, user)
    with attachment_files.scratch() as folder:
        prepare = functools.partial(
            uploads.prepare, folder=folder, stream=file, size_bytes=file.size or 0
        )
        loop = asyncio.get_running_loop()
        prepared = await loop.run_in_executor(_decoding, prepare)
        return await in_thread(uploads.keep, owner=user, name=name, prepared=prepared)


@require_POST
@partial
def discard(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an unsent attachment back; the empty answer replaces its chip."""
    unsent = Attachment.objects.unsent_of(request.user)
    uploads.discard(get_object_or_404(unsent, pk=pk))
    return HttpResponse()


@require_safe
async def file(request: HttpRequest, pk: uuid.UUID, *, thumbnail: bool) -> HttpResponse:
    """The file or its thumbnail, for whoever may see the conversation."""
    found = await in_thread(_allowed, request, pk, thumbnail=thumbnail)
    if isinstance(found, HttpResponse):
        return found
    # On threads of their own: no connection of the database waits for the storage.
    loop = asyncio.get_running_loop()
    respond = functools.partial(file_response, found, thumbnail=thumbnail)
    return await loop.run_in_executor(_reading, respond)


def _allowed(
    request: HttpRequest, pk: uuid.UUID, *, thumbnail: bool
) -> Attachment | HttpResponse:
    if not request.user.is_authenticated:
        return signed_out(request)
    visible = Attachment.objects.visible_to(request.user)
    attachment = get_object_or_404(visible, pk=pk)
    if thumbnail and not attachment.is_picture:
        raise Http404
    response = get_conditional_response(
        request, etag=_etag(attachment, thumbnail=thumbnail)
    )
    if response is not None and response.status_code == 304:
        return _guarded(HttpResponse(status=304), attachment, thumbnail=thumbnail)
    return attachment


def file_response(attachment: Attachment, *, thumbnail: bool) -> HttpResponse:
    """The bytes of a file, with headers that keep them from being anything else.

    Whoever calls this has checked that the person may see it. 503 while the storage
    does not answer; raises Http404 when the file is lost, or has no thumbnail.
    """
    digest = attachment.thumbnail_digest if thumbnail else attachment.digest
    if not digest:
        raise Http404
    try:
        data = attachment_files.read(digest)
    except FileNotFoundError as error:
        logger.exception("The file of attachment %s is missing", attachment.pk)
        raise Http404 from error
    except attachment_files.Unreachable:
        logger.exception("The file of attachment %s is out of reach", attachment.pk)
        return HttpResponse(
            "The place where files are kept does not answer.",
            status=503,
            content_type="text/plain; charset=utf-8",
            headers={"Cache-Control": "no-store", "Retry-After": "10"},
        )
    return _guarded(HttpResponse(data), attachment, thumbnail=thumbnail)


def _guarded(
    response: HttpResponse, attachment: Attachment, *, thumbnail: bool
) -> HttpResponse:
    media_type = attachment.thumbnail_media_type if thumbnail else attachment.media_type
    name = attachment.name
    if attachment.is_picture:
        name = f"{PurePath(name).stem}{EXTENSIONS.get(media_type, '')}"
    # Only pictures were made anew here: all else is for the person's own programs.
    is_foreign = not attachment.is_picture
    disposition = content_disposition_header(as_attachment=is_foreign, filename=name)
    response["Content-Type"] = media_type
    response["Content-Disposition"] = disposition or "inline"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    # Asked for again each time, and then mostly answered 304: the next person at the
    # same browser must not be shown it from the cache.
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = _etag(attachment, thumbnail=thumbnail)
    patch_vary_headers(response, ("Cookie",))
    return response


def _etag(attachment: Attachment, *, thumbnail: bool) -> str:
    return f'"{attachment.thumbnail_digest if thumbnail else attachment.digest}"'


attachment_urlpatterns = [
    path("attachments/", upload, name="attachment-upload"),
    path("attachments/<uuid:pk>/discard/", discard, name="attachment-discard"),
    path("attachments/<uuid:pk>/", file, {"thumbnail": False}, name="attachment"),
    path(
        "attachments/<uuid:pk>/thumbnail/",
        file,
        {"thumbnail": True},
        name="attachment-thumbnail",
    ),
]
