#!/usr/bin/python3
"""The command line against a real watarid and simulated hosts.

usage: cli_test.py FOLDER-OF-PROGRAMS [unittest options]
"""
import base64
import pathlib
import shutil
import socket
import sys
import threading
import unittest
import urllib.request

import harness

PROGRAMS = harness.binaries()
if not shutil.which("qemu-img"):
    sys.exit("cli_test: this Debian package is missing: qemu-utils. Run scripts/install-deps.")
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "conformance"))
import requests_of as wsman  # of tests/conformance

OK, FAILED, USAGE, NOT_FOUND, NOT_ALLOWED, CONFLICT, CAPACITY, TIMED_OUT, OPERATION_FAILED = range(9)
JA = {"LANG": "ja_JP.UTF-8"}
site = None
bad_servers = []
bad_enrolments = {}


class BadServer:
    """Listens as a host would and does one thing to every request."""

    def __init__(self, answer):
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self.answer)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def setUpModule():
    global site
    site = harness.Site(PROGRAMS)
    site.furnish()
    bad_servers.extend([BadServer(b"\x16\x03 this is no HTTP\r\n\r\n"), BadServer(b"")])
    for name, port in (("garbage", bad_servers[0].port), ("cut", bad_servers[1].port), ("down", free_port())):
        ran = site.must("host", "enroll", name, "--address", "127.0.0.1", "--port", port, "--scheme", "basic", "--password-file",
                        site.password_file)
        bad_enrolments[name] = (ran.out.strip(), port)


def tearDownModule():
    for server in bad_servers:
        server.close()
    site.stop()


class Case(unittest.TestCase):
    maxDiff = None

    def refused(self, code, *words, arguments, lang=None, **environment):
        """Refused with that exit code, on standard error only, in a text that holds all the words."""
        ran = site.run(*arguments, **(JA if lang == "ja" else {}), **environment)
        self.assertEqual(ran.code, code, ran)
        self.assertEqual(ran.out, "", ran)
        self.assertTrue(ran.err.startswith("watari: "), ran)
        for word in words:
            self.assertIn(word, ran.err)
        return ran

    def done(self, *arguments, **environment):
        ran = site.run(*arguments, **environment)
        self.assertEqual(ran.code, OK, ran)
        return ran

    def make_vm(self, name, *more):
        self.done("vm", "create", name, "--plan", "small", *more, "--wait")
        self.addCleanup(site.run, "vm", "delete", name, "--force", "--wait")


