#!/usr/bin/env python3
"""The scripts of `watari host prepare`, for every generation and choice. No Windows is at hand to run them: what can be told without one
is checked here: quotes and brackets are closed, only commands that the generation has are used, what is done is undone, nothing secret
is in them.

usage: prepare_test.py FOLDER-OF-PROGRAMS [unittest options]
"""
import functools
import itertools
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import unittest

WATARI = pathlib.Path(sys.argv.pop(1)) / "watari"
GENERATIONS = ["ws2008r2sp1", "ws2012", "ws2012r2", "vnext", "ws2016", "ws2019", "ws2022", "ws2025"]

# Commands of Windows PowerShell 2.0, which is what Windows Server 2008 R2 has.
OF_2_0 = {
    "Copy-Item", "ForEach-Object", "Get-ChildItem", "Get-Date", "Get-Item", "Get-Service", "Get-WmiObject", "Invoke-WmiMethod", "New-Item",
    "New-ItemProperty", "New-Object", "Out-Null", "Read-Host", "Remove-Item", "Remove-ItemProperty", "Select-Object", "Set-Item",
    "Set-Service", "Set-StrictMode", "Sort-Object", "Start-Service", "Stop-Service", "Test-Path", "Where-Object", "Write-Output",
    "Write-Warning",
}
# What Windows Server 2012 has besides, in its own modules.
OF_2012 = {
    "Get-NetFirewallAddressFilter", "Get-NetFirewallRule", "Get-SmbShare", "Get-SmbShareAccess", "New-NetFirewallRule", "New-SelfSignedCertificate",
    "New-SmbShare", "Remove-NetFirewallRule", "Remove-SmbShare",
}
# Scripts of Visual Basic, which Windows Server 2025 may lack.
OF_2008_R2_ALONE = {"winrm", "netsh advfirewall"}


