#!/usr/bin/python3
"""No secret leaves its place: real hvsim, watarid and watari do good and failing things with secrets nobody else has; then every log,
output, answer, event, trace, database file, command line and environment is searched for each of them in every usual form.

usage: secrets_test.py FOLDER-OF-PROGRAMS [unittest options]
"""
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "cli"), str(HERE.parent / "conformance")]
import harness
from certificates import make_certificate
from finder import Finder
from kdc import REALM, Kdc

PROGRAMS = harness.binaries()
HOSTS_PASSWORD = 'host-"pass"<wörd>&-5Kq2vT9x'
WRONG_PASSWORD = "never-right-<&>-8Zr4mW1c"
KERBEROS_PASSWORD = "ticket-for-operator-3Jd7bN6p"
REFUSED_PASSWORD = "sent-in-a-bad-body-6Hy1gF8s"
WRONG_TOKEN = "wt_never-issued-0Lx5uD2eRt7Yq9Wc4Vb8Nm3K"
OPERATOR = "operator"
NAMES = {"old": "HV01", "new": "HV02"}  # as hvsim names its hosts, in certificates too
site = kdc = None


def command(*words, stdin=None):
    return subprocess.run(words, input=stdin, capture_output=True, check=True, timeout=60).stdout


def md4_of(text):
    """The NT hash: as good as the password."""
    return command("openssl", "dgst", "-md4", "-provider", "legacy", "-provider", "default", "-binary", stdin=text.encode("utf-16-le"))


class Site(harness.Site):
    """Hosts that take NTLM and Kerberos, sealed or over TLS; a watarid that serves HTTPS and logs all it can."""

    def __init__(self, programs):
        self.heard = []  # whatever a program or a server said
        super().__init__(programs)

    def start_hosts(self):
        ready, log = self.folder / "hosts.json", self.folder / "hvsim.log"
        account = self.write("account", HOSTS_PASSWORD)
        hvsim = self.start("hvsim", "--hosts", ",".join(self.GENERATIONS.values()), "--storage", self.folder / "storage", "--listen",
                           "127.0.0.1:0", "--control", "127.0.0.1:0", "--ready-file", ready, "--time-scale", "50", "--seed", "1",
                           "--auth", "ntlm,kerberos", "--account", f"Administrator={account}", "--keytab", kdc.keytab,
                           "--tls", "--tls-folder", self.folder / "hosts-tls", log=log.name)
        self.control = harness.wait_for("hvsim", hvsim,
                                        lambda: ready.exists() and re.search(r"Control: (http://127\.0\.0\.1:\d+)", log.read_text()))[1]
        self.hosts = {name: {scheme: urllib.parse.urlsplit(host[scheme]) for scheme in ("http", "https")}
                      for name, host in zip(self.GENERATIONS, json.loads(ready.read_text()))}

    def start_server(self):
        log = self.folder / "watarid.log"
        self.server = None
        self.certificate, self.key = make_certificate(self.folder, "watarid")
        self.client_certificate, self.client_key = make_certificate(self.folder, "client")
        self.watarid = self.start("watarid", "--data", self.data, "--listen", "127.0.0.1:0", "--tls-certificate", self.certificate, "--tls-key",
                                  self.key, "--log-level", "debug", "--operation-timeout", "5", log=log.name)
        self.address = harness.wait_for("watarid", self.watarid, lambda: re.search(r"watarid_started .*?address=(\S+)", log.read_text()))[1]
        self.server = "https://" + self.address

    def environment(self, **changes):
        kerberos = {name: os.environ[name] for name in ("KRB5_CONFIG", "KRB5RCACHENAME")}
        return super().environment(**{**kerberos, "WATARI_CA_FILE": str(self.folder / "watarid.pem"), **changes})

    def run(self, *arguments, **how):
        ran = super().run(*arguments, **how)
        self.heard.append((f"watari {' '.join(map(str, arguments))}", (ran.out + ran.err).encode()))
        return ran

    def ask(self, method, path, body=None, token=None):
        """Status; what was answered is kept."""
        token = self.token_file.read_text().strip() if token is None else token
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, method=method, data=data,
                                         headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60, context=ssl.create_default_context(cafile=str(self.certificate))) as answer:
                status, headers, text = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, headers, text = error.code, error.headers, error.read()
        self.heard.append((f"{method} {path}: {status}", str(headers).encode() + text))
        return status

    def enroll_as(self, name, host, scheme, *more, tls=False):
        at = self.hosts[host]["https" if tls else "http"]
        trust = ("--tls", "--tls-ca-file", self.folder / "hosts-tls" / "ca.pem") if tls else ()
        return self.run("host", "enroll", name, "--address", at.hostname, "--port", at.port, "--scheme", scheme, "--server-name",
                        NAMES[host], *trust, *more, "--wait")

    def keep_password(self, name, password):
        path = self.write(name, password + "\n")
        path.chmod(0o600)
        return path