class Commands(Case):
    """Every command that does what it says."""

    def test_hosts(self):
        listed = self.done("host", "list", "-o", "json").json["items"]
        states = {host["name"]: host["state"] for host in listed}
        self.assertEqual((states["old"], states["new"]), ("ready", "ready"))
        table = self.done("host", "list").out
        self.assertRegex(table, r"^NAME +STATE +GENERATION +NAMESPACE")
        self.assertRegex(table, r"(?m)^old +ready +ws2008r2sp1 +v1 +127\.0\.0\.1:\d+")
        shown = self.done("host", "show", "new").out
        self.assertRegex(shown, r"(?m)^GENERATION +ws2012r2$")
        self.assertRegex(shown, r"(?m)^✓ +vhdx")
        self.assertEqual(self.done("host", "show", "new", "-o", "json").json["generation"], "ws2012r2")
        self.assertIn("refresh_host new succeeded", self.done("host", "refresh", "new", "--wait").err)
        site.enroll("again", "new", "--wait")
        self.done("host", "remove", "again", "--wait")
        self.refused(NOT_FOUND, "'again'", arguments=["host", "show", "again"])

    def test_password_from_standard_input(self):
        at = site.hosts["new"]
        ran = self.done("host", "enroll", "piped", "--address", at.hostname, "--port", at.port, "--scheme", "basic", "--password-file", "-", "--wait",
                        stdin=harness.PASSWORD + "\n")
        self.assertIn("enroll_host piped succeeded", ran.err)
        self.done("host", "remove", "piped", "--wait")

    def test_storages_images_plans_networks(self):
        self.assertRegex(self.done("storage", "list").out, r"(?m)^old +D:\\watari ")
        self.assertRegex(self.done("image", "list").out, r"(?m)^golden +64 MiB +new \(vhd\), old \(vhd\)$")
        self.assertRegex(self.done("image", "show", "golden-x").out, r"(?m)^new +D:\\images\\golden\.vhdx +vhdx +✓$")
        self.assertRegex(self.done("plan", "list").out, r"(?m)^small +1 +1 GiB +1 GiB$")
        self.assertRegex(self.done("network", "list").out, r"(?m)^customers +Customers +42 +02155D +new, old$")
        for noun in ("storage", "image", "plan", "network"):
            self.assertTrue(self.done(noun, "list", "-o", "json").json["items"])

    def test_what_was_added_is_named(self):
        for ran in (self.done("plan", "add", "named", "--processors", 1, "--memory", "512MiB", "--disk", "1GiB", "--wait"),
                    self.done("network", "add", "named", "--switch", "Customers", "--wait"),
                    self.done("image", "add", "named", "--replica", site.make_image("new", "named.vhd"), "--wait")):
            self.assertRegex(ran.err, r"✓ add_\w+ named succeeded")

    def test_the_life_of_a_vm(self):
        ran = self.done("vm", "create", "life", "--plan", "small", "--network", "customers", "--reason", "for a test", "--wait")
        self.assertEqual(ran.out, "", "progress is no data")
        self.assertRegex(ran.err, r"(?m)^  ✓ Make the disk +[\d.]+ m?s  requests \d+")
        self.assertRegex(ran.err, r"✓ create_vm life succeeded \(.*\)\n  host (old|new), namespace v[12]\n  requests \d+ of \d+")
        self.assertRegex(self.done("vm", "list").out, r"(?m)^life +ready +running +(old|new) +v[12] +small +1 +1 GiB +1 GiB +customers$")
        self.assertRegex(self.done("vm", "show", "life").out, r"(?m)^MAC +02:15:5d:")
        self.done("vm", "stop", "life", "--wait")
        self.assertEqual(self.done("vm", "show", "life", "-o", "json").json["power"], "off")
        self.done("vm", "start", "life", "--wait")
        self.done("vm", "resize", "life", "--memory", "2GiB", "--processors", 2, "--disk", "2GiB", "--restart", "--wait")
        vm = self.done("vm", "show", "life", "-o", "json").json
        self.assertEqual((vm["memory_mib"], vm["processors"], vm["disk_bytes"], vm["power"]), (2048, 2, 2 << 30, "running"))
        self.done("vm", "stop", "life", "--force", "--wait")
        self.done("vm", "delete", "life", "--wait")
        self.refused(NOT_FOUND, "'life'", arguments=["vm", "show", vm["name"]])

    def test_differencing_vhdx_disks_grow(self):
        self.make_vm("child-x", "--image", "golden-x", "--disk-source", "differencing", "--host", "new")
        self.done("vm", "resize", "child-x", "--disk", "128MiB", "--restart", "--wait")
        self.assertEqual(self.done("vm", "show", "child-x", "-o", "json").json["disk_bytes"], 128 << 20)

    def test_plan_only_orders_nothing(self):
        before = self.done("operation", "list", "-o", "json", "--limit", 1).json["items"][0]["id"]
        ran = self.done("vm", "create", "planned", "--plan", "small", "--image", "golden-x", "--plan-only")
        self.assertIn("It would run on host new, namespace v2.", ran.out)
        self.assertRegex(ran.out, r"(?m)^   old .*old has no verified replica of image golden-x\.")
        self.assertRegex(ran.out, r"At most \d+ requests to the host\.\n$")
        self.assertEqual(ran.err, "")
        plan = self.done("vm", "create", "planned", "--plan", "small", "--plan-only", "-o", "json").json
        self.assertEqual(plan["refusals"], [])
        self.refused(NOT_FOUND, arguments=["vm", "show", "planned"])
        self.assertEqual(self.done("operation", "list", "-o", "json", "--limit", 1).json["items"][0]["id"], before)

    def test_plan_only_of_what_would_be_refused(self):
        ran = site.run("vm", "create", "planned", "--plan", "small", "--disk-format", "vhdx", "--host", "old", "--plan-only")
        self.assertEqual(ran.code, FAILED, ran)
        self.assertIn("old knows VHD only", ran.out)
        self.assertIn("As ordered, it would be refused:", ran.out)

    def test_operations_are_listed_shown_and_waited_for(self):
        ran = self.done("vm", "create", "slow", "--plan", "small", "--no-wait")
        self.addCleanup(site.run, "vm", "delete", "slow", "--force", "--wait")
        self.assertRegex(ran.out, r"^[0-9a-f-]{36}\n$", "the id alone, for scripts")
        self.assertEqual(ran.err, "")
        operation = ran.out.strip()
        waited = self.done("operation", "wait", operation, "-o", "json")
        self.assertEqual(waited.json["state"], "succeeded")
        self.assertIn("create_vm slow succeeded", waited.err)
        self.assertIn(operation, self.done("operation", "list").out)
        self.assertRegex(self.done("operation", "show", operation).out, r"(?m)^  ✓ Start +")
        self.refused(CONFLICT, operation, "ended", arguments=["operation", "cancel", operation])

    def test_an_operation_is_cancelled(self):
        site.add_fault("new", effect="delay", delay_ms=1500, times=3)
        self.addCleanup(site.clear_faults, "new")
        operation = self.done("vm", "create", "undone", "--plan", "small", "--host", "new").out.strip()
        ran = self.done("operation", "cancel", operation, "--wait")
        self.assertIn("create_vm undone was cancelled", ran.err)
        self.refused(NOT_FOUND, arguments=["vm", "show", "undone"])

    def test_no_wait_with_json_gives_the_operation(self):
        operation = self.done("plan", "add", "quick", "--processors", 1, "--memory", "512MiB", "--disk", "1GiB", "--no-wait", "-o", "json").json
        self.assertEqual(operation["kind"], "add_plan")

    def test_a_key_never_orders_twice(self):
        order = ["vm", "create", "once", "--plan", "small", "--idempotency-key", "once-only"]
        first, second = self.done(*order), self.done(*order)
        self.addCleanup(site.run, "vm", "delete", "once", "--force", "--wait")
        self.assertEqual(first.out, second.out)
        self.done("operation", "wait", first.out.strip())
        other = site.run("vm", "create", "twice", "--plan", "small", "--idempotency-key", "once-only")
        self.assertEqual(other.code, FAILED, other)
        self.assertIn("once-only", other.err)

    def test_limits_are_told(self):
        ran = self.done("operation", "list", "--limit", 1)
        self.assertEqual(len(ran.out.splitlines()), 2)
        self.assertEqual(ran.err, "There is more; --limit N shows it.\n")

    def test_an_order_whose_answer_is_cut_is_made_once(self):
        site.add_fault("new", method="DefineSystem", effect="cut", times=1)
        self.addCleanup(site.clear_faults, "new")
        self.make_vm("cut-off", "--host", "new")
        self.assertEqual([vm["name"] for vm in site.machines("new")].count("cut-off"), 1)


