"""What every client must be able to say to a host, whichever way it logs on."""
import re
import time
import xml.etree.ElementTree as ET

import requests_of as ask
import shape
from requests_of import SERVICE, V1, V2

VERSIONS = {"ws2008r2sp1": "6.1.7601", "ws2012": "6.2.9200", "ws2012r2": "6.3.9600"}
NAMESPACES = [("ws2008r2sp1", V1), ("ws2012", V1), ("ws2012", V2), ("ws2012r2", V2)]
INVALID_CLASS, INVALID_NAMESPACE = 0x80041010, 0x8004100E


class Conversation:
    """A test case inherits it and gives the client; `generations` are those the client can reach."""

    generations = tuple(VERSIONS)

    def namespaces(self):
        return [(generation, ns) for generation, ns in NAMESPACES if generation in self.generations]

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
        for generation in self.generations:
            with self.subTest(generation):
                status, answer = self.client(generation).send(ask.IDENTIFY)
                self.assertEqual(status, 200)
                found = ET.fromstring(answer).find(f"{shape.SOAP}Body/{shape.WSMID}IdentifyResponse")
                self.assertEqual(found.findtext(shape.WSMID + "ProductVendor"), "Microsoft Corporation")
                self.assertIn(VERSIONS[generation], found.findtext(shape.WSMID + "ProductVersion"))

    def test_a_vm_is_defined_found_started_and_refused_what_it_cannot(self):
        for generation, ns in self.namespaces():
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
        for generation, ns in self.namespaces():
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
        for generation, ns in self.namespaces():
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
        if "ws2008r2sp1" in self.generations:
            subcode, numbers = self.refused("ws2008r2sp1", ask.define(V2, "vm"))
            self.assertIn(INVALID_NAMESPACE, numbers)

    def test_a_folder_is_there_or_unreachable(self):
        for generation in self.generations:
            with self.subTest(generation):
                found = shape.body_of(self.ok(generation, ask.get("root/cimv2", "Win32_Directory", {"Name": "D:\\VMs"})))
                shape.forms_of(found)
                self.assertEqual(shape.value(found, "Name"), "D:\\VMs")
                subcode, _ = self.refused(generation, ask.get("root/cimv2", "Win32_Directory", {"Name": "D:\\Nowhere"}))
                self.assertEqual(subcode, "DestinationUnreachable")
