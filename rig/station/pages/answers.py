"""Forms that come in, and pages that go out with the headers that all have."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

_LARGEST_FORM = 4096
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form, of at most 4096 octets; what is longer has no fields."""
    octets = b""
    async for part in request.stream():
        octets += part
        if len(octets) > _LARGEST_FORM:
            return {}
    fields = parse_qs(octets.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


def headed(response: Response) -> Response:
    """Add the headers that all pages have: nothing from elsewhere, nothing kept."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def html_page(text: str, status: int = 200) -> Response:
    """Answer with a page."""
    return headed(Response(text, status, media_type="text/html"))
