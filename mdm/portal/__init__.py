"""The Django project: settings, addresses, and the entry for a web server."""
