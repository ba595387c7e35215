#!/usr/bin/python3
"""`watari wmi` against simulated hosts, without watarid: every verb, its mistakes, and a dump served again.

usage: wmi_test.py FOLDER-OF-PROGRAMS [unittest options]
"""
import json
import os
import pathlib
import pty
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import harness

PROGRAMS = harness.binaries()
OK, FAILED, USAGE, NOT_FOUND, NOT_ALLOWED, CONFLICT, _, _, OPERATION_FAILED = range(9)
SERVICE = 'Msvm_VirtualSystemManagementService.CreationClassName="Msvm_VirtualSystemManagementService"'
DISK = 'root\\cimv2:Win32_LogicalDisk.DeviceID="C:"'
hosts = None


class Hosts:
    """hvsim processes and the folder of one test run. Hosts want NTLM and sealed bodies, as real ones do."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="watari-wmi-")
        self.folder = pathlib.Path(self.temporary.name)
        self.password_file = self.write("password", harness.PASSWORD + "\n")
        self.processes = []
        self.new, self.old = self.start("--hosts", "ws2012r2,ws2008r2sp1", "--time-scale", "50")

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, *arguments, auth=("--auth", "ntlm")):
        number = len(self.processes)
        ready, log = self.folder / f"ready-{number}.json", self.folder / f"hvsim-{number}.log"
        with open(log, "wb") as file:
            process = subprocess.Popen([PROGRAMS / "hvsim", "--listen", "127.0.0.1:0", "--control", "", "--ready-file", ready, *auth,
                                        "--seed", "1", *arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        self.processes.append(process)
        harness.wait_for("hvsim", process, ready.exists)
        return [urllib.parse.urlsplit(host["http"]).netloc for host in json.loads(ready.read_text())]

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.temporary.cleanup()

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8",
                "WATARI_TOKEN_FILE": str(self.folder / "no-token-is-read")}

    def command(self, verb, host, *rest):
        verbs = verb.split()
        return [PROGRAMS / "watari", "wmi", *verbs, host or self.new, "--password-file", self.password_file, *rest]

    def run(self, verb, *rest, host=None, stdin="", json_=False):
        command = [*self.command(verb, host, *rest), *(["-o", "json"] if json_ else [])]
        done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True, timeout=120, check=False,
                              env=self.environment())
        return harness.Ran(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments, **how):
        ran = self.run(*arguments, **how)
        if ran.code != OK:
            raise AssertionError(f"{arguments} {ran}")
        return ran

    def on_terminal(self, command, answer):
        """Runs it with a terminal for everything, types the answer when something was asked, gives code and what was shown."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(command[0], [str(part) for part in command], self.environment() | {"TERM": "xterm"})
        shown = b""
        typed = False
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if not typed and (shown.rstrip().endswith(b":") or b"[y/N]" in shown):
                os.write(terminal, answer.encode() + b"\n")
                typed = True
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def setUpModule():
    global hosts
    hosts = Hosts()


def tearDownModule():
    if hosts:
        hosts.stop()


class Case(unittest.TestCase):
    def refused(self, code, ran, *words):
        self.assertEqual(ran.code, code, ran)
        self.assertEqual(ran.out, "", ran)
        for word in words:
            self.assertIn(word, ran.err)


