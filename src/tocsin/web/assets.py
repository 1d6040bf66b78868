"""`/static`: style sheet, scripts, icons. What `static_url` names may be kept for ever; the rest is asked for anew."""

import os

from starlette.datastructures import URL
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tocsin.templating import STATIC, static_url


class Assets(StaticFiles):
    """Serves `web/static`: `app.mount("/static", Assets())`."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file; an address that carries the hash of this very content is immutable."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = URL(scope=scope)
        current = static_url(os.path.relpath(full_path, os.path.realpath(STATIC)))
        kept = asked.query != "" and current.endswith("?" + asked.query)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
        return response