class BadInput(Case):
    """What is refused: with what, where and what to do, before anything is touched."""

    def setUp(self):
        self.before = {host: site.machines(host) for host in site.GENERATIONS}

    def tearDown(self):
        self.doCleanups()
        self.assertEqual({host: site.machines(host) for host in site.GENERATIONS}, self.before)

    def create(self, *more):
        return ["vm", "create", "bad", "--plan", "small", *more]

    def test_memory_that_is_no_multiple_of_2_mib(self):
        self.refused(USAGE, "1025 MiB", "multiple of 2 MiB", "even number", arguments=self.create("--memory", "1025MiB"))
        self.refused(USAGE, "1025 MiB", "偶数を指定", arguments=self.create("--memory", "1025MiB"), lang="ja")
        self.refused(USAGE, "1023 MiB", "even number",
                     arguments=["plan", "add", "odd", "--processors", 1, "--memory", "1023MiB", "--disk", "1GiB"])

    def test_more_memory_than_any_host_has(self):
        for host in site.GENERATIONS:
            order = self.create("--memory", "1TiB", "--host", host)
            self.refused(CAPACITY, f"  {host} has ", "1 TiB are needed", "order less", arguments=order)
            self.refused(CAPACITY, f"  {host} の", "1 TiB が必要", "小さく", arguments=order, lang="ja")

    def test_sizes_that_are_none(self):
        self.refused(USAGE, "'2048' has no unit", "2048MiB", arguments=self.create("--memory", "2048"))
        self.refused(USAGE, "'much' is not a size", "2GiB", arguments=self.create("--disk", "much"))

    def test_a_disk_smaller_than_its_image(self):
        self.refused(USAGE, "32 MiB", "image golden (64 MiB)", "at least", arguments=self.create("--image", "golden", "--disk", "32MiB"))

    def test_a_differencing_vhd_to_grow(self):
        self.make_vm("child", "--image", "golden", "--disk-source", "differencing", "--host", "new")
        self.refused(CONFLICT, "child", "differencing VHD", "disk_source copy",
                     arguments=["vm", "resize", "child", "--disk", "2GiB", "--restart"])
        self.refused(USAGE, "differencing", "golden", "copy",
                     arguments=self.create("--image", "golden", "--disk-source", "differencing", "--disk", "2GiB"))

    def test_vlans_that_do_not_exist(self):
        network = ["network", "add", "bad", "--switch", "Customers", "--vlan"]
        self.refused(USAGE, "vlan: Give at least 1.", arguments=[*network, 0])
        self.refused(USAGE, "vlan: Give at most 4094.", arguments=[*network, 4095])
        self.refused(USAGE, "vlan: 4094 以下", arguments=[*network, 4095], lang="ja")
        self.refused(USAGE, "--vlan", "'x' is not a whole number", arguments=[*network, "x"])

    def test_an_image_that_does_not_exist(self):
        self.refused(NOT_FOUND, "no image 'nothing'", "watari image list", arguments=self.create("--image", "nothing"))
        ran = site.run("image", "add", "ghost", "--replica", r"new=D:\images\ghost.vhd", "--wait")
        self.assertEqual(ran.code, OPERATION_FAILED, ran)
        self.assertIn(r"There is no disk file D:\images\ghost.vhd on new. Copy the image there first.", ran.err)
        self.refused(USAGE, "'new' is not a replica", "HOST=PATH", arguments=["image", "add", "ghost", "--replica", "new"])

    def test_a_name_that_one_of_ours_has(self):
        self.make_vm("mine")
        with_mine = {host: site.machines(host) for host in site.GENERATIONS}
        self.refused(CONFLICT, "'mine'", "another name", arguments=["vm", "create", "mine", "--plan", "small"])
        self.assertEqual({host: site.machines(host) for host in site.GENERATIONS}, with_mine)

    def test_a_name_that_a_foreign_machine_has(self):
        self.define_foreign("theirs")
        theirs = site.machines("new")
        self.before["new"] = theirs
        self.done("vm", "create", "theirs", "--plan", "small", "--host", "new", "--wait")
        self.assertEqual([vm["name"] for vm in site.machines("new")].count("theirs"), 2)
        self.done("vm", "delete", "theirs", "--force", "--wait")
        self.assertEqual(site.machines("new"), theirs, "what is not ours was touched")

    @staticmethod
    def define_foreign(name):
        at = site.hosts["new"]
        credentials = base64.b64encode(f"Administrator:{harness.PASSWORD}".encode()).decode()
        request = urllib.request.Request(at.geturl(), data=wsman.define(wsman.V2, name).encode(), headers={
            "Authorization": "Basic " + credentials, "Content-Type": "application/soap+xml;charset=UTF-8"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            if b"ReturnValue>0<" not in answer.read():
                raise AssertionError("the foreign machine was not made")

    def test_names_that_do_not_exist(self):
        self.refused(NOT_FOUND, "no host 'nobody'", "watari host list", arguments=self.create("--host", "nobody"))
        self.refused(NOT_FOUND, "'nobody'", "watari plan list", arguments=["vm", "create", "bad", "--plan", "nobody"])
        self.refused(NOT_FOUND, "'nobody'", "watari network list", arguments=self.create("--network", "nobody"))
        for command in (["vm", "show"], ["vm", "start"], ["vm", "stop"], ["vm", "delete"], ["vm", "resize", "--memory", "2GiB"]):
            self.refused(NOT_FOUND, "'nobody'", "watari vm list", arguments=[*command, "nobody"])
        for command in ("show", "refresh", "allow-changes", "observe", "remove"):
            self.refused(NOT_FOUND, "'nobody'", "watari host list", arguments=["host", command, "nobody"])
        for command in ("show", "wait", "cancel"):
            self.refused(NOT_FOUND, "'nobody'", "watari operation list", arguments=["operation", command, "nobody"])

    def test_a_wrong_password(self):
        wrong = site.write("wrong", "not-the-password\n")
        at = site.hosts["new"]
        ran = site.run("host", "enroll", "locked", "--address", at.hostname, "--port", at.port, "--scheme", "basic", "--password-file", wrong, "--wait")
        self.assertEqual(ran.code, OPERATION_FAILED, ran)
        self.assertIn("refused the credentials.", ran.err)
        self.assertRegex(ran.err, r"\n +→ Store the right user name and password")
        self.assertNotIn("not-the-password", ran.out + ran.err)
        self.refused(USAGE, "nowhere", "first line", arguments=["host", "enroll", "locked", "--address", "x", "--password-file", "nowhere"])

    def enrolment(self, *more, address="192.0.2.1"):
        return ["host", "enroll", "bad", "--address", address, "--password-file", site.password_file, *more]

    def test_ways_to_a_host_that_do_not_fit(self):
        self.refused(USAGE, "server_name: ", "hv1.corp.example", "an address", arguments=self.enrolment("--scheme", "kerberos"))
        self.refused(USAGE, "server_name: ", "完全な名前", arguments=self.enrolment("--scheme", "kerberos"), lang="ja")
        self.refused(USAGE, "basic_in_the_clear: ", "192.0.2.1", "ntlm, which seals", arguments=self.enrolment("--scheme", "basic"))
        self.refused(USAGE, "tls_ca_file: ", "/nowhere/ca.pem", "absolute path", arguments=self.enrolment("--tls-ca-file", "/nowhere/ca.pem"))
        self.refused(USAGE, "tls_fingerprint: ", "12:34", "64 hexadecimal", arguments=self.enrolment("--fingerprint", "12:34"))
        ran = self.refused(USAGE, "password: ", "certificate_file: ", "key_file: ", "tls: ", arguments=self.enrolment("--scheme", "certificate"))
        self.assertNotIn(harness.PASSWORD, ran.err)
        self.refused(USAGE, "--password-file", arguments=["host", "enroll", "bad", "--address", "192.0.2.1"])
        self.refused(USAGE, "--scheme: 'digest'", "kerberos", arguments=self.enrolment("--scheme", "digest"))
        self.refused(NOT_FOUND, "'nobody'", "watari host list", arguments=["host", "update", "nobody", "--port", 5985])

    def test_a_certificate_that_nobody_checks_is_warned_of(self):
        at = site.hosts["new"]
        ran = site.run(*self.enrolment("--port", at.port, "--insecure-tls", "--wait", address=at.hostname))
        self.assertEqual(ran.code, OPERATION_FAILED, ran)
        self.assertIn("Warning: the certificate of bad is not checked", ran.err)
        self.assertIn("watari host update bad --fingerprint", ran.err)
        self.assertIn("does not speak TLS", ran.err)

    def test_vhdx_on_a_host_that_knows_vhd_only(self):
        self.refused(FAILED, "old knows VHD only", "Order disk_format vhd", arguments=self.create("--disk-format", "vhdx", "--host", "old"))
        self.refused(FAILED, "VHD", arguments=self.create("--disk-format", "vhdx", "--host", "old"), lang="ja")

    def test_a_change_of_a_running_vm_that_needs_it_off(self):
        self.make_vm("busy")
        self.refused(CONFLICT, "busy", "needs it off", "--restart", arguments=["vm", "resize", "busy", "--memory", "2GiB"])
        self.refused(CONFLICT, "busy", "running", "--force", arguments=["vm", "delete", "busy"])
        self.refused(USAGE, "--memory", arguments=["vm", "resize", "busy"])

    def test_a_host_that_still_holds_vms(self):
        self.make_vm("tenant", "--host", "new")
        ran = site.run("host", "remove", "new", "--wait")
        self.assertIn(ran.code, (CONFLICT, OPERATION_FAILED), ran)
        self.assertIn("new", ran.err)
        self.assertEqual(self.done("host", "show", "new", "-o", "json").json["state"], "ready")


class Usage(Case):
    """A command line that does not fit: exit code 2, the nearest word, where to read more, in both languages."""

    def test_unknown_words_name_the_nearest(self):
        self.refused(USAGE, "no command 'watari vm crate'", "Did you mean create?", "See: watari vm --help", arguments=["vm", "crate", "x"])
        self.refused(USAGE, "no command 'watari sotrage'", "Did you mean storage?", arguments=["sotrage", "list"])
        self.refused(USAGE, "no option --pln", "Did you mean --plan?", arguments=["vm", "create", "x", "--pln", "small"])
        self.refused(USAGE, "no option --sever", "Did you mean --server?", arguments=["vm", "list", "--sever", "x"])
        ran = self.refused(USAGE, "host, storage, image, plan, network, vm, operation", arguments=["frobnicate"])
        self.assertNotIn("Did you mean", ran.err)

    def test_unknown_words_in_japanese(self):
        for environment in ({"LANG": "ja_JP.UTF-8"}, {"LC_ALL": "ja_JP.UTF-8"}):
            self.refused(USAGE, "コマンド 'watari vm crate' はありません", "create のことですか?", arguments=["vm", "crate", "x"], **environment)
        self.refused(USAGE, "--pln というオプションはありません", arguments=["--lang", "ja", "vm", "create", "x", "--pln", "small"])
        self.refused(USAGE, "--plan が必要です", arguments=["vm", "create", "x", "--lang=ja"])
        self.refused(USAGE, "needs --plan", arguments=["vm", "create", "x", "--lang", "en"], lang="ja")

    def test_missing_words(self):
        self.refused(USAGE, "host, storage", "See: watari --help", arguments=[])
        self.refused(USAGE, "list, show, create", arguments=["vm"])
        self.refused(USAGE, "needs NAME, --processors, --memory, --disk", arguments=["plan", "add"])
        self.refused(USAGE, "--plan takes exactly one value", arguments=["vm", "create", "x", "--plan"])
        self.refused(USAGE, "--plan には値を 1 つだけ", arguments=["vm", "create", "x", "--plan", "a", "--plan", "b"], lang="ja")

    def test_words_too_many_and_values_that_are_none(self):
        self.refused(USAGE, "'more' is one too many", arguments=["vm", "list", "more"])
        self.refused(USAGE, "--disk-format: 'qcow' is not possible", "vhd, vhdx", arguments=["vm", "create", "x", "--disk-format", "qcow"])
        self.refused(USAGE, "--disk-format: 'qcow' は指定できません", arguments=["vm", "create", "x", "--disk-format", "qcow"], lang="ja")
        self.refused(USAGE, "--limit: 'all' is not a whole number from 1 to", arguments=["vm", "list", "--limit", "all"])
        self.refused(USAGE, "--wait-timeout", "'-1'", arguments=["vm", "list", "--wait-timeout", "-1"])
        self.refused(USAGE, "--output: 'yaml'", "table, json", arguments=["vm", "list", "-o", "yaml"])
        self.refused(USAGE, "--lang: 'fr'", "ja, en", arguments=["--lang", "fr", "vm", "list"])

    def test_help_is_data_in_both_languages(self):
        for arguments, english, japanese in ((["--help"], "Exit codes: 0 ok", "終了コード: 0 成功"),
                                             (["vm", "create", "--help"], "order a VM", "VM を注文する")):
            ran = self.done(*arguments)
            self.assertIn(english, ran.out)
            self.assertEqual(ran.err, "")
            ran = self.done("--lang", "ja", *arguments)
            self.assertIn(japanese, ran.out)
            self.assertNotIn("Options", ran.out)
        self.assertRegex(self.done("--version").out, r"^watari \d")


class Servers(Case):
    """The other end is not there, not ours, or does not let us in."""

    def test_no_server(self):
        port = free_port()
        ran = self.refused(FAILED, f"127.0.0.1:{port}", "Start it with 'watarid'", "--server",
                           arguments=["vm", "list", "--server", f"http://127.0.0.1:{port}"])
        self.assertEqual(len(ran.err.splitlines()), 1, ran)
        self.refused(FAILED, f"127.0.0.1:{port}", "WATARI_SERVER", arguments=["vm", "list", "--server", f"127.0.0.1:{port}"], lang="ja")

    def test_what_is_no_server_of_ours(self):
        self.refused(USAGE, "'foo bar'", "http://127.0.0.1:8420", arguments=["vm", "list", "--server", "foo bar"])
        other = BadServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        self.addCleanup(other.close)
        self.refused(FAILED, arguments=["vm", "list", "--server", f"http://127.0.0.1:{other.port}"])

    def test_tokens(self):
        self.assertEqual(site.token_file.stat().st_mode & 0o777, 0o600)
        self.refused(USAGE, "/nowhere/token", "--token-file", "WATARI_TOKEN_FILE", arguments=["vm", "list", "--token-file", "/nowhere/token"])
        self.refused(NOT_ALLOWED, "admin.token", "--token-file", arguments=["vm", "list"], WATARI_TOKEN_FILE=None)
        guessed = site.write("guessed", "watari_0123\n")
        self.refused(NOT_ALLOWED, "unknown, expired or revoked", arguments=["vm", "list", "--token-file", guessed])
        self.refused(NOT_ALLOWED, "トークン", arguments=["vm", "list", "--token-file", guessed], lang="ja")

    def test_a_busy_port_and_a_busy_folder(self):
        ran = site.run("--data", site.folder / "other", "--listen", site.address, "--log-file", site.folder / "other.log", program="watarid")
        self.assertEqual((ran.code, ran.out), (FAILED, ""), ran)
        for word in ("watarid: ", site.address, "Another program", "another port with --listen"):
            self.assertIn(word, ran.err)
        ran = site.run("--data", site.folder / "other", "--listen", site.address, "--log-file", site.folder / "other.log", program="watarid",
                       **JA)
        self.assertIn("--listen で別のポート", ran.err)
        ran = site.run("--data", site.data, "--listen", "127.0.0.1:0", "--log-file", site.folder / "other.log", program="watarid")
        self.assertEqual(ran.code, FAILED, ran)
        self.assertIn(f"process {site.watarid.pid}", ran.err)

    def test_an_open_address_without_protection(self):
        ran = site.run("--data", site.folder / "other", "--listen", "0.0.0.0:0", program="watarid")
        self.assertEqual(ran.code, USAGE, ran)
        self.assertIn("0.0.0.0", ran.err)

    def test_waiting_ends_in_time(self):
        operation, port = bad_enrolments["down"]
        if self.done("operation", "show", operation, "-o", "json").json["state"] == "failed":
            ran = site.run("host", "enroll", "down-too", "--address", "127.0.0.1", "--port", port, "--scheme", "basic", "--password-file",
                        site.password_file)
            operation = ran.out.strip()
        ran = site.run("operation", "wait", operation, "--wait-timeout", 1)
        self.assertEqual(ran.code, TIMED_OUT, ran)
        self.assertIn(f"watari operation wait {operation}", ran.err)
        self.assertIn("refused the connection", ran.err, "why it waits")

    def test_a_new_start_makes_a_lost_token_again(self):
        old = site.token_file.read_text()
        site.stop_server()
        site.token_file.unlink()
        site.start_server()
        self.assertNotEqual(site.token_file.read_text(), old)
        self.assertEqual(site.token_file.stat().st_mode & 0o777, 0o600)
        self.done("vm", "list")


class Terminals(Case):
    """What a person sees."""

    def test_colours_and_progress_on_a_terminal(self):
        code, shown = site.run_on_terminal("vm", "create", "seen", "--plan", "small")
        self.addCleanup(site.run, "vm", "delete", "seen", "--force", "--wait")
        self.assertEqual(code, OK, shown)
        self.assertIn("\x1b[32m✓", shown)
        self.assertIn("create_vm seen succeeded", shown, "a terminal waits by itself")
        code, shown = site.run_on_terminal("vm", "list")
        self.assertIn("\x1b[2mNAME", shown)

    def test_no_color(self):
        code, shown = site.run_on_terminal("vm", "list", NO_COLOR="1")
        self.assertEqual(code, OK, shown)
        self.assertNotIn("\x1b[", shown)

    def test_no_wait_on_a_terminal_says_how_to_follow(self):
        code, shown = site.run_on_terminal("plan", "add", "seen", "--processors", 1, "--memory", "512MiB", "--disk", "1GiB", "--no-wait")
        self.assertEqual(code, OK, shown)
        self.assertIn("Accepted. Follow it with: watari operation wait ", shown)

    def test_japanese(self):
        self.assertRegex(self.done("vm", "list", **JA).out, r"^名前 +状態 +電源")
        self.assertRegex(self.done("vm", "list", "--lang", "en", **JA).out, r"^NAME ")
        ran = self.done("plan", "add", "ja-1", "--processors", 1, "--memory", "512MiB", "--disk", "1GiB", "--wait", "--lang", "ja")
        self.assertIn("add_plan ja-1 が完了しました", ran.err)


class WrongHosts(Case):
    """Last by name: their enrolments are tried again for more than a minute, which began with the module."""

    def test_hosts_that_are_down_or_talk_nonsense(self):
        texts = {"down": ["127.0.0.1:{port} refused the connection", "Check that the service runs"],
                 "garbage": ["127.0.0.1:{port}"], "cut": ["127.0.0.1:{port}"]}
        for name, words in texts.items():
            operation, port = bad_enrolments[name]
            with self.subTest(name):
                ran = site.run("operation", "wait", operation)
                self.assertEqual(ran.code, OPERATION_FAILED, ran)
                self.assertRegex(ran.err, r"✗ enroll_host \S*\s?failed")
                for word in words:
                    self.assertIn(word.format(port=port), ran.err)
                self.refused(NOT_FOUND, arguments=["host", "show", name])


if __name__ == "__main__":
    unittest.main()
