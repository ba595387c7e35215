#!/usr/bin/python3
"""The simulator judged by clients nobody of this project wrote: pywinrm, curl and Debian's wsl, over real sockets.

usage: conformance_test.py HVSIM RECORDED-FOLDER
Answers are read with Python's own XML parser; where answers recorded from real hosts are at hand, ours are compared with them.
"""
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

PACKAGES = {"winrm": "python3-winrm", "curl": "curl", "wslid": "wsl", "xmllint": "libxml2-utils", "uuidgen": "uuid-runtime"}
missing = [package for name, package in PACKAGES.items()
           if not (importlib.util.find_spec(name) if name == "winrm" else shutil.which(name))]
if missing:
    sys.exit(f"conformance_test: these Debian packages are missing: {' '.join(missing)}. Run scripts/install-deps.")

import winrm.exceptions
import winrm.protocol

import requests_of as ask
import shape
from requests_of import SERVICE, V1, V2
from simulator import PASSWORD, USER, Simulator

HVSIM, RECORDED = sys.argv[1], pathlib.Path(sys.argv[2])
GENERATIONS = {"ws2008r2sp1": "6.1.7601", "ws2012": "6.2.9200", "ws2012r2": "6.3.9600"}
NAMESPACES = [("ws2008r2sp1", V1), ("ws2012", V1), ("ws2012", V2), ("ws2012r2", V2)]
INVALID_CLASS, INVALID_NAMESPACE = 0x80041010, 0x8004100E
simulator = None


def setUpModule():
    global simulator
    simulator = Simulator(HVSIM, GENERATIONS)


def tearDownModule():
    simulator.stop()


class PyWinRm:
    """pywinrm's transport; a fault is an answer like any other."""

    def __init__(self, url, password=PASSWORD):
        self.protocol = winrm.protocol.Protocol(url, transport="basic", username=USER, password=password)

    def close(self):
        self.protocol.transport.session.close()

    def send(self, request):
        try:
            return 200, self.protocol.transport.send_message(request)
        except winrm.exceptions.WinRMTransportError as error:
            return error.code, error.response_text


class Curl:
    """curl as anybody calls it by hand."""

    def __init__(self, url, *options):
        self.url = url
        self.options = options or ("-u", f"{USER}:{PASSWORD}")

    def send(self, request):
        status, _, answer = self.exchange(request)
        return status, answer

    def exchange(self, request):
        """Status, headers, body."""
        with tempfile.TemporaryDirectory() as folder:
            at = pathlib.Path(folder)
            (at / "request.xml").write_text(request, encoding="utf-8")
            command = ["curl", "-q", "-s", "-S", "--max-time", "60", *self.options,
                       "-H", "Content-Type: application/soap+xml;charset=UTF-8", "--data-binary", f"@{at}/request.xml",
                       "-D", str(at / "headers"), "-o", str(at / "answer"), "-w", "%{http_code}", self.url]
            done = subprocess.run(command, capture_output=True, text=True, timeout=90)
            if done.returncode != 0:
                raise AssertionError(f"{command}: {done.returncode} {done.stderr}")
            answer = (at / "answer").read_bytes() if (at / "answer").exists() else b""
            return int(done.stdout), (at / "headers").read_text(encoding="latin-1"), answer


def recorded(name):
    file = RECORDED / name
    return file.read_bytes() if file.exists() else None


