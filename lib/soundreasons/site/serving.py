"""The built site in a browser on this machine, and nowhere else."""

from __future__ import annotations

import contextlib
import errno
import functools
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from soundreasons import project


class _Quiet(SimpleHTTPRequestHandler):
    """Serve files and say nothing of each."""

    def log_message(self, format: str, *args: object) -> None:
        """Drop a line of the log."""


def serve(port: int, *, report: Callable[[str], None] = print) -> None:
    """Serve the built site to this machine alone until interrupted.

    Parameters
    ----------
    port : int
        Where; 0 for any that is free.
    report : callable
        Takes the address.

    Raises
    ------
    ValueError
        If nothing is built, or the port is in use or not to be had.
    """
    html = project.root() / "_build" / "html"
    if not (html / "index.html").is_file():
        raise ValueError("nothing built yet: `make book`")
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), functools.partial(_Quiet, directory=str(html)))
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise ValueError(f"port {port} {why}; take another: `make serve PORT={port + 1}`") from None
    with server, contextlib.suppress(KeyboardInterrupt):
        report(f"http://localhost:{server.server_address[1]}  (Ctrl+C ends it)")
        server.serve_forever()
