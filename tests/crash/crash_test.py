#!/usr/bin/env python3
"""Kills a real watarid with SIGKILL when its n-th request of an order reaches a real hvsim, starts it again, and expects the order to
end as if nothing had happened: before the host executes the request, after it (the answer never leaves), and with the request
executed after the restart.

usage: crash_test.py BINARY-FOLDER     (WATARI_CRASH=sample: not every request, for slow builds)

A restarted watarid sends a change again only when the lost one can no longer run (its OperationTimeout and a margin), so many cases
wait for most of a minute. Cases therefore run side by side, each with a host and a watarid of its own.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

GIB = 1 << 30
EFFECTS = {"before": "swallow", "after": "hang", "late": "late_execution"}
LATE_MS = 4000
ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RECORDED = ("name", "lifecycle", "power", "processors", "memory_mib", "disk_bytes", "disk_format", "network")
CASE_SECONDS = 420
WORKING = threading.Semaphore(4)  # cases that keep the processor busy; those that wait do not count


def call(method, url, body=None, headers=None, timeout=90):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def wait_for(what, seconds, look):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"{what} did not happen within {seconds} s")


class Simulator:
    def __init__(self, binaries, folder, generations):
        self.ready_file = folder / "hosts.json"
        self.storage = folder / "storage"
        self.log = folder / "hvsim.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [binaries / "hvsim", "--hosts", ",".join(generations), "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
                 "--ready-file", self.ready_file, "--storage", folder / "storage", "--auth", "basic", "--allow-unencrypted",
                 "--time-scale", "20", "--seed", "1"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("hvsim", 60, self.listening)
        self.hosts = json.loads(self.ready_file.read_text())

    def listening(self):
        if self.process.poll() is not None:
            sys.exit(f"hvsim ended: {self.log.read_text()}")
        found = re.findall(r"http://127\.0\.0\.1:\d+", self.log.read_text())
        self.control = found[-1] if found else None
        return self.control is not None and self.ready_file.exists()

    def ask(self, method, path, body=None):
        status, answer = call(method, self.control + path, body)
        if status != 200:
            raise RuntimeError(f"hvsim {path}: {status} {answer}")
        return answer

    def state(self, index):
        """What a host has: its machines, and every file on its drives, ids made alike."""
        machines = sorted([vm["name"], vm["state"], vm["memory_mib"], vm["processors"], vm["notes"].count("watari:1:")]
                          for vm in self.ask("GET", f"/hosts/{index}/vms"))
        drives = self.storage / f"HV{index + 1:02}"
        files = sorted(re.sub(ID, "<id>", str(path.relative_to(drives))) for path in drives.rglob("*") if path.is_file())
        return machines, files


class Watarid:
    def __init__(self, binaries, folder):
        self.binary = binaries / "watarid"
        self.folder = folder
        self.starts = 0
        self.process = None

    def start(self):
        self.starts += 1
        self.log = self.folder / f"watarid-{self.starts}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "--data", self.folder / "data", "--listen", "127.0.0.1:0", "--log-level", "info",
                 "--operation-timeout", "10"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.server = wait_for("watarid", 60, self.listening)
        self.token = (self.folder / "data" / "admin.token").read_text().strip()

    def listening(self):
        text = self.log.read_text()
        if self.process.poll() is not None:
            raise RuntimeError(f"watarid ended: {text}")
        found = re.search(r"watarid_started .*?address=(\S+)", text)
        return found and "http://" + found.group(1)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None, headers=None):
        return call(method, self.server + path, body, {"Authorization": "Bearer " + self.token, **(headers or {})})

    def order(self, method, path, body=None, key=None):
        """The accepted operation's id; the same key makes it one order however often it is sent."""
        status, answer = self.ask(method, path, body, {"Idempotency-Key": key} if key else None)
        if status != 202:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer["id"]

    def ended(self, operation, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status, answer = self.ask("GET", f"/v1/operations/{operation}", headers={"Prefer": "wait=30"})
            if status != 200:
                raise RuntimeError(f"operation {operation}: {status} {answer}")
            if answer["state"] in ("succeeded", "failed", "cancelled"):
                return answer
        return answer

    def must(self, operation, seconds=120):
        answer = self.ended(operation, seconds)
        if answer["state"] != "succeeded":
            raise RuntimeError(json.dumps(answer))


class Case:
    """One order on a host of its own; killed at request `n`, or not at all (n = 0)."""

    def __init__(self, generation, act, n=0, when="before"):
        self.generation, self.act, self.n, self.when = generation, act, n, when
        self.problem = None
        self.killed = False
        self.state = None
        self.requests = 0

    def __str__(self):
        return f"{self.generation} {self.act}, killed {self.when} request {self.n}"

    def run(self, binaries, folder, simulator, index):
        folder.mkdir()
        watarid = Watarid(binaries, folder)
        try:
            self.live(watarid, simulator, index)
        except Exception as error:  # pylint: disable=broad-except
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            watarid.end()

    def live(self, watarid, simulator, index):
        with WORKING:
            watarid.start()
            self.furnish(watarid, simulator.hosts[index])
            if self.act == "delete":
                watarid.must(self.create(watarid))
            simulator.ask("DELETE", f"/hosts/{index}/log")
            if self.n:
                simulator.ask("POST", f"/hosts/{index}/faults",
                              [{"nth": self.n, "times": 1, "effect": EFFECTS[self.when], "delay_ms": LATE_MS}])
            operation = self.create(watarid) if self.act == "create" else watarid.order("DELETE", "/v1/vms/desk?force=true")
            if not self.n:
                watarid.must(operation)
                self.requests = simulator.ask("GET", f"/hosts/{index}")["requests"]
            else:
                self.killed = self.wait_until_struck(watarid, simulator, index, operation)
                if self.killed:
                    watarid.kill()
                    watarid.start()
        ended = watarid.ended(operation, CASE_SECONDS)
        if ended["state"] != "succeeded":
            self.problem = f"the order ended {ended['state']}: {json.dumps(ended)}"
        time.sleep(LATE_MS / 1000 if self.when == "late" and self.killed else 0)
        records = [{name: vm.get(name) for name in RECORDED} for vm in watarid.ask("GET", "/v1/vms")[1]["items"]]
        self.state = (*simulator.state(index), records)

    @staticmethod
    def create(watarid):
        return watarid.order("POST", "/v1/vms", {"name": "desk", "plan": "s", "network": "office"}, key="the-order")

    @staticmethod
    def furnish(watarid, host):
        address, port = re.search(r"http://([^:]+):(\d+)/", host["http"]).groups()
        watarid.must(watarid.order("POST", "/v1/hosts", {"name": "host", "address": address, "port": int(port), "scheme": "basic",
                                                         "user": "Administrator", "password": "watari-sim", "allow_changes": True}))
        switch = watarid.ask("GET", "/v1/hosts/host")[1]["switches"][0]["name"]
        watarid.must(watarid.order("POST", "/v1/storages", {"host": "host", "path": "D:\\VMs"}))
        watarid.must(watarid.order("POST", "/v1/networks", {"name": "office", "switch": switch}))
        watarid.must(watarid.order("POST", "/v1/plans", {"name": "s", "processors": 1, "memory_mib": 1024, "disk_bytes": 20 * GIB}))

    def wait_until_struck(self, watarid, simulator, index, operation):
        """True when the request has come; False when the order ended before (fewer polls of host jobs than in the clean run)."""
        def look():
            if any(entry["fault_rule"] == EFFECTS[self.when] for entry in simulator.ask("GET", f"/hosts/{index}/requests")):
                return "struck"
            state = watarid.ask("GET", f"/v1/operations/{operation}")[1]["state"]
            return "ended" if state == "succeeded" else None
        return wait_for("the request", 120, look) == "struck"


def run_all(cases, binaries, folder):
    folder.mkdir()
    simulator = Simulator(binaries, folder, [case.generation for case in cases])
    try:
        threads = [threading.Thread(target=case.run, args=(binaries, folder / f"case-{index}", simulator, index))
                   for index, case in enumerate(cases)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        simulator.process.kill()
        simulator.process.wait()


def interrupted_cases(clean, everything):
    step = {("create", "before"): 1, ("create", "after"): 1, ("create", "late"): 5, ("delete", "after"): 3}
    cases = []
    for whole in clean:
        for when in EFFECTS:
            every = 1 if everything else step.get((whole.act, when))
            if every:
                cases += [Case(whole.generation, whole.act, n, when) for n in range(1, whole.requests + 1, every)]
    return cases


def main():
    binaries = pathlib.Path(sys.argv[1])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="watari-crash-"))
    began = time.monotonic()
    clean = [Case(generation, act) for generation in ("ws2012r2", "ws2008r2sp1") for act in ("create", "delete")]
    run_all(clean, binaries, folder / "clean")
    for case in clean:
        print(f"clean {case.act} on {case.generation}: {case.requests} requests, {case.state}", flush=True)
    problems = [f"clean {case.act} on {case.generation}: {case.problem}" for case in clean if case.problem]
    expected = {(case.generation, case.act): case.state for case in clean}
    cases = [] if problems else interrupted_cases(clean, os.environ.get("WATARI_CRASH") != "sample")
    if cases:
        run_all(cases, binaries, folder / "killed")
    for case in cases:
        if case.problem:
            problems.append(f"{case}: {case.problem}")
        elif case.state != expected[case.generation, case.act]:
            problems.append(f"{case}: left {case.state}, a clean run {expected[case.generation, case.act]}")
    kills = sum(case.killed for case in cases)
    print(f"{kills} kills in {len(cases)} cases, {time.monotonic() - began:.0f} s, {len(problems)} problem(s)")
    if problems:
        sys.exit("\n".join(problems + [f"logs: {folder}"]))
    if not kills:
        sys.exit("nothing was killed")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
