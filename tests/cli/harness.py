"""A site of its own for a test: simulated hosts, a watarid and the command line, in a temporary folder."""
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

PASSWORD = "watari-sim"
IMAGE_MIB = 64


class Ran:
    """What a command did."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"ended with {self.code}\n--- standard output\n{self.out}\n--- standard error\n{self.err}"


def wait_for(what, process, look, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode}")
        time.sleep(0.02)
    raise TimeoutError(f"{what} was not ready within {seconds} s")


class Site:
    """Hosts `old` (2008 R2 SP1, v1 only) and `new` (2012 R2). Everything ends with stop()."""

    GENERATIONS = {"old": "ws2008r2sp1", "new": "ws2012r2"}
    DOORS = {"basic": ["--auth", "basic", "--allow-unencrypted"], "ntlm": ["--auth", "ntlm"]}

    def __init__(self, programs, scheme="basic"):
        self.programs, self.scheme = programs, scheme
        self.temporary = tempfile.TemporaryDirectory(prefix="watari-cli-")
        self.folder = pathlib.Path(self.temporary.name)
        self.data = self.folder / "data"
        self.token_file = self.data / "admin.token"
        self.password_file = self.write("password", PASSWORD + "\n")
        self.processes = []
        try:
            self.start_hosts()
            self.start_server()
        except BaseException:
            self.stop()
            raise

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, program, *arguments, log):
        with open(self.folder / log, "wb") as file:
            process = subprocess.Popen([self.programs / program, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                       env=self.environment())
        self.processes.append(process)
        return process

    def start_hosts(self):
        ready, log = self.folder / "hosts.json", self.folder / "hvsim.log"
        hvsim = self.start("hvsim", "--hosts", ",".join(self.GENERATIONS.values()), "--storage", self.folder / "storage", "--listen",
                           "127.0.0.1:0", "--control", "127.0.0.1:0", "--ready-file", ready, *self.DOORS[self.scheme], "--time-scale", "50",
                           "--seed", "1", log=log.name)
        self.control = wait_for("hvsim", hvsim, lambda: ready.exists() and re.search(r"Control: (http://127\.0\.0\.1:\d+)", log.read_text()))[1]
        hosts = {host["generation"]: host for host in json.loads(ready.read_text())}
        self.hosts = {name: urllib.parse.urlsplit(hosts[generation]["http"]) for name, generation in self.GENERATIONS.items()}
        self.folders = {name: self.folder / "storage" / hosts[generation]["name"] / "D" for name, generation in self.GENERATIONS.items()}

    def start_server(self):
        log = self.folder / "watarid.log"
        self.server = None
        self.watarid = self.start("watarid", "--data", self.data, "--listen", "127.0.0.1:0", "--operation-timeout", "5", log=log.name)
        self.address = wait_for("watarid", self.watarid, lambda: re.search(r"watarid_started .*?address=(\S+)", log.read_text()))[1]
        self.server = "http://" + self.address

    def stop_server(self):
        self.watarid.terminate()
        code = self.watarid.wait(timeout=30)
        self.processes.remove(self.watarid)
        if code != 0:
            raise RuntimeError(f"watarid ended with {code}: {(self.folder / 'watarid.log').read_text()}")

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.temporary.cleanup()

    def environment(self, **changes):
        known = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "LANG": "C.UTF-8"}
        if getattr(self, "server", None):
            known |= {"WATARI_SERVER": self.server, "WATARI_TOKEN_FILE": str(self.token_file)}
        known |= changes
        return {name: value for name, value in known.items() if value is not None}

    def run(self, *arguments, program="watari", stdin="", **environment):
        """Runs a program as a script does: no terminal anywhere."""
        done = subprocess.run([self.programs / program, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=300,
                              check=False, env=self.environment(**environment))
        return Ran(done.returncode, done.stdout, done.stderr)

    def run_on_terminal(self, *arguments, **environment):
        """Runs watari with a terminal as its standard output and error; gives exit code and what the terminal got."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(self.programs / "watari", ["watari", *map(str, arguments)], self.environment(TERM="xterm", **environment))
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # EIO: the other end is closed
                break
            if not piece:
                break
            shown += piece
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def must(self, *arguments, **how):
        ran = self.run(*arguments, **how)
        if ran.code != 0:
            raise AssertionError(f"watari {' '.join(map(str, arguments))} {ran}")
        return ran

    def ask_control(self, method, path, body=None):
        request = urllib.request.Request(self.control + path, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def machines(self, host):
        """What is on a host, ours and others'."""
        index = list(self.GENERATIONS).index(host)
        return sorted(self.ask_control("GET", f"/hosts/{index}/vms"), key=lambda vm: vm["id"])

    def add_fault(self, host, **rule):
        self.ask_control("POST", f"/hosts/{list(self.GENERATIONS).index(host)}/faults", [rule])

    def clear_faults(self, host):
        self.ask_control("DELETE", f"/hosts/{list(self.GENERATIONS).index(host)}/faults")

    def enroll(self, name, host=None, *more, **how):
        at = self.hosts[host or name]
        return self.run("host", "enroll", name, "--address", at.hostname, "--port", at.port, "--scheme", self.scheme, "--password-file",
                        self.password_file, *more, **how)

    def counters(self):
        """Of all hosts: the requests they got, and those that could have changed them."""
        seen = self.ask_control("GET", "/counters")
        return seen["requests"], seen["changing"]

    def make_image(self, host, name):
        """A golden disk as an operator would have copied it."""
        folder = self.folders[host] / "images"
        folder.mkdir(exist_ok=True)
        form = ["-f", "vhdx"] if name.endswith("x") else ["-f", "vpc", "-o", "subformat=dynamic,force_size=on"]
        subprocess.run(["qemu-img", "create", "-q", *form, folder / name, f"{IMAGE_MIB}M"], check=True)
        return f"{host}=D:\\images\\{name}"

    def furnish(self, allow_changes=True):
        """Hosts, storages, images, plan and network, all through the command line."""
        enrolment = ["--allow-changes"] if allow_changes else []
        for host in self.GENERATIONS:
            (self.folders[host] / "watari").mkdir(exist_ok=True)
            ran = self.enroll(host, None, *enrolment, "--wait")
            if ran.code != 0:
                raise AssertionError(f"enrolling {host} {ran}")
            self.must("storage", "add", "--host", host, "--path", "D:\\watari", "--wait")
        self.must("image", "add", "golden", *(f"--replica={self.make_image(host, 'golden.vhd')}" for host in self.GENERATIONS), "--wait")
        self.must("image", "add", "golden-x", "--replica", self.make_image("new", "golden.vhdx"), "--wait")
        self.must("plan", "add", "small", "--processors", 1, "--memory", "1GiB", "--disk", "1GiB", "--wait")
        self.must("network", "add", "customers", "--switch", "Customers", "--vlan", 42, "--wait")


def binaries():
    """The programs named on the command line; a missing one is a failure, not a reason to skip."""
    folder = pathlib.Path(sys.argv.pop(1)).resolve()
    missing = [name for name in ("watari", "watarid", "hvsim") if not (folder / name).exists()]
    if missing:
        sys.exit(f"cli_test: {folder} has no {' '.join(missing)}. Build them first.")
    return folder
