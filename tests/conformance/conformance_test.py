#!/usr/bin/python3
"""The simulator judged by clients nobody of this project wrote: pywinrm, curl and Debian's wsl, over real sockets, in the clear.

usage: conformance_test.py HVSIM RECORDED-FOLDER
Answers are read with Python's own XML parser; where answers recorded from real hosts are at hand, ours are compared with them.
How they log on where bodies are sealed or TLS is used: logon_test.py.
"""
import pathlib
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import winrm.exceptions

import requests_of as ask
import shape
from clients import Curl, PyWinRm, Wsl
from conversation import INVALID_NAMESPACE, NAMESPACES, VERSIONS, Conversation
from requests_of import SERVICE, V1, V2
from simulator import IN_THE_CLEAR, PASSWORD, USER, Simulator

HVSIM, RECORDED = sys.argv[1], pathlib.Path(sys.argv[2])
simulator = None


def setUpModule():
    global simulator
    simulator = Simulator(HVSIM, VERSIONS, *IN_THE_CLEAR)


def tearDownModule():
    simulator.stop()


def recorded(name):
    file = RECORDED / name
    return file.read_bytes() if file.exists() else None


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
        client = Curl(simulator.hosts["ws2012r2"])
        self.assertEqual(client.connections(ask.IDENTIFY, 3), ["200 1", "200 0", "200 0"])


class ByWsl(unittest.TestCase):
    def run_tool(self, generation, tool, *arguments, files=None):
        return Wsl(simulator.hosts[generation]).run(tool, *arguments, files=files)

    def test_wslid_identifies(self):
        for generation, version in VERSIONS.items():
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


    def test_wslinvoke_calls_a_method(self):
        # Without a file for the object wslinvoke copies selectors out of an answer without the declaration of their prefix.
        service = f"{shape.WMI}{V2}/{SERVICE}"
        files = {"object.xml": "<wsa:EndpointReference>\n<wsa:ReferenceParameters>\n"
                               f"<wsman:ResourceURI>{service}</wsman:ResourceURI>\n<wsman:SelectorSet>\n"
                               f'<wsman:Selector Name="CreationClassName">{SERVICE}</wsman:Selector>\n'
                               "</wsman:SelectorSet>\n</wsa:ReferenceParameters>\n</wsa:EndpointReference>\n",
                 "settings.txt": escape(ask.instance("Msvm_VirtualSystemSettingData", ElementName="by-wsl"))}
        [answer] = self.run_tool("ws2012r2", "wslinvoke", service, "DefineSystem", "SystemSettings=RFILE:settings.txt", "-inst",
                                 "object.xml", files=files)
        output = shape.body_of(answer)
        self.assertEqual(shape.value(output, "ReturnValue"), "0")
        _, selectors = shape.reference_of(output.find(output.tag[:output.tag.index("}") + 1] + "ResultingSystem"))
        answers = self.run_tool("ws2012r2", "wslget", f"{shape.WMI}{V2}/Msvm_ComputerSystem", *map("=".join, selectors.items()))
        self.assertEqual(shape.value(shape.body_of(answers[0]), "ElementName"), "by-wsl")


class Switches(unittest.TestCase):
    """Behaviour nobody has recorded is chosen on the command line."""

    def test_change_what_a_client_sees(self):
        other = Simulator(HVSIM, ["ws2012r2"], *IN_THE_CLEAR, "--switch", "v1_namespace_gone=invalid_namespace",
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
