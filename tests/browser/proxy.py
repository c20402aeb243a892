"""nginx in front of a server, as a school's host would set it up."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from tests.browser.app import free_port
from tests.waiting import until

CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_http_version 1.1;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port};
{locations}
  }}
}}
"""
WEBSOCKETS = """
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
proxy_read_timeout 1h;
"""
"""What lets WebSockets pass."""
HOST = "proxy_set_header Host $http_host;"
"""What passes the host on that the browser names."""


def tls(port: int, folder: Path) -> str:
    """What lets nginx answer at one more port, over https, with a certificate that is made here and nobody knows."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
    if shutil.which("openssl") is None and "CI" not in os.environ:
        pytest.skip("openssl is not here: apt install openssl")
    command = ["openssl", "req", "-x509", *words, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return f"listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"


def program() -> str | None:
    """nginx, if it is installed; Debian keeps it out of a user's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def nginx(locations: str, port: int | None = None) -> Iterator[str]:
    """nginx while inside; the address at which it answers, without a slash at its end.

    Args:
        locations: what its configuration says of the server: `location` blocks, and whatever else belongs there.
    """
    executable = program()
    assert executable is not None, "nginx is not installed: apt install nginx-light"
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        text = CONFIG.format(folder=folder, port=port, locations=dedent(locations))
        (Path(folder) / "nginx.conf").write_text(text)
        command = [executable, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            log = Path(folder) / "error.log"
            until(lambda: (Path(folder) / "nginx.pid").exists() or process.poll() is not None)
            assert process.poll() is None, log.read_text() if log.exists() else "nginx ended"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)
