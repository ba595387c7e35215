"""Starts the hvsim program for a test and ends it."""
import json
import pathlib
import subprocess
import tempfile

USER = "Administrator"
PASSWORD = "watari-sim"


class Simulator:
    """hosts: generation -> URL. Job times are shortened, nothing else differs from a plain start."""

    def __init__(self, program, generations, *options):
        self.folder = tempfile.TemporaryDirectory()
        ready = pathlib.Path(self.folder.name) / "ready.json"
        command = [program, "--listen", "127.0.0.1:0", "--control", "", "--ready-file", str(ready),
                   "--allow-unencrypted", "--time-scale", "20", "--hosts", ",".join(generations), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():  # one line is written when all hosts listen
            raise AssertionError(f"{command}: ended with {self.process.wait()}: {self.process.stderr.read()}")
        self.hosts = {host["generation"]: host["http"] for host in json.loads(ready.read_text())}

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=30)
        said = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()
        if status != 0 or said:
            raise AssertionError(f"hvsim ended with {status}: {said}")