class Questions(Case):
    def test_identify_says_what_the_host_is(self):
        ran = hosts.must("identify")
        self.assertIn("Microsoft Corporation", ran.out)
        self.assertIn("3.0", ran.out)
        self.assertEqual(hosts.must("identify", json_=True, host=hosts.old).json["stack"], "2.0")

    def test_classes_are_listed_and_narrowed(self):
        names = [one["name"] for one in hosts.must("classes", json_=True).json]
        self.assertIn("Msvm_ComputerSystem", names)
        few = [one["name"] for one in hosts.must("classes", "--like", "Msvm_%Job", json_=True).json]
        self.assertIn("Msvm_ConcreteJob", few)
        self.assertTrue(all(name.startswith("Msvm_") and name.endswith("Job") for name in few), few)
        self.assertIn("CLASS", hosts.must("classes", "--like", "Msvm_%Job").out)

    def test_class_is_shown_as_mof(self):
        mof = hosts.must("class", "Msvm_ComputerSystem").out
        self.assertIn("class Msvm_ComputerSystem : CIM_ComputerSystem\n{", mof)
        self.assertIn("[Key, read] string Name;", mof)
        self.assertIn("uint16 OperationalStatus[];", mof)
        self.assertIn("uint32 RequestStateChange(", mof)
        self.assertEqual(hosts.must("class", "Msvm_ComputerSystem", json_=True).json["superclass"], "CIM_ComputerSystem")

    def test_class_of_a_host_without_metadata_is_the_documented_one(self):
        ran = hosts.must("class", "Msvm_ComputerSystem", host=hosts.old)
        self.assertIn("class Msvm_ComputerSystem", ran.out)
        self.assertIn("documented", ran.err)
        ran = hosts.must("classes", host=hosts.old)
        self.assertIn("Msvm_VirtualSystemManagementService", ran.out)
        self.assertIn("2008 R2", ran.err)
        self.refused(FAILED, hosts.run("classes", "-n", "root/default", host=hosts.old), "Stack 2.0")

    def test_query_prints_blocks_rows_and_json(self):
        block = hosts.must("query", "select * from Win32_LogicalDisk where DeviceID = 'C:'", "-n", "root/cimv2").out
        self.assertTrue(block.startswith("Win32_LogicalDisk\n"), block)
        rows = hosts.must("query", "select DeviceID, DriveType from Win32_LogicalDisk", "-n", "root/cimv2").out.splitlines()
        self.assertEqual(rows[0].split(), ["DeviceID", "DriveType"])
        self.assertIn(["C:", "3"], [row.split() for row in rows])
        disks = hosts.must("query", "select * from Win32_LogicalDisk", "-n", "root/cimv2", json_=True).json
        self.assertEqual({disk["__CLASS"] for disk in disks}, {"Win32_LogicalDisk"})
        self.assertIsInstance(disks[0]["DriveType"], int)

    def test_query_without_a_match_is_empty(self):
        self.assertEqual(hosts.must("query", "select * from Msvm_ConcreteJob where InstanceID='x'", json_=True).json, [])
        self.assertIn("No instances", hosts.must("query", "select * from Msvm_ConcreteJob where InstanceID='x'").err)

    def test_namespace_is_the_older_one_where_the_newer_is_absent(self):
        found = hosts.must("query", "select * from Msvm_VirtualSystemManagementService", host=hosts.old, json_=True).json
        self.assertEqual(len(found), 1)

    def test_get_shows_one_instance(self):
        self.assertEqual(hosts.must("get", DISK, json_=True).json["DeviceID"], "C:")
        self.assertIn("DeviceID", hosts.must("get", 'Win32_LogicalDisk.DeviceID="C:"', "-n", "root/cimv2").out)


class Mistakes(Case):
    def test_class_that_is_not_there(self):
        self.refused(FAILED, hosts.run("class", "Msvm_Nothing"), "Msvm_Nothing")
        self.refused(FAILED, hosts.run("class", "Msvm_Nothing", host=hosts.old), "Stack 2.0")
        self.assertNotEqual(hosts.run("query", "select * from Msvm_Nothing").code, OK)

    def test_namespace_that_is_not_there(self):
        self.refused(FAILED, hosts.run("query", "select * from X", "-n", "root/nowhere"), "root/nowhere")

    def test_query_that_is_none(self):
        self.refused(USAGE, hosts.run("query", "select from where"), "select from where")

    def test_path_that_is_none(self):
        for path in ("Win32_LogicalDisk.DeviceID=", "=", "\\\\", "X.K='", ""):
            self.refused(USAGE, hosts.run("get", path, "-n", "root/cimv2"), "not an object path")

    def test_instance_that_is_not_there(self):
        self.refused(NOT_FOUND, hosts.run("get", 'Win32_LogicalDisk.DeviceID="Q:"', "-n", "root/cimv2"), "Q:")

    def test_password_that_is_wrong(self):
        wrong = hosts.write("wrong", "not-this-one\n")
        ran = hosts.run("identify", "--password-file", wrong)
        # CLI11 takes an option once; so the wrong file stands alone.
        command = [PROGRAMS / "watari", "wmi", "identify", hosts.new, "--password-file", wrong]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
                              env=hosts.environment())
        self.assertEqual(ran.code, USAGE, ran)
        self.refused(NOT_ALLOWED, harness.Ran(done.returncode, done.stdout, done.stderr), "credentials")
        self.assertNotIn("--token-file", done.stderr)
        self.assertNotIn("not-this-one", done.stderr)

    def test_password_that_nobody_gives(self):
        done = subprocess.run([str(PROGRAMS / "watari"), "wmi", "identify", hosts.new], capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, env=hosts.environment())
        self.refused(USAGE, harness.Ran(done.returncode, done.stdout, done.stderr), "--password-file")

    def test_host_that_is_no_host(self):
        with socket.create_server(("127.0.0.1", 0)) as web:
            def answer():
                while True:
                    try:
                        connection, _ = web.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>")
            threading.Thread(target=answer, daemon=True).start()
            ran = hosts.run("identify", "--timeout", "5", host=f"127.0.0.1:{web.getsockname()[1]}")
            self.assertNotEqual(ran.code, OK, ran)
            self.assertEqual(ran.out, "")
            web.shutdown(socket.SHUT_RDWR)
        with socket.create_server(("127.0.0.1", 0)) as unused:
            nobody = f"127.0.0.1:{unused.getsockname()[1]}"
        self.refused(FAILED, hosts.run("identify", "--timeout", "5", host=nobody), nobody)
        self.refused(USAGE, hosts.run("identify", host="http://x/y/z"), "x/y/z")

    def test_options_that_do_not_go_together(self):
        self.refused(USAGE, hosts.run("identify", "--insecure-tls"), "--tls")
        self.refused(USAGE, hosts.run("identify", "--keytab", "k", "--scheme", "ntlm"), "erberos")
        self.refused(USAGE, hosts.run("identify", "--tls", "--scheme", "certificate"), "--certificate")
        self.refused(USAGE, hosts.run("identify", "--scheme", "telepathy"), "telepathy")


