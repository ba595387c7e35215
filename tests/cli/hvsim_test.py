#!/usr/bin/env python3
"""hvsim as a person starts it: wrongly, with one line that says what, where and what to do, and an exit code; and with its defaults.

usage: hvsim_test.py BINARY-FOLDER
"""
import base64
import http.client
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

HVSIM = pathlib.Path(sys.argv.pop(1)) / "hvsim"


class WrongStart(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="watari-hvsim-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def expect(self, code, arguments, *words):
        ran = subprocess.run([HVSIM, "--control", "", "--allow-unencrypted", *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=60, check=False)
        self.assertEqual(ran.returncode, code, ran)
        self.assertEqual(ran.stdout, "")
        for word in words:
            self.assertIn(word, ran.stderr)

    def test_names_a_generation_that_does_not_exist(self):
        self.expect(2, ["--hosts", "ws2099"], "ws2099", "ws2012r2*3")

    def test_names_a_flag_that_does_not_exist(self):
        self.expect(2, ["--hostz", "ws2012"], "--hostz", "--help")

    def test_names_an_authentication_that_does_not_exist(self):
        self.expect(2, ["--hosts", "ws2012", "--auth", "telepathy"], "telepathy", "basic")

    def test_names_a_switch_that_does_not_exist(self):
        self.expect(2, ["--hosts", "ws2012", "--switch", "no_such=1"], "no_such", "--list-switches")

    def test_names_an_account_without_a_password_file(self):
        self.expect(2, ["--hosts", "ws2012", "--account", "joe"], "joe", "USER=PASSWORD-FILE")
        self.expect(2, ["--hosts", "ws2012", "--account", f"joe={self.folder / 'none'}"], str(self.folder / "none"))

    def test_names_what_is_wrong_with_an_accounts_file(self):
        accounts = self.folder / "accounts.json"
        accounts.write_text('[{"user": "joe", "rights": "root"}]')
        self.expect(2, ["--hosts", "ws2012", "--accounts", accounts], str(accounts), '"root"', "hyper-v-administrator")
        accounts.write_text('[{"user": "joe", "password_file": "missing.txt"}]')
        self.expect(2, ["--hosts", "ws2012", "--accounts", accounts], str(self.folder / "missing.txt"))
        self.expect(2, ["--hosts", "ws2012", "--accounts", self.folder / "none.json"], str(self.folder / "none.json"))

    def test_names_wrong_usage_in_the_language_asked_for(self):
        self.expect(2, ["--hostz", "ws2012", "--lang", "ja"], "--hostz", "ありません")
        self.expect(2, ["--lang=ja", "--time-scale", "fast"], "--time-scale", "値")
        self.expect(2, ["--time-scale", "fast"], "--time-scale", "--help")
        self.expect(2, ["--hosts"], "--hosts", "--help")

    def test_names_the_keytab_that_kerberos_lacks(self):
        self.expect(2, ["--hosts", "ws2012", "--auth", "negotiate,kerberos"], "--keytab")

    def test_names_fault_rules_that_are_none(self):
        rules = self.folder / "faults.json"
        rules.write_text("cut every cable")
        self.expect(2, ["--hosts", "ws2012", "--faults", rules], "JSON list")

    def test_names_a_storage_that_is_a_file(self):
        file = self.folder / "file"
        file.write_text("")
        self.expect(2, ["--hosts", "ws2012", "--storage", file], str(file), "--storage")

    def test_names_a_port_in_use_and_the_remedy(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            self.expect(1, ["--hosts", "ws2012", "--listen", address], address, "--listen")

    def test_names_an_address_of_another_machine(self):
        self.expect(2, ["--hosts", "ws2012", "--listen", "192.0.2.1:0"], "192.0.2.1")

    def test_names_a_ready_file_that_cannot_be_written(self):
        file = self.folder / "file"
        file.write_text("")
        self.expect(1, ["--hosts", "ws2012", "--listen", "127.0.0.1:0", "--ready-file", file / "ready.json"], str(file / "ready.json"))


class Defaults(unittest.TestCase):
    """A host as Windows configures it: no Basic, nothing in the clear, nobody without a name."""

    IDENTIFY = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><i:Identify '
                'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>')

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="watari-hvsim-")
        self.addCleanup(temporary.cleanup)
        ready = pathlib.Path(temporary.name) / "hosts.json"
        process = subprocess.Popen([HVSIM, "--hosts", "ws2008r2sp1,ws2022", "--listen", "127.0.0.1:0", "--control", "", "--ready-file", ready],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.addCleanup(process.stdout.close)
        self.assertIn("127.0.0.1:", process.stdout.readline())
        self.hosts = [urllib.parse.urlsplit(host["http"]) for host in json.loads(ready.read_text())]

    def post(self, host, **headers):
        connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", host.path, self.IDENTIFY, {"Content-Type": "application/soap+xml;charset=UTF-8", **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers.get_all("WWW-Authenticate"), answer.read().decode()

    def test_refuse_who_does_not_log_on(self):
        for host in self.hosts:
            self.assertEqual(self.post(host), (401, ["Negotiate"], ""))

    def test_refuse_basic(self):
        password = base64.b64encode(b"Administrator:watari-sim").decode()
        for host in self.hosts:
            self.assertEqual(self.post(host, Authorization=f"Basic {password}"), (401, ["Negotiate"], ""))

    def test_identify_themselves_to_everybody_by_their_stack_alone(self):
        for host, stack in zip(self.hosts, ("2.0", "3.0"), strict=True):
            status, _, body = self.post(host, WSMANIDENTIFY="unauthenticated")
            self.assertEqual(status, 200)
            self.assertIn(f"OS: 0.0.0 SP: 0.0 Stack: {stack}", body)
            self.assertNotIn("SecurityProfiles", body)


if __name__ == "__main__":
    unittest.main()