class Conversation:
    """What each client must be able to say; the tests below run it through each of them."""

    def client(self, generation):
        raise NotImplementedError

    def ok(self, generation, request):
        status, answer = self.client(generation).send(request)
        self.assertEqual(status, 200, answer)
        self.assertEqual(shape.relates_to(answer), re.search(r"<a:MessageID>([^<]*)<", request).group(1))
        return answer

    def refused(self, generation, request):
        status, answer = self.client(generation).send(request)
        self.assertIn(status, (400, 500), answer)
        return shape.fault_of(answer)

    def output(self, generation, request):
        """The _OUTPUT element and ReturnValue of a method."""
        element = shape.body_of(self.ok(generation, request))
        self.assertTrue(element.tag.endswith("_OUTPUT"), element.tag)
        return element, int(shape.value(element, "ReturnValue"))

    def all(self, generation, ns, query):
        """By Enumerate and Pulls, as a plain client does; without MaxElements one item comes per Pull."""
        items, context, ended = shape.items_of(self.ok(generation, ask.enumerate_wql(ns, query)))
        self.assertEqual((items, ended), ([], False))
        for _ in range(100):
            part, context, ended = shape.items_of(self.ok(generation, ask.pull(ns, context)))
            self.assertEqual(len(part), 1)
            items += part
            if ended:
                return items
        raise AssertionError("the sequence does not end")

    def finished(self, generation, output):
        """Polls the job an output names until it ends."""
        uri, selectors = shape.reference_of(output.find(output.tag[:output.tag.index("}") + 1] + "Job"))
        ns, _, name = uri[len(shape.WMI):].rpartition("/")
        for _ in range(400):
            job = shape.body_of(self.ok(generation, ask.get(ns, name, selectors)))
            shape.forms_of(job)
            if int(shape.value(job, "JobState")) > 5:
                return job
            time.sleep(0.05)  # the peer is another program: there is no clock to move
        raise AssertionError(f"{name} does not end")

    def made(self, generation, ns, name):
        """A VM's GUID."""
        output, code = self.output(generation, ask.define(ns, name))
        self.assertEqual(code, 0)
        _, selectors = shape.reference_of(output.find(output.tag[:output.tag.index("}") + 1] +
                                                      ("DefinedSystem" if ns == V1 else "ResultingSystem")))
        return selectors["Name"]

    def vm(self, generation, ns, guid):
        return shape.body_of(self.ok(generation, ask.get(
            ns, "Msvm_ComputerSystem", {"CreationClassName": "Msvm_ComputerSystem", "Name": guid})))

    def test_identify_names_the_release(self):
        for generation, version in GENERATIONS.items():
            with self.subTest(generation):
                status, answer = self.client(generation).send(ask.IDENTIFY)
                self.assertEqual(status, 200)
                found = ET.fromstring(answer).find(f"{shape.SOAP}Body/{shape.WSMID}IdentifyResponse")
                self.assertEqual(found.findtext(shape.WSMID + "ProductVendor"), "Microsoft Corporation")
                self.assertIn(version, found.findtext(shape.WSMID + "ProductVersion"))

    def test_a_vm_is_defined_found_started_and_refused_what_it_cannot(self):
        for generation, ns in NAMESPACES:
            with self.subTest(f"{generation} {ns}"):
                name = f"{type(self).__name__}-{ns.count('/')}"
                guid = self.made(generation, ns, name)
                rows = self.all(generation, ns, "select * from Msvm_ComputerSystem")
                self.assertIn(name, [shape.value(row, "ElementName") for row in rows])
                for row in rows:
                    self.assertEqual(row.tag, f"{{{shape.WMI}{ns}/Msvm_ComputerSystem}}Msvm_ComputerSystem")
                    shape.forms_of(row)
                one = self.all(generation, ns, f"select * from Msvm_ComputerSystem where ElementName='{name}'")
                self.assertEqual([shape.value(row, "Name") for row in one], [guid])
                self.assertEqual(shape.value(self.vm(generation, ns, guid), "EnabledState"), "3")
                output, code = self.output(generation, ask.request_state(ns, guid, 2))
                self.assertEqual(code, 4096)
                self.assertEqual(shape.value(self.finished(generation, output), "JobState"), "7")
                running = self.vm(generation, ns, guid)
                self.assertEqual(shape.value(running, "EnabledState"), "2")
                self.assertEqual(shape.forms_of(running)["InstallDate"], "datetime")
                output, code = self.output(generation, ask.request_state(ns, guid, 2))
                self.assertEqual(code, 32775)
                self.assertNotIn("Job", [shape.local(child.tag) for child in output])

    def test_unknown_classes_objects_and_methods_are_faults(self):
        for generation, ns in NAMESPACES:
            with self.subTest(f"{generation} {ns}"):
                subcode, numbers = self.refused(generation, ask.get(ns, "Msvm_NoSuchClass", {"Name": "x"}))
                self.assertEqual(subcode, "DestinationUnreachable")
                self.assertIn(INVALID_CLASS, numbers)
                nobody = {"CreationClassName": "Msvm_ComputerSystem", "Name": "00000000-0000-4000-8000-000000000000"}
                subcode, numbers = self.refused(generation, ask.get(ns, "Msvm_ComputerSystem", nobody))
                self.assertEqual((subcode, numbers), ("DestinationUnreachable", {2150858752}))
                self.refused(generation, ask.invoke(ns, SERVICE, "NoSuchMethod", {"CreationClassName": SERVICE}, {}))
                subcode, numbers = self.refused(generation, ask.enumerate_wql(ns, "select from where"))
                self.assertEqual(subcode, "CannotProcessFilter")
                subcode, numbers = self.refused(
                    generation, ask.enumerate_wql(ns, "select * from Msvm_ComputerSystem where ElementNmae='x'"))
                self.assertEqual(subcode, "CannotProcessFilter")

    def test_a_misspelt_embedded_property_is_refused(self):
        # Which refusal is a setting (--switch unknown_embedded_property), 32773 unless set.
        for generation, ns in NAMESPACES:
            with self.subTest(f"{generation} {ns}"):
                output, code = self.output(generation, ask.define(ns, "misspelt", prop="ElementNmae"))
                self.assertEqual(code, 32773)
                self.assertEqual([shape.local(child.tag) for child in output], ["ReturnValue"])
                rows = self.all(generation, ns, "select * from Msvm_ComputerSystem")
                self.assertNotIn("misspelt", [shape.value(row, "ElementName") for row in rows])

    def test_the_old_namespace_of_2012_r2_has_lost_its_classes(self):
        subcode, numbers = self.refused("ws2012r2", ask.define(V1, "vm"))
        self.assertEqual(subcode, "DestinationUnreachable")
        self.assertIn(INVALID_CLASS, numbers)
        subcode, numbers = self.refused("ws2012r2", ask.enumerate_wql(V1, "select * from Msvm_ComputerSystem"))
        self.assertIn(INVALID_CLASS, numbers)
        subcode, numbers = self.refused("ws2008r2sp1", ask.define(V2, "vm"))
        self.assertIn(INVALID_NAMESPACE, numbers)

    def test_a_folder_is_there_or_unreachable(self):
        for generation in GENERATIONS:
            with self.subTest(generation):
                found = shape.body_of(self.ok(generation, ask.get("root/cimv2", "Win32_Directory", {"Name": "D:\\VMs"})))
                shape.forms_of(found)
                self.assertEqual(shape.value(found, "Name"), "D:\\VMs")
                subcode, _ = self.refused(generation, ask.get("root/cimv2", "Win32_Directory", {"Name": "D:\\Nowhere"}))
                self.assertEqual(subcode, "DestinationUnreachable")


