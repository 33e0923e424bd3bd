"""The API as an outside system sees it: JSON over HTTP, a token of its own, a fresh Idempotency-Key for each POST."""

from __future__ import annotations

import base64
import http.client
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from logistics.demo.people import Client

_ATTEMPTS = 5
_TIMEOUT_SECONDS = 30
_POLL_SECONDS = 0.3

Found = TypeVar("Found")


class Unexpected(RuntimeError):
    """The API answered something that the story did not expect."""


class Api:
    """One client of the API. One connection, kept open; what may safely be repeated is."""

    def __init__(self, base_url: str, client: Client) -> None:
        self.base_url, self.client = base_url.rstrip("/"), client
        self.link: http.client.HTTPConnection | None = None
        self.token = self._token()

    def get(self, path: str, **params: Any) -> Any:
        return self._ask("GET", f"{path}?{urlencode(params)}" if params else path)

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """The first 200 of a list."""
        found: list[dict[str, Any]] = self.get(path, page_size=200, **params)["results"]
        return found

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._ask("POST", path, body or {})

    def _token(self) -> str:
        secret = base64.b64encode(f"{self.client.client_id}:{self.client.secret}".encode()).decode()
        form = urlencode({"grant_type": "client_credentials", "scope": self.client.scopes})
        headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/x-www-form-urlencoded"}
        status, body = self._send("POST", "/oauth/token/", form, headers)
        if status != 200:
            raise Unexpected(f"{self.client.name} got no token: {status} {body}")
        return str(body["access_token"])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        text = json.dumps(body) if body is not None else None
        for attempt in range(1, _ATTEMPTS + 1):
            status, answer = self._send(method, f"/api/v1{path}", text, headers)
            if status != 503 or attempt == _ATTEMPTS:
                break
            time.sleep(_POLL_SECONDS * attempt)
        if status >= 400:
            raise Unexpected(f"{method} {path} was answered {status}: {answer}")
        return answer

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, Any]:
        """Sent again on a new connection when the old one has gone away: the key makes a second POST harmless."""
        for is_last in (False, True):
            try:
                if self.link is None:
                    self.link = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=_TIMEOUT_SECONDS)
                self.link.request(method, path, body, headers)
                response = self.link.getresponse()
                text = response.read().decode()
                return response.status, json.loads(text) if text.startswith(("{", "[")) else text[:200]
            except (http.client.HTTPException, ConnectionError) as gone:
                self.link = None
                if is_last:
                    raise Unexpected(f"The web server does not answer: {gone}") from gone
        raise AssertionError("unreachable")


def until(what: str, look: Callable[[], Found | None], *, seconds: float = 60) -> Found:
    """What `look` finds, once it finds something; the worker and the beat do their work meanwhile."""
    ends = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > ends:
            raise Unexpected(f"Waited {seconds:.0f} s in vain for {what}; see the worker's log.")
        time.sleep(_POLL_SECONDS)
