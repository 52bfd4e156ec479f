"""The fixtures of the portal's tests."""

from people import *  # noqa: F403
