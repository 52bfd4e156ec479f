"""The portal's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from api.urls import api

urlpatterns = [path("api/v1/", api.urls), path("", admin.site.urls)]
