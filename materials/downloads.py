"""The file of a material on its way out, to its owner and to staff."""

import logging
from pathlib import PurePath

from django.http import HttpRequest, HttpResponseBase

from common.downloads import attachment
from materials import store
from materials.models import Material

logger = logging.getLogger("lyceum.materials")


def download(request: HttpRequest, material: Material) -> HttpResponseBase:
    """A material's file as an attachment; raises FileMissing."""
    try:
        file = store.opened(material)
    except store.FileMissing:
        # It may have been replaced since its row was read.
        latest = Material.objects.without_content().filter(pk=material.pk).first()
        if latest is None or latest.file == material.file:
            logger.error("the file of material %s is missing", material.pk)
            raise
        return download(request, latest)
    with file:
        return attachment(
            request,
            file,
            name=material.download_name,
            media_type=material.download_type,
            # Each file that is kept has a name of its own, so the name stands for the bytes.
            etag=PurePath(str(material.file)).stem,
        )