class Invoking(Case):
    def test_methods_that_read_need_no_consent(self):
        with_vms = hosts.run("invoke", SERVICE, "GetSummaryInformation", "--arg", "RequestedInformation=0", "--arg",
                             "RequestedInformation=1", json_=True)
        self.assertEqual(with_vms.code, OK, with_vms)
        self.assertEqual(with_vms.json["ReturnValue"], 0)

    def test_other_methods_are_refused_without_a_terminal(self):
        self.refused(USAGE, hosts.run("invoke", SERVICE, "DefineSystem"), "--yes")

    def test_other_methods_are_called_with_consent(self):
        instance = hosts.write("vm.xml", '<INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData"><PROPERTY NAME="ElementName" TYPE="string">'
                               "<VALUE>made-by-hand</VALUE></PROPERTY></INSTANCE>")
        ran = hosts.must("invoke", SERVICE, "DefineSystem", "--arg", f"SystemSettings=@{instance}", "--yes", json_=True)
        self.assertEqual(ran.json["ReturnValue"], 0)
        vms = hosts.must("query", "select ElementName from Msvm_ComputerSystem where ElementName='made-by-hand'", json_=True).json
        self.assertEqual(len(vms), 1)

    def test_a_return_value_that_is_no_success_shows_in_the_exit_code(self):
        ran = hosts.run("invoke", SERVICE, "DestroySystem", "--arg",
                        'AffectedSystem=Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="11111111-2222-3333-4444-555555555555"', "--yes")
        self.assertNotEqual(ran.code, OK, ran)

    def test_a_terminal_is_asked(self):
        command = hosts.command("invoke", None, SERVICE, "DefineSystem")
        code, shown = hosts.on_terminal(command, "n")
        self.assertEqual(code, FAILED, shown)
        self.assertIn("Nothing was sent", shown)

    def test_wrong_methods_and_arguments_are_named(self):
        self.refused(NOT_FOUND, hosts.run("invoke", SERVICE, "Explode"), "Explode", "DefineSystem")
        self.refused(USAGE, hosts.run("invoke", SERVICE, "DefineSystem", "--yes", "--arg", "Colour=red"), "Colour", "SystemSettings")
        self.refused(USAGE, hosts.run("invoke", SERVICE, "GetSummaryInformation", "--arg", "RequestedInformation=many"), "many", "uint32")
        self.refused(USAGE, hosts.run("invoke", SERVICE, "DefineSystem", "--yes", "--arg", "SystemSettings"), "Name=value")
        self.refused(USAGE, hosts.run("invoke", SERVICE, "DefineSystem", "--yes", "--arg", "SystemSettings=@/no/such/file"), "/no/such/file")

    def test_arguments_are_typed_where_the_host_describes_no_classes(self):
        ran = hosts.must("invoke", SERVICE, "GetSummaryInformation", "--arg", "RequestedInformation=0", host=hosts.old, json_=True)
        self.assertEqual(ran.json["ReturnValue"], 0)


