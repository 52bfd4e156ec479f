"""The portal's server for one machine; in production gunicorn serves the same application."""

from __future__ import annotations

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

HOST = "127.0.0.1"
PORTS = range(8000, 8100)


class PortTaken(Exception):
    """The port is somebody else's: the message is one sentence."""


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal keeps the address and the logins in view."""


def open_server(port: int | None) -> ThreadedWSGIServer:
    """Listen on the port, or without one on the first that is free from 8000 on.

    Raises:
        PortTaken: in a sentence.
    """
    for chosen in PORTS if port is None else [port]:
        try:
            server = ThreadedWSGIServer((HOST, chosen), _Silent)
        except OSError:
            continue
        server.set_app(get_wsgi_application())
        return server
    if port is None:
        raise PortTaken(f"No port from {PORTS[0]} to {PORTS[-1]} is free: name another with PORT.")
    raise PortTaken(f"Port {port} is taken: name another one with PORT, or none.")
