#!/usr/bin/python3
"""Hosts that are enrolled observe-only, over sealed HTTP: every command of watari that reads is run, and the hosts count no request that
could change them; every command that changes is refused with what to do.

usage: observed_test.py FOLDER-OF-PROGRAMS [unittest options]
"""
import json
import re
import shlex
import unittest

import harness

PROGRAMS = harness.binaries()
OK, CONFLICT = 0, 5
site = None

# Every command of watari stands here: one that is missing fails the test.
READS = [
    "host list", "host show old", "host show new -o json", "host refresh old --wait", "host refresh new --wait", "host update new --wait",
    "storage list", "storage add --host new --path D:\\\\more --wait",
    "image list", "image show golden", "image add again --replica new=D:\\\\images\\\\again.vhd --wait",
    "plan list", "plan add tiny --processors 1 --memory 512MiB --disk 1GiB --wait",
    "network list", "network add office --switch Customers --wait",
    "vm list", "vm show desk", "operation list",
]
OF_AN_OPERATION = ["operation show", "operation wait"]
CHANGES = ["vm create more --plan small --host old", "vm create more --plan small --host new", "vm create more --plan small",
           "vm start desk", "vm stop desk", "vm stop desk --force", "vm resize desk --memory 2GiB --restart", "vm delete desk --force"]
# Nothing is sent to a host: of Watari's own records, of the switch itself, or cancelled before it began.
NOTHING_SENT = ["host enroll", "host allow-changes", "host observe", "host remove", "operation cancel"]
# What looks into a host by itself. {old} and {new} are addresses, {folder} is one of the test.
LOOKS = [
    "host doctor old", "host doctor new", "host doctor {new} --direct", "host doctor {old} --direct",
    "wmi identify {old}", "wmi identify {new}", "wmi classes {new}", "wmi class {new} Msvm_ComputerSystem",
    "wmi query {old} 'select * from Win32_OperatingSystem' --namespace root/cimv2",
    "wmi query {new} 'select Name from Msvm_ComputerSystem'", "wmi get {new} 'root/cimv2:Win32_LogicalDisk.DeviceID=\"C:\"'",
    "wmi dump {new} {folder}/dump",
]
# Prints a script; asks first (tests/cli/wmi_test.py); looks as the command it traces.
OTHERS = ["host prepare", "wmi invoke", "wmi trace"]


def setUpModule():
    global site
    site = harness.Site(PROGRAMS, "ntlm")
    site.furnish(allow_changes=False)
    (site.folders["new"] / "more").mkdir()
    site.make_image("new", "again.vhd")


def tearDownModule():
    site.stop()


def commands(*path):
    """Every command that has no further verbs, as the help tells."""
    text = site.must(*path, "--help").out
    found = re.search(r"(?m)^(?:Subcommands|Commands):\n((?:  .*\n?)+)", text)
    verbs = re.findall(r"(?m)^  ([a-z][a-z-]*)", found[1]) if found else []
    if not verbs:
        return [" ".join(path)]
    return [command for verb in verbs for command in commands(*path, verb)]


class ObserveOnly(unittest.TestCase):
    def done(self, command):
        ran = site.run(*shlex.split(command))
        self.assertEqual(ran.code, OK, f"watari {command} {ran}")
        return ran

    def test_1_every_command_is_known_here(self):
        known = [*READS, *OF_AN_OPERATION, *LOOKS, *CHANGES, *NOTHING_SENT, *OTHERS]
        found = commands()
        self.assertIn("vm create", found)
        self.assertEqual([command for command in found if not any((one + " ").startswith(command + " ") or command.startswith(one)
                                                                   for one in known)], [])

    def test_2_a_host_that_was_only_enrolled_got_nothing_that_could_change_it(self):
        requests, changing = site.counters()
        self.assertGreater(requests, 10)
        self.assertEqual(changing, 0)
        for host in site.GENERATIONS:
            self.assertTrue(self.done(f"host show {host} -o json").json["observe_only"])
        self.assertRegex(self.done("host list").out, r"(?m)^new .* ntlm +observe-only ")

    def test_3_no_command_that_reads_sends_a_change(self):
        for host in site.GENERATIONS:
            self.done(f"host allow-changes {host} --wait")
        self.done("vm create desk --plan small --network customers --image golden --host new --wait")
        for host in site.GENERATIONS:
            self.done(f"host observe {host} --wait")
        requests, changing = site.counters()
        self.assertGreater(changing, 0)
        for command in READS:
            self.done(command)
        last = json.loads(self.done("operation list -o json").out)["items"][0]["id"]
        for command in OF_AN_OPERATION:
            self.done(f"{command} {last}")
        at = {host: url.netloc for host, url in site.hosts.items()}
        for command in LOOKS:
            by_itself = "{" in command
            self.done(command.format(**at, folder=site.folder) + f" --password-file {site.password_file}" * by_itself)
        after = site.counters()
        self.assertGreater(after[0], requests)
        self.assertEqual(after[1], changing)

    def test_4_every_command_that_changes_is_refused_with_the_remedy(self):
        operations = self.done("operation list -o json").json["items"]
        before = site.counters(), site.machines("old"), site.machines("new")
        for command in CHANGES:
            for lang, words in (("en", "observe-only"), ("ja", "参照専用")):
                ran = site.run(*command.split(" "), "--lang", lang)
                self.assertEqual(ran.code, CONFLICT, f"watari {command} {ran}")
                self.assertEqual(ran.out, "")
                self.assertRegex(ran.err, r"watari host allow-changes (old|new|HOST)", command)
                self.assertIn(words, ran.err)
        self.assertEqual((site.counters(), site.machines("old"), site.machines("new")), before)
        self.assertEqual(self.done("operation list -o json").json["items"], operations)

    def test_5_changes_go_on_when_they_are_allowed(self):
        self.done("host allow-changes new --wait")
        self.done("vm stop desk --wait")
        self.done("vm delete desk --wait")
        self.assertRegex(self.done("host list").out, r"(?m)^new .* allowed ")


if __name__ == "__main__":
    unittest.main()