class Passwords(Case):
    def test_a_terminal_is_asked_without_showing_what_is_typed(self):
        command = [PROGRAMS / "watari", "wmi", "identify", hosts.new]
        code, shown = hosts.on_terminal(command, harness.PASSWORD)
        self.assertEqual(code, OK, shown)
        self.assertIn("Administrator", shown)
        self.assertIn("Microsoft Corporation", shown)
        self.assertNotIn(harness.PASSWORD, shown)

    def test_standard_input_gives_one(self):
        done = subprocess.run([str(PROGRAMS / "watari"), "wmi", "identify", hosts.new, "--password-file", "-"], input=harness.PASSWORD + "\n",
                              capture_output=True, text=True, timeout=60, check=False, env=hosts.environment())
        self.assertEqual(done.returncode, OK, done.stderr)


class Trace(Case):
    def test_shows_what_is_sent_and_received_and_no_secret(self):
        ran = hosts.must("trace get", DISK)
        self.assertIn("DeviceID", ran.out)
        self.assertIn("> POST /wsman", ran.err)
        self.assertIn("> <s:Envelope", ran.err)
        self.assertIn(">     <a:Action", ran.err)
        self.assertIn("<p:DeviceID>C:</p:DeviceID>", ran.err)
        self.assertIn("Authorization: Negotiate ***", ran.err)
        self.assertNotIn("TlRMTVNT", ran.err)
        self.assertNotIn(harness.PASSWORD, ran.err + ran.out)

    def test_masks_basic_too(self):
        basic, = hosts.start("--hosts", "ws2012r2", auth=("--auth", "basic", "--allow-unencrypted"))
        ran = hosts.must("trace identify", "--scheme", "basic", host=basic)
        self.assertIn("Authorization: Basic ***", ran.err)
        self.assertIn("IdentifyResponse", ran.err)

    def test_shows_what_was_refused(self):
        ran = hosts.run("trace query", "select * from Msvm_Nothing")
        self.assertNotEqual(ran.code, OK)
        self.assertIn("<s:Fault", ran.err)


class Tls(Case):
    def test_checks_who_answers_unless_told_not_to(self):
        folder = hosts.folder / "tls"
        number = len(hosts.processes)
        hosts.start("--hosts", "ws2012r2", "--tls", "--tls-folder", folder)
        served, = json.loads((hosts.folder / f"ready-{number}.json").read_text())
        url = served["https"]
        ran = hosts.must("identify", "--ca-file", folder / "ca.pem", "--name", served["name"], host=url)
        self.assertEqual(ran.err, "")
        self.refused(NOT_ALLOWED, hosts.run("identify", host=url))
        warned = hosts.must("identify", "--insecure-tls", host=url)
        self.assertIn("Warning", warned.err)


