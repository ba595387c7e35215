#!/usr/bin/python3
"""How clients nobody of this project wrote log on to simulated hosts that want what Windows wants out of the box.

usage: logon_test.py HVSIM
NTLM and Kerberos with sealed bodies over HTTP, and over TLS with channel binding; Kerberos from a KDC of the test's own. What a client
cannot do, and why, stands in README.md; where that can be shown it is a test below.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

OPENSSL_CONF = str(pathlib.Path(__file__).resolve().with_name("openssl.cnf"))
if os.environ.get("OPENSSL_CONF") != OPENSSL_CONF:
    os.execve(sys.executable, [sys.executable, "-B", *sys.argv], {**os.environ, "OPENSSL_CONF": OPENSSL_CONF})
hashlib.new("md4")  # OpenSSL has read its configuration; other programs have theirs
del os.environ["OPENSSL_CONF"]

import kerberos
import requests.exceptions
import winrm.exceptions

import requests_of as ask
import sealing
import shape
from certificates import fingerprint, make_certificate
from clients import Curl, PyWinRm, SealingKerberos, Wsl
from conversation import Conversation
from kdc import REALM, Kdc
from requests_of import V2
from simulator import PASSWORD, USER, Simulator

HVSIM = sys.argv[1]
OPERATOR, OPERATORS_PASSWORD = "operator", "no-secret-of-anybody"
SERVICE, LOCAL, OTHER = "HTTP/hv.watari.test", "HTTP/127.0.0.1", "HTTP/other.watari.test"
WITH_TLS_1_2 = ("ws2012", "ws2012r2")
ONE = "select * from Win32_OperatingSystem"
MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
kdc = tickets = hosts = strict = clear = mutual = accounts = None
owner = stranger = None  # certificate and key


def setUpModule():
    global kdc, tickets, hosts, strict, clear, mutual, accounts, owner, stranger
    kdc = Kdc({OPERATOR: OPERATORS_PASSWORD}, (SERVICE, LOCAL), (OTHER,))
    tickets = kdc.log_on(OPERATOR, OPERATORS_PASSWORD)
    accounts = kdc.folder / "accounts"
    accounts.write_text(f":{USER}:{PASSWORD}\n")
    keys = ("--keytab", str(kdc.keytab))
    hosts = Simulator(HVSIM, ("ws2008r2sp1", *WITH_TLS_1_2), "--auth", "ntlm,kerberos,basic", *keys, "--tls")
    strict = Simulator(HVSIM, ["ws2012r2"], "--auth", "ntlm,kerberos", *keys, "--tls", "--channel-binding", "strict")
    clear = Simulator(HVSIM, ["ws2012r2"], "--auth", "ntlm,kerberos", *keys, "--allow-unencrypted")
    owner, stranger = make_certificate(kdc.folder, "owner"), make_certificate(kdc.folder, "stranger")
    list_of_accounts = kdc.folder / "accounts.json"
    list_of_accounts.write_text(json.dumps([{"user": OPERATOR, "certificate": fingerprint(owner[0])}]))
    mutual = Simulator(HVSIM, ["ws2012r2"], "--auth", "certificate", "--accounts", str(list_of_accounts), "--tls")
    os.environ["KRB5CCNAME"] = tickets


def tearDownModule():
    for simulator in (mutual, clear, strict, hosts):
        simulator.stop()
    kdc.stop()


def question():
    return ask.enumerate_wql("root/cimv2", ONE, optimize=10)


class Case(unittest.TestCase):
    """Clients live as long as the test; curl asks once, whoever else keeps its connection."""

    def setUp(self):
        self.clients = {}

    def kept(self, generation, make):
        if generation not in self.clients:
            self.clients[generation] = make()
            self.addCleanup(self.clients[generation].close)
        return self.clients[generation]

    def assert_answered(self, client):
        status, answer = client.send(question())
        self.assertEqual(status, 200, answer)
        items, _, _ = shape.items_of(answer)
        self.assertEqual([shape.local(item.tag) for item in items], ["Win32_OperatingSystem"])


def by_ntlm(simulator, generation="ws2012r2", password=PASSWORD, user=USER, **how):
    how = {"transport": "ntlm", "message_encryption": "always", **how}
    return PyWinRm(simulator.hosts[generation], password, user, **how)


def by_ntlm_over_tls(simulator, generation="ws2012r2", password=PASSWORD, **how):
    how = {"transport": "ntlm", "ca_trust_path": str(simulator.authority), **how}
    return PyWinRm(simulator.https[generation], password, **how)


def by_kerberos_over_tls(simulator, generation="ws2012r2", **how):
    return PyWinRm(simulator.https[generation], None, f"{OPERATOR}@{REALM}", transport="kerberos",
                   ca_trust_path=str(simulator.authority), **how)


def by_certificate(pair):
    return PyWinRm(mutual.https["ws2012r2"], None, None, transport="ssl", cert_pem=str(pair[0]), cert_key_pem=str(pair[1]),
                   ca_trust_path=str(mutual.authority))


def curl(simulator, *options, generation="ws2012r2", tls=True, **environment):
    url = (simulator.https if tls else simulator.hosts)[generation]
    return Curl(url, "--cacert", str(simulator.authority), *options, **environment)


def curl_by_ntlm(simulator, generation="ws2012r2", **how):
    """NTLM inside SPNEGO, by gss-ntlmssp."""
    return curl(simulator, "--negotiate", "-u", ":", generation=generation, NTLM_USER_FILE=str(accounts), KRB5CCNAME="MEMORY:", **how)


def curl_by_kerberos(simulator, generation="ws2012r2", cache=None, **how):
    return curl(simulator, "--negotiate", "-u", ":", generation=generation, KRB5CCNAME=cache or tickets, **how)


class NtlmSealed(Conversation, Case):
    """pywinrm over HTTP: both directions sealed by an NTLM that is not ours at either end."""

    def client(self, generation):
        return self.kept(generation, lambda: by_ntlm(hosts, generation))

    def test_every_answer_is_sealed_byte_for_byte_as_specified(self):
        client = self.client("ws2012r2")
        self.assert_answered(client)
        self.assertEqual(client.send(ask.get(V2, "Msvm_NoSuchClass", {"Name": "x"}))[0], 500)
        self.assert_answered(client)
        sequence = []
        for type_given, body in client.answers:
            part = sealing.read(sealing.PROTOCOLS["Negotiate"], type_given, body)
            sequence.append(sealing.check_ntlm_signature(part))
            self.assertNotIn(b"Envelope", body)
        self.assertEqual(sequence, [sequence[0], sequence[0] + 1, sequence[0] + 2])

    def test_a_large_answer_is_sealed_in_one_piece(self):
        client = self.client("ws2012r2")
        for number in range(40):
            self.assertEqual(client.send(ask.define(V2, f"many-{number}"))[0], 200)
        status, answer = client.send(ask.enumerate_wql(V2, "select * from Msvm_VirtualSystemSettingData", optimize=100))
        self.assertEqual(status, 200)
        self.assertGreater(len(answer), 16384)
        self.assertEqual(sealing.read(sealing.PROTOCOLS["Negotiate"], *client.answers[-1]).length, len(answer))

    def test_account_names_may_have_a_domain(self):
        for user in (f"HV01\\{USER}", f".\\{USER}"):
            client = by_ntlm(hosts, user=user)
            self.addCleanup(client.close)
            self.assert_answered(client)

    def test_a_wrong_password_is_refused(self):
        for user, password in ((USER, "wrong"), ("Nobody", PASSWORD)):
            client = by_ntlm(hosts, password=password, user=user)
            self.addCleanup(client.close)
            with self.assertRaises(winrm.exceptions.InvalidCredentialsError):
                client.send(ask.IDENTIFY)

    def test_a_body_in_the_clear_is_refused_without_a_word(self):
        client = by_ntlm(hosts, message_encryption="never")
        self.addCleanup(client.close)
        self.assertEqual(client.send(question()), (500, ""))
        allowed = by_ntlm(clear, message_encryption="never")
        self.addCleanup(allowed.close)
        self.assert_answered(allowed)

    def test_basic_is_refused_without_tls(self):
        client = PyWinRm(hosts.hosts["ws2012r2"])
        self.addCleanup(client.close)
        self.assertEqual(client.send(question()), (500, ""))
        with self.assertRaises(winrm.exceptions.InvalidCredentialsError):
            other = PyWinRm(strict.hosts["ws2012r2"])
            self.addCleanup(other.close)
            other.send(question())


class NtlmOverTls(Conversation, Case):
    """pywinrm binds its logon to the channel, and the host insists on it."""

    generations = ("ws2012r2",)

    def client(self, generation):
        return self.kept(generation, lambda: by_ntlm_over_tls(strict, generation))

    def test_the_authority_of_the_host_must_be_known(self):
        client = by_ntlm_over_tls(strict, ca_trust_path=str(hosts.authority))
        self.addCleanup(client.close)
        with self.assertRaises(requests.exceptions.SSLError):
            client.send(ask.IDENTIFY)

    def test_a_logon_that_is_not_bound_is_refused_where_the_host_insists(self):
        for host in WITH_TLS_1_2:
            relaxed = by_ntlm_over_tls(hosts, host, send_cbt=False)
            self.addCleanup(relaxed.close)
            self.assert_answered(relaxed)
        unbound = by_ntlm_over_tls(strict, send_cbt=False)
        self.addCleanup(unbound.close)
        with self.assertRaises(winrm.exceptions.InvalidCredentialsError):
            unbound.send(ask.IDENTIFY)

    def test_bodies_inside_tls_may_be_sealed_too(self):
        client = by_ntlm_over_tls(strict, message_encryption="always")
        self.addCleanup(client.close)
        self.assert_answered(client)
        sealing.check_ntlm_signature(sealing.read(sealing.PROTOCOLS["Negotiate"], *client.answers[-1]))

    def test_a_wrong_password_is_refused(self):
        client = by_ntlm_over_tls(strict, password="wrong")
        self.addCleanup(client.close)
        with self.assertRaises(winrm.exceptions.InvalidCredentialsError):
            client.send(ask.IDENTIFY)


class BasicOverTlsByCurl(Conversation, Case):
    generations = WITH_TLS_1_2

    def client(self, generation):
        return curl(hosts, "-u", f"{USER}:{PASSWORD}", generation=generation)

    def test_who_does_not_authenticate_is_offered_what_there_is(self):
        status, headers, answer = curl(hosts).exchange(question())
        self.assertEqual((status, answer), (401, b""))
        self.assertEqual([offer.split()[0] for offer in re.findall(r"(?im)^WWW-Authenticate: (.*?)\r?$", headers)],
                         ["Negotiate", "Kerberos", "Basic"])
        status, headers, _ = curl(strict, "-u", f"{USER}:{PASSWORD}").exchange(question())
        self.assertEqual(status, 401)
        self.assertNotRegex(headers, "(?i)WWW-Authenticate: Basic")

    def test_a_host_without_tls_1_2_is_out_of_reach(self):
        with tempfile.TemporaryDirectory() as folder:
            done = curl(hosts, "-u", f"{USER}:{PASSWORD}", generation="ws2008r2sp1").run(pathlib.Path(folder), question())
        self.assertEqual((done.returncode, done.stdout), (35, ""))  # CURLE_SSL_CONNECT_ERROR


class NtlmByCurl(Conversation, Case):
    generations = WITH_TLS_1_2

    def client(self, generation):
        return curl_by_ntlm(hosts, generation)

    def test_logs_on_once_for_all_requests_of_a_connection(self):
        # Three legs of SPNEGO bring the first answer; what follows is sent without a word about who asks.
        self.assertEqual(curl_by_ntlm(hosts).connections(question(), 3), ["200 1", "200 0", "200 0"])

    def test_cannot_bind_its_logon_to_the_channel(self):
        self.assertEqual(curl_by_ntlm(strict).send(question())[0], 401)

    def test_cannot_seal(self):
        self.assertEqual(curl_by_ntlm(hosts, tls=False).send(question()), (500, b""))
        self.assert_answered(curl_by_ntlm(clear, tls=False))

    def test_cannot_use_ntlm_under_its_own_name(self):
        # WinRM offers it as Negotiate only; curl's --ntlm knows no other word for it.
        status, headers, _ = curl(hosts, "--ntlm", "-u", f"{USER}:{PASSWORD}").exchange(question())
        self.assertEqual(status, 401)
        self.assertNotRegex(headers, "(?i)WWW-Authenticate: NTLM")


class KerberosByCurl(Conversation, Case):
    generations = WITH_TLS_1_2

    def client(self, generation):
        return curl_by_kerberos(hosts, generation)

    def test_who_has_no_ticket_is_refused(self):
        self.assertEqual(curl_by_kerberos(hosts, cache="MEMORY:").send(question())[0], 401)

    def test_binds_no_logon_to_the_channel(self):
        self.assertEqual(curl_by_kerberos(strict).send(question())[0], 401)

    def test_cannot_seal(self):
        self.assertEqual(curl_by_kerberos(hosts, tls=False).send(question()), (500, b""))
        self.assert_answered(curl_by_kerberos(clear, tls=False))


class KerberosOverTls(Conversation, Case):
    """pywinrm with a ticket; sealing of Kerberos is beyond it."""

    generations = WITH_TLS_1_2

    def client(self, generation):
        return self.kept(generation, lambda: by_kerberos_over_tls(hosts, generation))

    def test_the_name_of_the_host_need_not_be_its_address(self):
        client = by_kerberos_over_tls(hosts, kerberos_hostname_override=SERVICE.partition("/")[2])
        self.addCleanup(client.close)
        self.assert_answered(client)

    def test_a_ticket_for_another_host_is_refused(self):
        client = by_kerberos_over_tls(hosts, kerberos_hostname_override=OTHER.partition("/")[2])
        self.addCleanup(client.close)
        with self.assertRaises(winrm.exceptions.InvalidCredentialsError):
            client.send(question())

    def test_cannot_seal(self):
        client = PyWinRm(hosts.hosts["ws2012r2"], None, f"{OPERATOR}@{REALM}", transport="kerberos", message_encryption="always")
        with self.assertRaisesRegex(winrm.exceptions.WinRMError, "does not support"):
            client.send(question())
        client = PyWinRm(hosts.hosts["ws2012r2"], None, f"{OPERATOR}@{REALM}", transport="kerberos")
        self.addCleanup(client.close)
        self.assertEqual(client.send(question()), (500, ""))


class KerberosSealed(Conversation, Case):
    """MIT's GSSAPI behind Debian's python3-kerberos, under Negotiate. Each answer is checked by SealingKerberos byte for byte."""

    scheme = "Negotiate"

    def sealing(self, generation="ws2012r2", service=SERVICE):
        return SealingKerberos(hosts.hosts[generation], service.replace("/", "@"), self.scheme)

    def client(self, generation):
        return self.kept(generation, lambda: self.sealing(generation))

    def refused_body(self, change):
        """A body changed on its way is refused, and its connection is of no more use."""
        client = self.sealing()
        self.addCleanup(client.close)
        self.assert_answered(client)
        headers, body = change(*client.seal(question()))
        status, headers, answer = client.post(body, headers)
        self.assertEqual((status, answer), (400, b""))
        self.assertEqual(headers["Connection"].lower(), "close")

    def test_answers_count_up(self):
        client = self.sealing()
        self.addCleanup(client.close)
        numbers = []
        for _ in range(3):
            _, headers, body = client.post(*reversed(client.seal(question())))
            part = sealing.read(client.protocol, headers["Content-Type"], body)
            sealing.check_kerberos_token(part)
            numbers.append(sealing.kerberos_sequence(part))
        self.assertEqual(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2])

    def test_a_tampered_body_is_refused(self):
        at = -len(sealing.END) - 10
        self.refused_body(lambda headers, body: (headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]))

    def test_a_truncated_body_is_refused(self):
        self.refused_body(lambda headers, body: (headers, body[:-len(sealing.END) - 10] + sealing.END))
        self.refused_body(lambda headers, body: (headers, body[:-len(sealing.END)]))

    def test_a_wrong_length_is_refused(self):
        self.refused_body(lambda headers, body: (headers, re.sub(rb"Length=\d", b"Length=9", body)))

    def test_a_body_under_the_other_protocol_is_refused(self):
        mine = sealing.PROTOCOLS[self.scheme]
        [other] = {*sealing.PROTOCOLS.values()} - {mine}
        self.refused_body(lambda headers, body: ({name: text.replace(mine, other) for name, text in headers.items()},
                                                 body.replace(mine.encode(), other.encode())))

    def test_a_replayed_body_is_refused(self):
        client = self.sealing()
        self.addCleanup(client.close)
        headers, body = client.seal(question())
        self.assertEqual(client.post(body, headers)[0], 200)
        self.assertEqual(client.post(body, headers)[0], 400)

    def test_a_body_in_the_clear_is_refused_after_the_logon(self):
        client = self.sealing()
        self.addCleanup(client.close)
        status, _, answer = client.post(question().encode(), {"Content-Type": "application/soap+xml;charset=UTF-8"})
        self.assertEqual((status, answer), (500, b""))

    def test_a_ticket_for_another_host_is_refused(self):
        with self.assertRaisesRegex(AssertionError, "401"):
            self.sealing(service=OTHER)

    def test_a_service_the_kdc_does_not_know_gets_no_ticket(self):
        with self.assertRaisesRegex(kerberos.GSSError, "not found in Kerberos database|Server not found"):
            self.sealing(service="HTTP/nowhere.watari.test")


class KerberosSealedUnderItsOwnName(KerberosSealed):
    scheme = "Kerberos"


class CertificateOverTls(Conversation, Case):
    """pywinrm and curl show a certificate in the TLS handshake and name the profile in a header."""

    generations = ("ws2012r2",)

    def client(self, generation):
        return self.kept(generation, lambda: by_certificate(owner))

    def curl(self, pair, *more):
        return curl(mutual, "--cert", str(pair[0]), "--key", str(pair[1]), *more)

    def test_curl_logs_on(self):
        self.assert_answered(self.curl(owner, "-H", f"Authorization: {MUTUAL}"))

    def test_a_certificate_of_nobody_is_refused(self):
        client = by_certificate(stranger)
        self.addCleanup(client.close)
        with self.assertRaises(winrm.exceptions.InvalidCredentialsError):
            client.send(question())
        self.assertEqual(self.curl(stranger, "-H", f"Authorization: {MUTUAL}").send(question())[0], 401)

    def test_a_certificate_without_the_header_is_refused(self):
        self.assertEqual(self.curl(owner).send(question())[0], 401)

    def test_the_header_without_a_certificate_is_refused(self):
        self.assertEqual(curl(mutual, "-H", f"Authorization: {MUTUAL}").send(question())[0], 401)


class WslOverTls(unittest.TestCase):
    """Basic, with the authority's certificate in the file that wsl looks for."""

    def test_reads(self):
        for generation in WITH_TLS_1_2:
            with self.subTest(generation):
                wsl = Wsl(hosts.https[generation], hosts.authority)
                [identified] = wsl.run("wslid", "check")
                self.assertIn(b"Microsoft Corporation", identified)
                [answer] = wsl.run("wslget", f"{shape.WMI}root/cimv2/Win32_LogicalDisk", "DeviceID=D:")
                self.assertEqual(shape.value(shape.body_of(answer), "DeviceID"), "D:")

    def test_refuses_a_host_of_another_authority(self):
        self.assertEqual(Wsl(hosts.https["ws2012r2"], strict.authority).run("wslid", "check"), [b""])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
