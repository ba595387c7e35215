#!/usr/bin/python3
"""`watari host doctor`: with and without watarid, at simulated hosts over sealed HTTP and HTTPS, and at other things that listen.

usage: doctor_test.py FOLDER-OF-PROGRAMS [unittest options]
"""
import http.server
import json
import pathlib
import re
import socket
import stat
import sys
import threading
import unittest

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "secrets"))
from finder import Finder  # noqa: E402

PROGRAMS = harness.binaries()
OK, FAILED = 0, 1
WRONG = "quite-the-wrong-one"
site = None


def setUpModule():
    global site
    site = harness.Site(PROGRAMS, "ntlm")
    for host in site.GENERATIONS:
        ran = site.enroll(host, None, "--wait")
        if ran.code != OK:
            raise AssertionError(f"enrolling {host} {ran}")


def tearDownModule():
    site.stop()


def hops_of(ran):
    return {hop["id"]: hop for hop in ran.json["hops"]}


class Doctor(unittest.TestCase):
    def direct(self, host, *more, password=harness.PASSWORD, **how):
        """As somebody who has no watarid at all."""
        file = site.write("direct-password", password + "\n")
        return site.run("host", "doctor", host, "--direct", "--password-file", file, *more, WATARI_SERVER=None, WATARI_TOKEN_FILE=None, **how)

    def failed_hop(self, ran):
        self.assertEqual(ran.code, FAILED, ran)
        failed = [hop for hop in ran.json["hops"] if hop["state"] == "failed"]
        self.assertEqual(len(failed), 1, ran)
        return failed[0]

    def test_passes_every_hop_of_hosts_as_they_are_by_default(self):
        for host in site.GENERATIONS:
            changing = site.counters()[1]
            for ran in (site.run("host", "doctor", host, "-o", "json"), self.direct(site.hosts[host].netloc, "-o", "json")):
                self.assertEqual(ran.code, OK, ran)
                self.assertTrue(ran.json["healthy"])
                hops = hops_of(ran)
                self.assertEqual(len(hops), 14)
                self.assertEqual(hops["encryption"]["code"], "doctor_encryption_sealed")
                self.assertIn({"old": "2008 R2", "new": "2012 R2"}[host], hops["generation"]["seen"])
                self.assertEqual(ran.json["exchange"], [])
            self.assertEqual(site.counters()[1], changing)

    def test_shows_a_list_in_the_readers_language(self):
        ran = self.direct(site.hosts["new"].netloc)
        self.assertEqual(ran.code, OK, ran)
        self.assertRegex(ran.out, r"(?m)^✓ Account and password +\d.* ms  Administrator is logged on by ntlm\.$")
        self.assertTrue(ran.out.endswith("Nothing stands in the way.\n"), ran)
        ran = site.run("host", "doctor", "new", "--lang", "ja")
        self.assertRegex(ran.out, r"(?m)^✓ アカウントとパスワード +\d.* ミリ秒|^✓ アカウントとパスワード ")

    def test_names_a_wrong_password_after_one_try(self):
        before = site.counters()[0]
        ran = self.direct(site.hosts["new"].netloc, "-o", "json", password=WRONG)
        self.assertEqual(self.failed_hop(ran)["id"], "password")
        self.assertIn("4625", json.dumps(self.failed_hop(ran)["commands"]))
        self.assertEqual(hops_of(ran)["rights"]["state"], "skipped")
        self.assertLessEqual(site.counters()[0] - before, 2)

    def test_names_a_port_nobody_listens_on(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        ran = self.direct(f"127.0.0.1:{port}")
        self.assertEqual(ran.code, FAILED, ran)
        self.assertIn("✗ Port", ran.out)
        self.assertIn("On the host, in Windows PowerShell as administrator:", ran.out)
        self.assertIn("Set-WSManQuickConfig -Force", ran.out)

    def test_names_a_name_nobody_knows(self):
        ran = self.direct("no-such-host.invalid", "-o", "json", "--timeout", "20")
        self.assertIn(self.failed_hop(ran)["code"], ("name_not_found", "name_service_failed"))
        self.assertEqual(self.failed_hop(ran)["id"], "name")

    def test_names_tls_that_is_not_spoken(self):
        ran = self.direct(site.hosts["new"].netloc, "--tls", "-o", "json")
        self.assertEqual((self.failed_hop(ran)["id"], self.failed_hop(ran)["code"]), ("tls", "tls_not_spoken"))

    def test_names_kerberos_that_is_not_offered(self):
        ran = self.direct(site.hosts["new"].netloc, "--scheme", "kerberos", "-o", "json")
        self.assertEqual(self.failed_hop(ran)["id"], "schemes")

    def test_names_what_is_no_winrm(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(self.server.status)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"<html>")

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for status, hop in ((404, "http"), (503, "http"), (200, "identify")):
                server.status = status
                ran = self.direct(f"127.0.0.1:{server.server_address[1]}", "-o", "json")
                self.assertEqual(self.failed_hop(ran)["id"], hop, ran)
            server.shutdown()

    def test_names_rights_quotas_and_a_role_that_are_missing(self):
        rows = (({"operation": "Enumerate", "effect": "fault", "number": 5, "subcode": "wsman:AccessDenied"}, "rights"),
                ({"operation": "Enumerate", "effect": "fault", "number": 2150859174, "subcode": "wsman:QuotaLimit"}, "quotas"),
                ({"operation": "Enumerate", "class": "Msvm_VirtualSystemManagementService", "effect": "fault", "number": 2147749904,
                  "subcode": "wsa:DestinationUnreachable"}, "namespace"))
        for rule, hop in rows:
            with self.subTest(hop=hop):
                site.add_fault("old", **rule)
                ran = site.run("host", "doctor", "old", "-o", "json")
                site.clear_faults("old")
                self.assertEqual(self.failed_hop(ran)["id"], hop, ran)
                for command in self.failed_hop(ran)["commands"]:
                    self.assertIn(command["hosts"], ("all", "ws2008r2sp1"), "the generation is known by then")

    def test_refuses_options_the_enrolment_has(self):
        ran = site.run("host", "doctor", "new", "--user", "somebody")
        self.assertIn("--direct", ran.err)
        self.assertNotEqual(ran.code, OK)
        ran = site.run("host", "doctor", "nobody")
        self.assertEqual(ran.code, 3, ran)

    def test_writes_a_report_without_a_secret(self):
        finder = Finder()
        finder.add_text("password", harness.PASSWORD)
        finder.add_text("wrong password", WRONG)
        finder.add_text("token", site.token_file.read_text().strip())
        for ran, name in ((site.run("host", "doctor", "new", "--bundle", site.folder / "server.json"), "server.json"),
                          (self.direct(site.hosts["new"].netloc, "--bundle", site.folder / "direct.json"), "direct.json"),
                          (self.direct(site.hosts["new"].netloc, "--bundle", site.folder / "wrong.json", password=WRONG), "wrong.json")):
            path = site.folder / name
            self.assertIn(str(path), ran.err)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            text = path.read_text()
            self.assertEqual(finder.in_bytes(text.encode()), [])
            self.assertEqual(finder.in_bytes((ran.out + ran.err).encode()), [])
            bundle = json.loads(text)
            self.assertEqual(bundle["watari"], "0.1.0")
            exchange = bundle["diagnosis"]["exchange"]
            self.assertGreater(len(exchange), 2)
            said = "\n".join(one["request"] + one["answer"] for one in exchange)
            self.assertIn("IdentifyResponse", said)
            self.assertIn("Authorization: Negotiate ***", said)
            for token in re.findall(r"(?:Authorization|WWW-Authenticate): \S+ (\S+)", said):
                self.assertTrue(token == "***" or token.startswith("realm="), token)
            self.assertNotIn("TlRMTVNT", text)  # an NTLM message
        self.assertIn("Win32_OperatingSystem", (site.folder / "direct.json").read_text())

    def test_says_where_no_report_can_be_written(self):
        ran = self.direct(site.hosts["new"].netloc, "--bundle", "/no/such/folder/report.json")
        self.assertNotEqual(ran.code, OK)
        self.assertIn("/no/such/folder/report.json", ran.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
