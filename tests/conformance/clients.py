"""Clients that nobody of this project wrote, each with a way to send a request and get status and answer.

A missing package ends the test: nothing is skipped because a client is not installed.
"""
import base64
import http.client
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

MODULES = {"winrm": "python3-winrm", "kerberos": "python3-kerberos", "requests_kerberos": "python3-requests-kerberos",
           "requests_ntlm": "python3-requests-ntlm"}
PROGRAMS = {"curl": "curl", "wslid": "wsl", "xmllint": "libxml2-utils", "uuidgen": "uuid-runtime", "kinit": "krb5-user"}
missing = sorted({package for name, package in MODULES.items() if not importlib.util.find_spec(name)} |
                 {package for name, package in PROGRAMS.items() if not shutil.which(name)})
if missing:
    sys.exit(f"conformance: these Debian packages are missing: {' '.join(missing)}. Run scripts/install-deps.")

import kerberos
import winrm.exceptions
import winrm.protocol

import sealing
from simulator import PASSWORD, USER

CONTENT_TYPE = "application/soap+xml;charset=UTF-8"


class PyWinRm:
    """pywinrm's transport; a fault is an answer like any other."""

    def __init__(self, url, password=PASSWORD, user=USER, **how):
        self.protocol = winrm.protocol.Protocol(url, username=user, password=password, **{"transport": "basic", **how})
        self.answers = []  # content type and body as they came over the wire

    def close(self):
        if self.protocol.transport.session:
            self.protocol.transport.session.close()

    def send(self, request):
        transport = self.protocol.transport
        if not transport.session:
            transport.build_session()
            transport.session.hooks["response"].append(
                lambda answer, **_: self.answers.append((answer.headers.get("Content-Type", ""), answer.content)))
        try:
            return 200, transport.send_message(request)
        except winrm.exceptions.WinRMTransportError as error:
            return error.code, error.response_text


class Curl:
    """curl as anybody calls it by hand. The environment of the test is added to."""

    def __init__(self, url, *options, **environment):
        self.urls = [url]
        self.options = options or ("-u", f"{USER}:{PASSWORD}")
        self.environment = {**os.environ, **environment}

    def send(self, request):
        status, _, answer = self.exchange(request)
        return status, answer

    def exchange(self, request):
        """Status, headers, body."""
        with tempfile.TemporaryDirectory() as folder:
            at = pathlib.Path(folder)
            done = self.run(at, request, "-D", str(at / "headers"), "-o", str(at / "answer"), "-w", "%{http_code}")
            if done.returncode != 0:
                raise AssertionError(f"{done.args}: {done.returncode} {done.stderr}")
            answer = (at / "answer").read_bytes() if (at / "answer").exists() else b""
            return int(done.stdout), (at / "headers").read_text(encoding="latin-1"), answer

    def run(self, folder, request, *more):
        (folder / "request.xml").write_text(request, encoding="utf-8")
        command = ["curl", "-q", "-s", "-S", "--max-time", "60", *self.options, "-H", f"Content-Type: {CONTENT_TYPE}", "--data-binary",
                   f"@{folder}/request.xml", *more, *self.urls]
        return subprocess.run(command, capture_output=True, text=True, timeout=90, env=self.environment, check=False)

    def connections(self, request, times):
        """Status and number of new connections of the same request, sent so many times by one curl."""
        with tempfile.TemporaryDirectory() as folder:
            self.urls *= times
            done = self.run(pathlib.Path(folder), request, "-w", "\n%{http_code} %{num_connects}\n")
            self.urls = self.urls[:1]
        return re.findall(r"(?m)^(\d{3} \d)$", done.stdout)


class Wsl:
    """Debian's shell tools for WS-Management; they take the class as a whole URI."""

    def __init__(self, url, authority=None):
        self.url = urllib.parse.urlsplit(url)
        self.authority = authority

    def run(self, tool, *arguments, files=None):
        """The answers to what the tool sent, in order."""
        with tempfile.TemporaryDirectory() as folder:
            at = pathlib.Path(folder)
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "WSENDPOINT": self.url.netloc, "WSUSER": USER, "WSPASS": PASSWORD,
                           "WSAUTOMATED": "1", "KEEPHISTORY": "0", "OUTLEVEL": "0"}
            if self.url.scheme == "http":
                environment["WSNOSSL"] = "true"
            else:
                shutil.copy(self.authority, at / f"{self.url.netloc}.crt")
            for name, text in (files or {}).items():
                (at / name).write_text(text, encoding="utf-8")
            done = subprocess.run([tool, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=90, check=False)
            answers = [path.read_bytes() for path in
                       sorted(at.glob("response-*.xml"), key=lambda path: int(path.stem.split("-")[1]))]
            if not answers:
                raise AssertionError(done.stdout + done.stderr)
            return answers


class SealingKerberos:
    """Debian's python3-kerberos: MIT's GSSAPI with a wrapped message split as WinRM wants it. Only the HTTP around it is ours."""

    MECHANISMS = {"Negotiate": kerberos.GSS_MECH_OID_SPNEGO, "Kerberos": kerberos.GSS_MECH_OID_KRB5}
    FLAGS = (kerberos.GSS_C_MUTUAL_FLAG | kerberos.GSS_C_REPLAY_FLAG | kerberos.GSS_C_SEQUENCE_FLAG | kerberos.GSS_C_CONF_FLAG |
             kerberos.GSS_C_INTEG_FLAG)

    def __init__(self, url, service, scheme="Negotiate"):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)
        self.protocol = sealing.PROTOCOLS[scheme]
        _, self.context = kerberos.authGSSClientInit(service, gssflags=self.FLAGS, mech_oid=self.MECHANISMS[scheme])
        try:
            self.log_on(scheme)
        except BaseException:
            self.close()
            raise

    def log_on(self, scheme):
        kerberos.authGSSClientStep(self.context, "")
        token = kerberos.authGSSClientResponse(self.context)
        status, headers, _ = self.post(b"", {"Authorization": f"{scheme} {token}", "Content-Type": CONTENT_TYPE})
        its_scheme, _, answer = headers["WWW-Authenticate"].partition(" ")
        if (status, its_scheme) != (200, scheme):
            raise AssertionError(f"{status} {headers['WWW-Authenticate']}")
        if kerberos.authGSSClientStep(self.context, answer) != kerberos.AUTH_GSS_COMPLETE:
            raise AssertionError("the host did not prove itself")

    def close(self):
        self.connection.close()

    def post(self, body, headers):
        self.connection.request("POST", "/wsman", body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def seal(self, request):
        """Headers and body of a sealed request."""
        plain = request.encode()
        kerberos.authGSSClientWrapIov(self.context, base64.b64encode(plain).decode(), 1)
        return sealing.written(self.protocol, len(plain), base64.b64decode(kerberos.authGSSClientResponse(self.context)))

    def send(self, request):
        headers, body = self.seal(request)
        status, headers, body = self.post(body, headers)
        part = sealing.read(self.protocol, headers["Content-Type"], body)
        sealing.check_kerberos_token(part)
        kerberos.authGSSClientUnwrapIov(self.context, base64.b64encode(part.payload).decode())
        plain = base64.b64decode(kerberos.authGSSClientResponse(self.context))
        if len(plain) != part.length:
            raise AssertionError(f"Length={part.length}, and {len(plain)} bytes came out")
        return status, plain