def setUpModule():
    global site, kdc
    kdc = Kdc({OPERATOR: KERBEROS_PASSWORD}, [f"HTTP/{name}" for name in NAMES.values()])
    site = Site(PROGRAMS)


def tearDownModule():
    site.stop()
    kdc.stop()


def private_key(path):
    """The secret number of an EC key and its PEM lines."""
    text = command("openssl", "pkey", "-in", str(path), "-noout", "-text").decode()
    number = bytes.fromhex(re.search(r"priv:\s+([0-9a-f:\s]+?)pub:", text)[1].replace(":", "").replace("\n", "").replace(" ", ""))
    return number, [line for line in path.read_text().splitlines() if len(line) > 40 and "-----" not in line]


def all_secrets():
    """What is looked for, and the files in which it may lie."""
    finder = Finder()
    homes = {}
    for name, password, home in (("password of the hosts", HOSTS_PASSWORD, site.folder / "account"),
                                 ("password of the hosts", HOSTS_PASSWORD, site.folder / "right"),
                                 ("wrong password", WRONG_PASSWORD, site.folder / "wrong"),
                                 ("Kerberos password", KERBEROS_PASSWORD, site.folder / "kerberos")):
        finder.add_text(name, password)
        finder.add_bytes(f"NT hash of the {name}", md4_of(password))
        homes[home] = name
    finder.add_text("password in a bad body", REFUSED_PASSWORD)
    finder.add_text("wrong token", WRONG_TOKEN)
    finder.add_text("admin token", site.token_file.read_text().strip())
    homes[site.token_file] = "admin token"
    finder.add_bytes("key of the store", (site.data / "secrets.key").read_bytes())
    homes[site.data / "secrets.key"] = "key of the store"
    for keytab in (kdc.keytab, site.folder / "operator.keytab"):
        for key in re.findall(r"\(0x([0-9a-f]+)\)", command("klist", "-k", "-K", str(keytab)).decode()):
            finder.add_bytes("Kerberos key", bytes.fromhex(key))
        homes[keytab] = "Kerberos key"
    for path in [site.key, site.client_key, *site.folder.glob("hosts-tls/*.key"), *site.folder.glob("hosts-tls/*key*.pem")]:
        number, lines = private_key(path)
        finder.add_bytes("private key", number)
        for line in lines:
            finder.add("private key", [("PEM", line.encode())])
        homes[path] = "private key"
    return finder, homes