def run(*arguments, lang="en"):
    return subprocess.run([WATARI, "--lang", lang, "host", "prepare", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30, check=False, env={"PATH": "/usr/bin:/bin"})


@functools.cache
def script(*arguments, lang="en"):
    ran = run(*arguments, "--from", "10.0.0.5", "--from", "10.1.0.0/16", lang=lang)
    assert ran.returncode == 0, ran
    return ran.stdout


def choices():
    for generation, member, https, share in itertools.product(GENERATIONS, ("--workgroup", "--domain"), ([], ["--https"]),
                                                              ([], ["--share", "images$"])):
        account = ["--account", "EXAMPLE\\svc-watari"] if member == "--domain" else []
        yield generation, ["--generation", generation, member, *account, *https, *share]


def tokens(text):
    """Code, strings and comments of PowerShell, one after the other; fails on a string that does not end."""
    at, found = 0, []
    while at < len(text):
        if text[at] == "#":
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            found.append(("comment", text[at:end]))
        elif text[at] in "'\"":
            quote, end = text[at], at + 1
            while True:
                end = text.index(quote, end)  # ValueError: it does not end
                if text[end + 1 : end + 2] == quote:
                    end += 2
                elif quote == '"' and text[end - 1] == "`":
                    end += 1
                else:
                    break
            end += 1
            assert "\n" not in text[at:end], text[at:end]
            found.append(("string", text[at:end]))
        else:
            match = re.match(r"[^#'\"]+", text[at:])
            end = at + match.end()
            found.append(("code", text[at:end]))
        at = end
    return found


def code_of(text):
    return "".join(part for kind, part in tokens(text) if kind == "code")


class Scripts(unittest.TestCase):
    def for_each(self, check):
        for generation, arguments in choices():
            for undo in ([], ["--undo"]):
                with self.subTest(arguments=" ".join([*arguments, *undo])):
                    check(generation, script(*arguments, *undo), bool(undo))

    def test_close_every_bracket_and_quote(self):
        pairs = {")": "(", "]": "[", "}": "{"}

        def check(_, text, __):
            open_ = []
            for character in code_of(text):
                if character in "([{":
                    open_.append(character)
                elif character in pairs:
                    self.assertTrue(open_ and open_.pop() == pairs[character], text)
            self.assertEqual(open_, [])

        self.for_each(check)

    def test_use_commands_that_the_generation_has(self):
        def check(generation, text, _):
            code = code_of(text)
            own = set(re.findall(r"(?m)^function ([\w-]+)", code))
            allowed = OF_2_0 | own if generation == "ws2008r2sp1" else OF_2_0 | OF_2012 | own
            used = set(re.findall(r"(?<![=\w-])([A-Z][a-z]+-[A-Z]\w+)\b", code))
            self.assertLessEqual(used, allowed)
            self.assertTrue(text.startswith("#Requires -Version " + ("2" if generation == "ws2008r2sp1" else "3")))
            if generation != "ws2008r2sp1":
                for command in OF_2008_R2_ALONE:
                    self.assertIsNone(re.search(rf"(?m)^\s*{command}\b", code), command)

        self.for_each(check)

    def test_define_every_variable_before_they_use_it(self):
        known = {"_", "null", "true", "false", "env", "LASTEXITCODE", "1"}

        def check(_, text, __):
            code = "".join(part for kind, part in tokens(text) if kind == "code" or part.startswith('"'))
            defined = set(known)
            for name in re.finditer(r"\$\{?(\w+)\}?(\s*[-+]?=[^=~]|\s+in\b)?", code):
                before = code[max(0, name.start() - 40) : name.start()]
                is_parameter = re.search(r"function [\w-]+\((?:\$\w+, )*$", before)
                if name[2] or is_parameter:
                    defined.add(name[1])
                # Functions stand above what they use of the script's own variables.
                self.assertIn(name[1], defined | {"AccountPath", "Sid"}, text)

        self.for_each(check)

    def test_undo_in_the_opposite_order_what_they_remember(self):
        for _, arguments in choices():
            done, undone = script(*arguments), script(*arguments, "--undo")
            with self.subTest(arguments=" ".join(arguments)):
                chapters = re.findall(r"(?m)^# \d+\. (.+)$", done)
                self.assertGreater(len(chapters), 8)
                self.assertEqual([f"Take back: {title}" for title in reversed(chapters)], re.findall(r"(?m)^# \d+\. (.+)$", undone))
                remembered = set(re.findall(r"(?m)^\s+?Remember (['\"][^'\"]+['\"])|^Remember (['\"][^'\"]+['\"])", done))
                for first, second in remembered:
                    self.assertIn("Forget " + (first or second), undone)

    def test_say_why_and_how_to_check(self):
        text = script("--generation", "ws2012r2", "--workgroup")
        chapters = len(re.findall(r"(?m)^# \d+\. ", text))
        self.assertEqual(len(re.findall(r"(?m)^# Why: ", text)), chapters)
        self.assertEqual(len(re.findall(r"(?m)^# Check:$", text)), chapters)
        self.assertIn("UNVERIFIED", text)

    def test_hold_no_secret_and_ask_for_the_password_on_the_host(self):
        text = script("--generation", "ws2012r2", "--workgroup")
        self.assertIn("Read-Host", text)
        self.assertIn("-AsSecureString", text)
        self.assertIn("ZeroFreeBSTR", text)
        self.assertNotRegex(text, r"(?i)password\s*=\s*['\"]")
        self.assertNotIn("ConvertTo-SecureString", text)
        domain = script("--generation", "ws2012r2", "--domain", "--account", "EXAMPLE\\svc")
        self.assertNotIn("Read-Host", domain)

    def test_differ_where_the_generations_do(self):
        old = script("--generation", "ws2008r2sp1", "--workgroup", "--https")
        for word in ("AzRoles.AzAuthorizationStore", "LocalAccountTokenFilterPolicy", "TLS 1.2", "netsh advfirewall", "RootSDDL"):
            self.assertIn(word, old)
        self.assertNotIn("virtualization\\v2", old)
        new = script("--generation", "ws2022", "--workgroup", "--https")
        for word in ("S-1-5-32-578", "S-1-5-32-580", "New-NetFirewallRule", "root\\virtualization\\v2", "$Port = 5986"):
            self.assertIn(word, new)
        for word in ("AzRoles", "LocalAccountTokenFilterPolicy", "TLS 1.2"):
            self.assertNotIn(word, new)
        self.assertNotIn("LocalAccountTokenFilterPolicy", script("--generation", "ws2008r2sp1", "--domain", "--account", "D\\a"))

    def test_let_in_the_given_addresses_only(self):
        text = script("--generation", "ws2016", "--workgroup", "--share", "images")
        self.assertIn("$From = @('10.0.0.5', '10.1.0.0/16')", text)
        self.assertEqual(len(re.findall(r"New-NetFirewallRule", code_of(text))), len(re.findall(r"-RemoteAddress \$From", code_of(text))))

    def test_are_commented_in_japanese_too(self):
        english = script("--generation", "ws2012", "--workgroup")
        japanese = script("--generation", "ws2012", "--workgroup", lang="ja")
        self.assertIn("理由:", japanese)
        without = lambda text: re.sub(r"(?m)^# .*\n", "", text)
        self.assertEqual(without(english), without(japanese))

    def test_are_written_as_windows_powershell_reads_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "prepare.ps1"
            ran = run("--generation", "ws2012", "--workgroup", "--from", "10.0.0.5", "--file", path, lang="ja")
            self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran)
            data = path.read_bytes()
            self.assertTrue(data.startswith(b"\xef\xbb\xbf#Requires"))
            self.assertNotIn(b"\n", data.replace(b"\r\n", b""))
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_refuse_what_no_script_may_carry(self):
        good = ["--generation", "ws2012", "--from", "10.0.0.5"]
        for arguments, word in [
            (["--workgroup", "--account", "x'; Remove-Item C:\\ -Recurse; '"], "account"),
            (["--workgroup", "--account", "x\u2019"], "account"),
            (["--workgroup", "--account", "EXAMPLE\\svc"], "account"),
            (["--domain"], "DOMAIN\\user"),
            (["--workgroup", "--storage", "D:\\a'b"], "storage"),
            (["--workgroup", "--storage", "\\\\nas\\vms"], "storage"),
            (["--workgroup", "--share", "a b"], "share"),
            (["--workgroup", "--from", "any"], "any"),
            (["--workgroup", "--domain"], "--workgroup"),
            ([], "--workgroup"),
        ]:
            with self.subTest(arguments=arguments):
                ran = run(*good, *arguments)
                self.assertNotEqual(ran.returncode, 0, ran)
                self.assertEqual(ran.stdout, "")
                self.assertIn(word, ran.stderr)
        self.assertEqual(run("--generation", "ws2003", "--workgroup", "--from", "10.0.0.5").returncode, 2)
        self.assertEqual(run("--generation", "ws2012", "--workgroup").returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
