"""Starts the hvsim program for a test and ends it."""
import json
import pathlib
import subprocess
import tempfile

USER = "Administrator"
PASSWORD = "watari-sim"
IN_THE_CLEAR = ("--auth", "basic", "--allow-unencrypted")


class Simulator:
    """hosts, https: generation -> URL. Job times are shortened; how accounts log on is told by options, nothing else differs."""

    def __init__(self, program, generations, *options):
        self.folder = tempfile.TemporaryDirectory()
        at = pathlib.Path(self.folder.name)
        ready = at / "ready.json"
        self.authority = at / "tls" / "ca.pem"
        command = [program, "--listen", "127.0.0.1:0", "--control", "", "--ready-file", str(ready), "--time-scale", "20",
                   "--tls-folder", str(at / "tls"), "--hosts", ",".join(generations), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():  # one line is written when all hosts listen
            raise AssertionError(f"{command}: ended with {self.process.wait()}: {self.process.stderr.read()}")
        hosts = json.loads(ready.read_text())
        self.hosts = {host["generation"]: host["http"] for host in hosts}
        self.https = {host["generation"]: host["https"] for host in hosts}

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=30)
        said = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()
        if status != 0 or said:
            raise AssertionError(f"hvsim ended with {status}: {said}")