class ByPyWinRm(Conversation, unittest.TestCase):
    def setUp(self):
        self.clients = {}  # one connection to each host

    def client(self, generation):
        if generation not in self.clients:
            self.clients[generation] = PyWinRm(simulator.hosts[generation])
            self.addCleanup(self.clients[generation].close)
        return self.clients[generation]

    def test_a_wrong_password_is_told_from_a_fault(self):
        client = PyWinRm(simulator.hosts["ws2012"], "wrong")
        with self.assertRaises(winrm.exceptions.InvalidCredentialsError):
            client.send(ask.IDENTIFY)
        client.close()

    def test_a_shell_is_refused_with_a_fault_and_not_with_silence(self):
        with self.assertRaises(winrm.exceptions.WinRMError):
            self.client("ws2012r2").protocol.open_shell()
        self.ok("ws2012r2", ask.enumerate_wql(V2, "select * from Msvm_ComputerSystem", optimize=10))


class ByCurl(Conversation, unittest.TestCase):
    def client(self, generation):
        return Curl(simulator.hosts[generation])

    def test_who_does_not_authenticate_is_challenged(self):
        url = simulator.hosts["ws2012r2"]
        for options in (("-u", f"{USER}:wrong"), ("-u", f"Nobody:{PASSWORD}"), ("-H", "X-None: 1")):
            status, headers, answer = Curl(url, *options).exchange(ask.get(V2, "Msvm_ComputerSystem", {"Name": "x"}))
            self.assertEqual(status, 401, options)
            self.assertRegex(headers, r"(?im)^WWW-Authenticate: Basic realm=")
            self.assertNotIn(b"Msvm_", answer)

    def test_another_path_is_not_found(self):
        status, _, _ = Curl(simulator.hosts["ws2012r2"].replace("/wsman", "/other")).exchange(ask.IDENTIFY)
        self.assertEqual(status, 404)

    def test_a_request_beyond_the_largest_envelope_is_refused(self):
        for generation, kib in (("ws2008r2sp1", 150), ("ws2012r2", 500)):
            request = ask.define(V1 if generation == "ws2008r2sp1" else V2, "x" * (kib * 1024))
            status, _, _ = Curl(simulator.hosts[generation]).exchange(request)
            self.assertEqual(status, 413, generation)
            self.ok(generation, ask.enumerate_wql("root/cimv2", "select * from Win32_OperatingSystem", optimize=10))

    def test_many_requests_share_one_connection(self):
        url = simulator.hosts["ws2012r2"]
        with tempfile.TemporaryDirectory() as folder:
            request = pathlib.Path(folder) / "request.xml"
            request.write_text(ask.IDENTIFY, encoding="utf-8")
            done = subprocess.run(["curl", "-q", "-s", "-u", f"{USER}:{PASSWORD}", "-H",
                                   "Content-Type: application/soap+xml;charset=UTF-8", "--data-binary", f"@{request}",
                                   "-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n", url, url, url],
                                  capture_output=True, text=True, timeout=60)
        # Only the first of them has an output file; the others' answers are printed between.
        self.assertEqual(re.findall(r"(?m)(\d{3} [01])$", done.stdout), ["200 1", "200 0", "200 0"])


