"""Debian's Apache with mod_auth_openidc in front of a page, with a configuration and a port of its own."""

import os
import secrets
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from urllib.parse import quote, urlsplit

import pytest

from embedded import Process, Program, temporary_folder
from testing import programs

_MODULES = Path("/usr/lib/apache2/modules")
_LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "dir", "include", "mime", "auth_openidc")
_CONFIGURATION = Template("""
ServerRoot "$folder"
DefaultRuntimeDir "$folder/run"
PidFile "$folder/run/pid"
Mutex "file:$folder/run" default
ErrorLog "$folder/run/error.log"
User www-data
Group www-data
$modules
Listen 127.0.0.1:$port
ServerName localhost
TypesConfig /dev/null
AddType text/html .html
DocumentRoot "$folder/pages"
DirectoryIndex index.html

OIDCProviderMetadataURL $issuer/.well-known/openid-configuration
OIDCClientID $client_id
OIDCClientSecret $client_secret
OIDCRedirectURI $callback
OIDCCryptoPassphrase $passphrase
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCResponseMode $response_mode
OIDCRemoteUserClaim email

<Directory "$folder/pages">
    Options +Includes
    SetOutputFilter INCLUDES
    AuthType openid-connect
    Require valid-user
</Directory>
<Location "/callback">
    AuthType openid-connect
    Require valid-user
</Location>
<Location "/signed-out">
    ForceType text/html
    AuthType None
    Require all granted
</Location>
""")
_PAGE = """<!doctype html>
<html lang="en"><title>Behind Apache</title><link rel="icon" href="data:,">
<h1><!--#echo var="OIDC_CLAIM_name" --></h1>
<p id="person"><!--#echo var="REMOTE_USER" --></p>
<a href="/callback?logout={signed_out}">Sign out</a>
</html>
"""
_SIGNED_OUT = (
    '<!doctype html><html lang="en"><title>Over</title><link rel="icon" href="data:,"><h1>Signed out</h1></html>'
)


def apache() -> str:
    """The program. Where it or its module is missing the test skips."""
    found = shutil.which("apache2", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))
    if found is None or not (_MODULES / "mod_auth_openidc.so").exists():
        pytest.skip("Apache is missing: apt-get install apache2-bin libapache2-mod-auth-openidc")
    return found


@contextmanager
def running(issuer: str, program: programs.Program, response_mode: str) -> Iterator[Process]:
    """Apache that signs users in as a program, at its address."""
    with temporary_folder() as folder:
        process = _prepared(folder, issuer, program, response_mode)
        port = _port(program)
        process.start()
        try:
            process.wait_until(lambda: _listens(port), 15, "Apache")
            yield process
        finally:
            process.stop()


def _prepared(folder: Path, issuer: str, program: programs.Program, response_mode: str) -> Process:
    for name in ("run", "pages"):
        (folder / name).mkdir(mode=0o755)
    (folder / "pages" / "index.html").write_text(_PAGE.format(signed_out=quote(program.signed_out, safe="")))
    (folder / "pages" / "signed-out").write_text(_SIGNED_OUT)
    configuration = folder / "apache.conf"
    configuration.write_text(
        _CONFIGURATION.substitute(
            folder=folder,
            modules="\n".join(f"LoadModule {name}_module {_MODULES}/mod_{name}.so" for name in _LOADED),
            port=_port(program),
            issuer=issuer,
            client_id=program.client_id,
            client_secret=program.client_secret,
            callback=program.callback,
            passphrase=secrets.token_urlsafe(32),
            response_mode=response_mode,
        )
    )
    configuration.chmod(0o600)
    argv = (apache(), "-d", str(folder), "-f", str(configuration), "-D", "FOREGROUND")
    log = folder / "run" / "output.log"
    return Process(Program(argv, log, {"PATH": os.defpath}, death_signal=signal.SIGTERM))


def _port(program: programs.Program) -> int:
    port = urlsplit(program.origin).port
    assert port is not None
    return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