class Dumps(Case):
    QUERIES = ["select * from Msvm_ComputerSystem", "select * from CIM_Job", "select ElementName, EnabledState from Msvm_ComputerSystem",
               "select * from Msvm_VirtualSystemSettingData where ElementName like '%dump%'", "select * from Msvm_SettingsDefineState"]

    @classmethod
    def setUpClass(cls):
        for name in ("dump-1", "dump-2"):
            instance = hosts.write("vm.xml", '<INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData"><PROPERTY NAME="ElementName" TYPE="string">'
                                   f"<VALUE>{name}</VALUE></PROPERTY></INSTANCE>")
            hosts.must("invoke", SERVICE, "DefineSystem", "--arg", f"SystemSettings=@{instance}", "--yes")
        cls.folder = hosts.folder / "dump"
        cls.ran = hosts.run("dump", cls.folder, "-n", "root/virtualization/v2", "-n", "root/cimv2")
        cls.copy, = hosts.start("--load", cls.folder)

    def test_a_served_dump_gives_the_same_answers(self):
        self.assertEqual(self.ran.code, OK, self.ran)
        self.assertIn("hvsim --load", self.ran.err)

        def rows(query, host, *more):
            found = hosts.must("query", query, *more, host=host, json_=True).json
            # What a host computes anew at each look.
            return sorted(json.dumps({k: v for k, v in row.items() if k not in ("OnTimeInMilliseconds", "UpTime", "FreePhysicalMemory")},
                                     sort_keys=True) for row in found)
        for query in self.QUERIES:
            with self.subTest(query):
                there = rows(query, hosts.new)
                self.assertEqual(rows(query, self.copy), there)
        self.assertEqual(rows("select DeviceID from Win32_LogicalDisk", self.copy, "-n", "root/cimv2"),
                         rows("select DeviceID from Win32_LogicalDisk", hosts.new, "-n", "root/cimv2"))
        self.assertEqual(hosts.must("class", "Msvm_ComputerSystem", host=self.copy).out, hosts.must("class", "Msvm_ComputerSystem").out)
        self.assertEqual(hosts.must("classes", host=self.copy).out, hosts.must("classes").out)
        self.assertEqual(hosts.must("identify", host=self.copy).out, hosts.must("identify").out)

    def test_a_served_dump_can_only_be_read(self):
        ran = hosts.run("invoke", SERVICE, "GetSummaryInformation", host=self.copy)
        self.assertNotEqual(ran.code, OK)

    def test_a_dump_of_a_dump_is_the_same(self):
        again = hosts.folder / "again"
        hosts.must("dump", again, "-n", "root/virtualization/v2", host=self.copy)
        name = "root_virtualization_v2/instances/Msvm_ComputerSystem.cimxml"
        self.assertEqual(sorted((again / name).read_text().splitlines()), sorted((self.folder / name).read_text().splitlines()))

    def test_an_old_host_is_dumped_by_its_documented_classes(self):
        folder = hosts.folder / "old-dump"
        ran = hosts.must("dump", folder, "--class", "Msvm_VirtualSystemManagementService", host=hosts.old)
        self.assertIn("2008 R2", ran.err)
        copy, = hosts.start("--load", folder)
        self.assertEqual(len(hosts.must("query", "select * from Msvm_VirtualSystemManagementService", host=copy, json_=True).json), 1)

    def test_nothing_is_written_over(self):
        self.refused(CONFLICT, hosts.run("dump", self.folder), "not empty")

    def test_what_is_no_dump_is_not_served(self):
        for folder, word in ((hosts.folder / "nowhere", "nowhere"), (hosts.folder, "dump.xml")):
            done = subprocess.run([PROGRAMS / "hvsim", "--load", folder, "--control", "", "--listen", "127.0.0.1:0"], capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertNotEqual(done.returncode, OK)
            self.assertIn(word, done.stderr)


class Large(Case):
    """100,000 instances pass through in constant memory: the whole of them would take hundreds of MB."""
    COUNT = 100_000

    @classmethod
    def setUpClass(cls):
        folder = hosts.folder / "large"
        (folder / "root_large" / "instances").mkdir(parents=True)
        (folder / "dump.xml").write_text('<dump format="1" vendor="x" version="OS: 6.3.9600 SP: 0.0 Stack: 3.0" protocol="p">'
                                         '<namespace name="root/large" folder="root_large"/></dump>')
        key = '<QUALIFIER NAME="Key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>'
        (folder / "root_large" / "classes.cimxml").write_text(
            f'<CLASS NAME="Thing"><PROPERTY NAME="Id" TYPE="uint32">{key}</PROPERTY><PROPERTY NAME="Text" TYPE="string"/></CLASS>\n')
        with open(folder / "root_large" / "instances" / "Thing.cimxml", "w", encoding="utf-8") as file:
            for number in range(cls.COUNT):
                file.write(f'<INSTANCE CLASSNAME="Thing"><PROPERTY NAME="Id" TYPE="uint32"><VALUE>{number}</VALUE></PROPERTY>'
                           f'<PROPERTY NAME="Text" TYPE="string"><VALUE>{"x" * 200}</VALUE></PROPERTY></INSTANCE>\n')
        cls.host, = hosts.start("--load", folder)

    def measured(self, verb, *rest):
        """Exit code, lines of output, and the most memory it ever had, in MiB."""
        output = hosts.folder / "large.out"
        with open(output, "wb") as out:
            process = subprocess.Popen([str(part) for part in hosts.command(verb, self.host, *rest)], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.PIPE, env=hosts.environment())
            _, status, usage = os.wait4(process.pid, 0)
            process.stderr.close()
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, output, usage.ru_maxrss / 1024

    def test_a_query(self):
        code, output, mib = self.measured("query", "select Id from Thing", "-n", "root/large")
        self.assertEqual(code, OK)
        with open(output, encoding="utf-8") as lines:
            self.assertEqual(sum(1 for _ in lines), self.COUNT + 1)
        self.assertLess(mib, 150)

    def test_a_dump(self):
        folder = hosts.folder / "large-again"
        code, _, mib = self.measured("dump", folder, "-n", "root/large")
        self.assertEqual(code, OK)
        with open(folder / "root_large" / "instances" / "Thing.cimxml", encoding="utf-8") as lines:
            self.assertEqual(sum(1 for _ in lines), self.COUNT)
        self.assertLess(mib, 150)


if __name__ == "__main__":
    unittest.main()