class ByWsl(unittest.TestCase):
    """Debian's shell tools for WS-Management; they take the class as a whole URI."""

    def run_tool(self, generation, tool, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            address = re.fullmatch(r"http://([^/]+)/wsman", simulator.hosts[generation]).group(1)
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "WSENDPOINT": address, "WSUSER": USER,
                           "WSPASS": PASSWORD, "WSNOSSL": "true", "WSAUTOMATED": "1", "KEEPHISTORY": "0", "OUTLEVEL": "0"}
            done = subprocess.run([tool, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=90)
            answers = [path.read_bytes() for path in
                       sorted(pathlib.Path(folder).glob("response-*.xml"), key=lambda path: int(path.stem.split("-")[1]))]
            self.assertTrue(answers, done.stdout + done.stderr)
            return answers

    def test_wslid_identifies(self):
        for generation, version in GENERATIONS.items():
            with self.subTest(generation):
                [answer] = self.run_tool(generation, "wslid", "check")
                self.assertIn(version, ET.fromstring(answer).findtext(f".//{shape.WSMID}ProductVersion"))

    def test_wslenum_enumerates_by_pulls(self):
        for generation, ns in NAMESPACES:
            with self.subTest(f"{generation} {ns}"):
                answers = self.run_tool(generation, "wslenum", f"{shape.WMI}{ns}/Msvm_ComputerSystem")
                items, context, ended = shape.items_of(answers[0])
                for answer in answers[1:]:
                    part, context, ended = shape.items_of(answer)
                    items += part
                self.assertTrue(ended)
                for item in items:
                    self.assertEqual(shape.local(item.tag), "Msvm_ComputerSystem")
                    shape.forms_of(item)
                self.assertIn("HV", "".join(shape.value(item, "Name") for item in items))

    def test_wslenum_gives_references(self):
        answers = self.run_tool("ws2012r2", "wslenum", f"{shape.WMI}{V2}/Msvm_ComputerSystem", "-mode", "epr", "-opti", "50")
        items, _, ended = shape.items_of(answers[0])
        self.assertTrue(ended)
        for item in items:
            self.assertEqual(item.tag, shape.WSA + "EndpointReference")
            uri, selectors = shape.reference_of(item)
            self.assertEqual(set(selectors), {"CreationClassName", "Name"})

    def test_wslget_gets(self):
        [answer] = self.run_tool("ws2012r2", "wslget", f"{shape.WMI}root/cimv2/Win32_LogicalDisk", "DeviceID=D:")
        disk = shape.body_of(answer)
        shape.forms_of(disk)
        self.assertEqual(shape.value(disk, "DeviceID"), "D:")


class Switches(unittest.TestCase):
    """Behaviour nobody has recorded is chosen on the command line."""

    def test_change_what_a_client_sees(self):
        other = Simulator(HVSIM, ["ws2012r2"], "--switch", "v1_namespace_gone=invalid_namespace",
                          "--switch", "unknown_embedded_property=fault")
        self.addCleanup(other.stop)
        client = Curl(other.hosts["ws2012r2"])
        status, answer = client.send(ask.define(V1, "vm"))
        self.assertEqual(status, 500)
        self.assertIn(INVALID_NAMESPACE, shape.fault_of(answer)[1])
        status, answer = client.send(ask.define(V2, "vm", prop="ElementNmae"))
        self.assertEqual((status, shape.fault_of(answer)), (500, ("SchemaValidationError", {2150858817})))

    def test_are_listed_and_refused_by_name(self):
        listed = subprocess.run([HVSIM, "--list-switches"], capture_output=True, text=True, timeout=60)
        self.assertEqual(listed.returncode, 0)
        self.assertIn("v1_namespace_gone=invalid_class|invalid_namespace", listed.stdout)
        for text in ("nosuch=1", "v1_namespace_gone=1", "v1_namespace_gone"):
            refused = subprocess.run([HVSIM, "--switch", text], capture_output=True, text=True, timeout=60)
            self.assertEqual(refused.returncode, 2)
            self.assertIn(text.partition("=")[0], refused.stderr)


@unittest.skipUnless(RECORDED.is_dir(), "answers of real hosts are not at hand")
class BesideRecordedAnswers(unittest.TestCase):
    def test_recorded_answers_pass_the_same_checks(self):
        for file in sorted(RECORDED.glob("recorded_*pull*.xml")):
            with self.subTest(file.name):
                items, _, _ = shape.items_of(file.read_bytes())
                self.assertEqual(len(items), 1)
                shape.forms_of(items[0])

    def test_a_vm_is_written_as_a_real_host_writes_it(self):
        client = Curl(simulator.hosts["ws2012r2"])
        self.assertEqual(client.send(ask.define(V2, "recorded"))[0], 200)
        for name, query in (("vm_off", "where ElementName='recorded'"), ("host", "where ProcessID is null and Name like 'HV%'")):
            [theirs], _, _ = shape.items_of(recorded(f"recorded_computersystem_pull_{name}.xml"))
            _, answer = client.send(ask.enumerate_wql(V2, f"select * from Msvm_ComputerSystem {query}", optimize=10))
            items, _, _ = shape.items_of(answer)
            self.assertEqual(len(items), 1)
            shape.compare_with_recorded(items[0], theirs)

    def test_references_in_properties_are_written_as_a_real_host_writes_them(self):
        client = Curl(simulator.hosts["ws2012r2"])
        _, answer = client.send(ask.define(V2, "affected"))
        output = shape.body_of(answer)
        _, selectors = shape.reference_of(output.find(output.tag[:output.tag.index("}") + 1] + "ResultingSystem"))
        _, answer = client.send(ask.request_state(V2, selectors["Name"], 2))
        self.assertEqual(shape.value(shape.body_of(answer), "ReturnValue"), "4096")
        [theirs], _, _ = shape.items_of(recorded("recorded_affectedjobelement_pull_created.xml"))
        _, answer = client.send(ask.enumerate_wql(V2, "select * from Msvm_AffectedJobElement", optimize=1))
        [ours], _, _ = shape.items_of(answer)
        shape.compare_with_recorded(ours, theirs)
        self.assertEqual(shape.forms_of(ours)["AffectedElement"], "reference")

    def test_a_fault_is_built_as_a_real_host_builds_it(self):
        client = Curl(simulator.hosts["ws2012r2"])
        _, answer = client.send(ask.get(V2, "Msvm_ComputerSystem", {"ElementName": "x"}))
        theirs = shape.body_of(recorded("fault_invalid_selectors.xml"))
        self.assertEqual(shape.skeleton(shape.body_of(answer)), shape.skeleton(theirs))
        self.assertEqual(shape.fault_of(answer), shape.fault_of(recorded("fault_invalid_selectors.xml")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