class Secrets(unittest.TestCase):
    """One life of a site; the tests look at what it left behind."""

    @classmethod
    def setUpClass(cls):
        cls.right = site.keep_password("right", HOSTS_PASSWORD)
        cls.wrong = site.keep_password("wrong", WRONG_PASSWORD)
        cls.kerberos = site.keep_password("kerberos", KERBEROS_PASSWORD)
        Kdc.tool("/usr/sbin/kadmin.local", stdin=f"ktadd -norandkey -k {site.folder}/operator.keytab {OPERATOR}\n")
        cls.do_good_things()
        cls.do_failing_things()
        cls.look_at_everything()
        cls.finder, cls.homes = all_secrets()

    @classmethod
    def do_good_things(cls):
        keytab = site.folder / "operator.keytab"
        principal = f"{OPERATOR}@{REALM}"
        for ran in (site.enroll_as("old", "old", "ntlm", "--password-file", cls.right, "--allow-changes"),
                    site.enroll_as("new", "new", "ntlm", "--password-file", cls.right, "--allow-changes", tls=True),
                    site.enroll_as("by-ticket", "new", "kerberos", "--user", principal, "--password-file", cls.kerberos),
                    site.enroll_as("by-key", "new", "kerberos", "--user", principal, "--keytab", keytab, tls=True)):
            if ran.code != 0:
                raise AssertionError(ran)
        for host in ("old", "new"):
            site.must("storage", "add", "--host", host, "--path", "D:\\VMs", "--wait")
        site.must("plan", "add", "small", "--processors", 1, "--memory", "1GiB", "--disk", "1GiB", "--wait")
        site.must("network", "add", "customers", "--switch", "Customers", "--vlan", 42, "--wait")
        for host in ("old", "new"):
            site.must("vm", "create", f"desk-{host}", "--plan", "small", "--host", host, "--wait")
        site.must("host", "refresh", "new", "--wait")

    @classmethod
    def do_failing_things(cls):
        for ran in (site.enroll_as("refused", "old", "ntlm", "--password-file", cls.wrong),
                    site.enroll_as("refused-tls", "new", "ntlm", "--password-file", cls.wrong, tls=True),
                    site.enroll_as("refused-kdc", "new", "kerberos", "--user", f"{OPERATOR}@{REALM}", "--password-file", cls.wrong),
                    site.enroll_as("refused-basic", "new", "basic", "--password-file", cls.right, tls=True),
                    site.enroll_as("refused-certificate", "new", "certificate", "--certificate", site.client_certificate, "--key",
                                   site.client_key, tls=True)):
            if ran.code == 0:
                raise AssertionError(f"was to fail: {ran}")
        site.run("host", "update", "by-ticket", "--password-file", cls.wrong, "--wait")
        site.run("host", "refresh", "by-ticket", "--wait")
        site.add_fault("new", method="DefineSystem", effect="return_code", number=32768)
        if site.run("vm", "create", "impossible", "--plan", "small", "--host", "new", "--wait").code == 0:
            raise AssertionError("a VM that the host refused was made")
        site.clear_faults("new")
        site.run("vm", "list", WATARI_TOKEN_FILE=str(site.write("token", WRONG_TOKEN)))
        at = site.hosts["new"]["http"]
        good = {"name": "by-body", "address": at.hostname, "port": at.port, "password": REFUSED_PASSWORD}
        for body in ({**good, "colour": "red"}, {**good, "port": "x"}, {**good, "password": [REFUSED_PASSWORD]},
                     {**good, "name": REFUSED_PASSWORD + "!"}, {**good, "scheme": "telepathy"}, json.dumps(good).encode()[:-1]):
            site.ask("POST", "/v1/hosts", body)
        site.ask("POST", "/v1/hosts", good)
        site.ask("GET", "/v1/hosts", token=WRONG_TOKEN)
        for host in ("new", "old", "by-ticket", "by-key"):
            site.run("host", "doctor", host)
            site.run("host", "doctor", host, "--bundle", site.folder / f"bundle-{host}")
        cls.speak_without_a_server()

    @classmethod
    def speak_without_a_server(cls):
        authority = site.folder / "hosts-tls" / "ca.pem"
        for kind, trust in (("http", ()), ("https", ("--tls", "--ca-file", authority))):
            for password in (cls.right, cls.wrong):
                reach = (site.hosts["new"][kind].netloc, "--scheme", "ntlm", "--name", NAMES["new"], *trust, "--password-file", password)
                question = (*reach, "--namespace", "root/cimv2", "select * from Win32_OperatingSystem")
                for words in (("host", "doctor", *reach, "--direct"),
                              ("host", "doctor", *reach, "--direct", "--bundle", site.folder / f"bundle-{kind}-{password.name}"),
                              ("wmi", "identify", *reach), ("wmi", "query", *question), ("wmi", "trace", "query", *question)):
                    ran = site.run(*words)
                    if ran.code == 2:
                        raise AssertionError(f"{words} {ran}")

    @classmethod
    def look_at_everything(cls):
        lists = ("hosts", "storages", "images", "plans", "networks", "vms", "operations", "projects", "users", "tokens", "events", "audit")
        for name in lists:
            site.ask("GET", f"/v1/{name}")
        for path in ("/metrics", "/livez", "/readyz", "/docs", *(f"/v1/hosts/{name}" for name in ("old", "refused", "by-ticket", "by-key"))):
            site.ask("GET", path)
        for noun in ("host", "vm", "operation"):
            for form in ("table", "json", "yaml"):
                site.run(noun, "list", "-o", form)
        for index in range(len(site.hosts)):
            for what in ("", "/vms", "/requests", "/counters"):
                with urllib.request.urlopen(f"{site.control}/hosts/{index}{what}", timeout=60) as answer:
                    site.heard.append((f"control {index}{what}", answer.read()))

    def test_each_secret_is_found_where_it_belongs(self):
        """Otherwise the search below would prove nothing."""
        for home, name in self.homes.items():
            with self.subTest(home.name):
                self.assertTrue(any(name in what for what in self.finder.in_file(home)), f"{name} is not in {home}")

    def test_no_output_or_answer_holds_one(self):
        self.assertGreater(len(site.heard), 60)
        for source, text in site.heard:
            with self.subTest(source):
                self.assertEqual(self.finder.in_bytes(text), [])

    def test_no_file_holds_one(self):
        """Logs, the database with its journal, hosts' files, bundles: all that lies below the site, while its programs run."""
        exempt = {*self.homes, site.folder / "token"}
        for name in ("watarid.log", "hvsim.log", "data/watari.db"):
            self.assertTrue((site.folder / name).exists(), name)
        self.assertIn("debug", (site.folder / "watarid.log").read_text(errors="replace"))
        self.assertTrue(list(site.data.glob("*-wal")), "no journal: the database would not be searched as it is while it is written")
        self.assertEqual(self.finder.in_folder(site.folder, but=exempt), {})

    def test_no_command_line_and_no_environment_holds_one(self):
        for process in site.processes:
            for name in ("cmdline", "environ"):
                with self.subTest(f"{process.args[0]} {name}"):
                    self.assertEqual(self.finder.in_bytes(pathlib.Path(f"/proc/{process.pid}/{name}").read_bytes()), [])

    def test_files_with_secrets_are_closed_to_others(self):
        for path in (site.token_file, site.data / "secrets.key"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main()
