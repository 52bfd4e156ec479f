"""A file between its preview and its confirmation."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from records.models import BY_NAME

KEPT = dt.timedelta(days=1)


class Upload(models.Model):
    """The rows of a file as its person saw them: gone when they are confirmed, or after a day.

    They are kept here and not on a disk, which the processes of a server may not share.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entity = models.CharField(max_length=63, choices=[(name, name) for name in BY_NAME])
    file_name = models.CharField(max_length=255)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    rows = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        db_table = "import_upload"
        default_permissions = ()

    def __str__(self) -> str:
        return self.file_name

    @classmethod
    def forget_old(cls) -> None:
        """Delete what nobody confirmed within a day."""
        cls.objects.filter(uploaded_at__lt=timezone.now() - KEPT).delete()
