#!/usr/bin/env python3
"""Measures real processes: hvsim, watarid, watari and their clients. Prints one JSON object per row.

usage: rows.py BIN WORK [NAME...]     BIN holds the programs, WORK is an empty folder on a real disk; NAMEs choose functions below
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import traceback
import urllib.parse
import uuid

BIN = pathlib.Path(sys.argv[1]).resolve()
WORK = pathlib.Path(sys.argv[2]).resolve()
ROOT = pathlib.Path(__file__).resolve().parent.parent
GIB = 1024**3
VMS_OF_HOST = 1000
VMS_OF_THROUGHPUT = 80  # their settings fill one answer
FLEET = 1000
API_VMS = 20_000
OPEN_OPERATIONS = 10_000
SAGAS = 600


def row(name, goal, measured, unit, how, met=None, **details):
    found = {"row": name, "goal": goal, "measured": round(measured, 3), "unit": unit, "how": how, "met": met}
    if details:
        found["details"] = details
    print(json.dumps(found), flush=True)


# Processes


@contextlib.contextmanager
def process(*command, **options):
    """Ended, by its own id, at the end."""
    options.setdefault("stdout", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.DEVNULL)
    started = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, **options)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.terminate()
            try:
                started.wait(timeout=20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def wait_for(what, check, owner, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            value = check()
            if value:
                return value
        if owner.poll() is not None:
            raise RuntimeError(f"{what} ended with {owner.returncode}")
        time.sleep(0.002)
    raise RuntimeError(f"{what} was not ready within {seconds} s")


def run(*command, **options):
    return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, check=True, capture_output=True, text=True,
                          **options).stdout


def fresh(name):
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextlib.contextmanager
def simulator(generations, folder, *options):
    """Simulated hosts on free loopback ports; their time runs so fast that host jobs take none. Gives the process and its ready file."""
    ready = folder / "hosts.json"
    with process(BIN / "hvsim", "--hosts", generations, "--listen", "127.0.0.1:0", "--control", "", "--time-scale", 1000, "--ready-file",
                 ready, "--tls-folder", folder / "tls", *options) as hvsim:
        wait_for("hvsim", ready.exists, hvsim)
        yield hvsim, ready


@contextlib.contextmanager
def hosts(generations, folder, *options):
    """Hosts that take Basic in the clear unless `options` say otherwise. Gives [(address, port)]."""
    with simulator(generations, folder, *(options or ("--auth", "basic", "--allow-unencrypted"))) as (_, ready):
        addresses = [urllib.parse.urlsplit(host["http"]) for host in json.loads(ready.read_text())]
        yield [(address.hostname, address.port) for address in addresses]


def memory_mib(process_id, field="VmRSS"):
    return int(re.search(rf"{field}:\s+(\d+) kB", pathlib.Path(f"/proc/{process_id}/status").read_text())[1]) / 1024


class Watarid:
    """One running watarid; its port is a free one, read from its log."""

    def __init__(self, data, owner, log, offset=0):
        self.data = data
        self.owner = owner

        def find_port():
            with open(log, encoding="utf-8", errors="replace") as lines:
                lines.seek(offset)
                return re.search(r"watarid_started.*?127\.0\.0\.1:(\d+)", lines.read())

        self.port = int(wait_for("watarid", find_port, owner)[1])
        self.token_file = data / "admin.token"

    def ask(self, method, target, body=None, wait=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": "Bearer " + self.token_file.read_text().strip()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if wait:
            headers["Prefer"] = f"wait={wait}"
        connection.request(method, target, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {target}: {answer.status} {text[:500]!r}")
        return json.loads(text)

    def change(self, target, body):
        operation = self.ask("POST", target, body, wait=60)
        if operation["state"] != "succeeded":
            raise RuntimeError(f"{target} {body}: {operation}")


@contextlib.contextmanager
def watarid(data):
    log = data / "watarid.log"
    offset = log.stat().st_size if log.exists() else 0
    with process(BIN / "watarid", "--data", data, "--listen", "127.0.0.1:0", "--log-file", log) as owner:
        yield Watarid(data, owner, log, offset)


# Rows


def saga_over_http():
    folder = fresh("saga")
    data = folder / "data"
    data.mkdir()
    with hosts("ws2012r2*8", folder) as addresses, watarid(data) as server:
        for number, (address, port) in enumerate(addresses):
            name = f"hv{number}"
            server.change("/v1/hosts", {"name": name, "address": address, "port": port, "scheme": "basic", "user": "Administrator",
                                        "password": "watari-sim", "allow_changes": True})
            server.change("/v1/storages", {"host": name, "path": "D:\\VMs"})
        server.change("/v1/networks", {"name": "customers", "switch": "Customers", "vlan": 42})
        server.change("/v1/plans", {"name": "small", "processors": 1, "memory_mib": 512, "disk_bytes": 4 * GIB})
        load = json.loads(run(BIN / "bench_load", "create", "127.0.0.1", server.port, server.token_file, SAGAS, 64))
    if load["refused"]:
        raise RuntimeError(f"{load['refused']} of {SAGAS} VMs did not come to running: {load['refusal']}")
    rate = load["requests"] / load["seconds"]
    row("saga create to running, over HTTP to hvsim", ">= 100", rate, "VMs/s",
        f"{SAGAS} VMs with disk and NIC on 8 simulated 2012 R2 hosts; watarid, hvsim and 64 waiting clients on this machine",
        rate >= 100, p50_ms=load["p50_ms"], p99_ms=load["p99_ms"])


class Winrm:
    """python3-winrm as scripts use it: one SOAP message after another on its own transport, NTLM with sealed bodies."""

    ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
    MANAGEMENT = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
    V2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/"

    def __init__(self, address, port):
        import winrm.transport

        self.endpoint = f"http://{address}:{port}/wsman"
        self.transport = winrm.transport.Transport(self.endpoint, username="Administrator", password="watari-sim", auth_method="ntlm",
                                                   message_encryption="always")
        self.requests = 0

    def send(self, action, uri, body, selectors=""):
        import xml.etree.ElementTree as etree

        self.requests += 1
        text = self.transport.send_message(
            f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="{self.ADDRESSING}" xmlns:w="{self.MANAGEMENT}" '
            f'xmlns:n="{self.ENUMERATION}"><s:Header><a:To>{self.endpoint}</a:To><w:ResourceURI s:mustUnderstand="true">{uri}'
            f'</w:ResourceURI><a:ReplyTo><a:Address>{self.ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>'
            f'<a:Action s:mustUnderstand="true">{action}</a:Action><w:MaxEnvelopeSize>512000</w:MaxEnvelopeSize>'
            f'<a:MessageID>uuid:{uuid.uuid4()}</a:MessageID><w:OperationTimeout>PT60S</w:OperationTimeout>{selectors}</s:Header>'
            f"<s:Body>{body}</s:Body></s:Envelope>")
        return etree.fromstring(text)

    def pull_all(self, answer, uri, count):
        """The items of an Enumerate answer and of the Pulls that follow it."""
        items = []
        while True:
            items += [item for holder in answer.iter() if holder.tag.endswith("}Items") for item in holder]
            if any(element.tag.endswith("}EndOfSequence") for element in answer.iter()):
                return items
            context = next(element.text for element in answer.iter() if element.tag.endswith("}EnumerationContext"))
            answer = self.send(f"{self.ENUMERATION}/Pull", uri,
                               f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext><n:MaxElements>{count}</n:MaxElements></n:Pull>")

    def enumerate(self, class_name, count, optimize):
        hint = f"<w:OptimizeEnumeration/><w:MaxElements>{count}</w:MaxElements>" if optimize else ""
        uri = self.V2 + class_name
        return self.pull_all(self.send(f"{self.ENUMERATION}/Enumerate", uri, f"<n:Enumerate>{hint}</n:Enumerate>"), uri, count)

    @staticmethod
    def text_of(item, name):
        return next((element.text for element in item if element.tag.endswith("}" + name)), "")


def list_per_vm(address, port):
    """All machines in batches of 13, then a Get of each: 9 requests and 100 for 100 machines."""
    client = Winrm(address, port)
    found = 0
    for item in client.enumerate("Msvm_ComputerSystem", 13, optimize=False):
        if client.text_of(item, "Caption") == "Hosting Computer System":
            continue
        name = client.text_of(item, "Name")
        client.send("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", client.V2 + "Msvm_ComputerSystem", "",
                    '<w:SelectorSet><w:Selector Name="CreationClassName">Msvm_ComputerSystem</w:Selector>'
                    f'<w:Selector Name="Name">{name}</w:Selector></w:SelectorSet>')
        found += 1
    return found, client.requests


def list_class_wide(address, port):
    """As we ask: all settings in one optimized enumeration, and one more request."""
    client = Winrm(address, port)
    machines = client.enumerate("Msvm_ComputerSystem", 32000, optimize=True)
    found = sum(client.text_of(item, "Caption") != "Hosting Computer System" for item in machines)
    return found, client.requests


def timed(command, times, **options):
    took, answer = [], None
    for _ in range(times):
        start = time.monotonic()
        answer = json.loads(run(*command, **options))
        took.append(time.monotonic() - start)
    return statistics.median(took), answer


def list_vms():
    folder = fresh("list")
    with hosts("ws2012r2", folder, "--auth", "ntlm") as [(address, port)]:
        reach = f"ntlm:{address}:{port}"
        run(BIN / "bench_hosts", "make", reach, VMS_OF_HOST)
        ours, seen = timed([BIN / "bench_hosts", "list", reach], 9)
        python = ["/usr/bin/python3", __file__, BIN, WORK]
        legacy = {**os.environ, "OPENSSL_CONF": str(ROOT / "tests/conformance/openssl.cnf")}  # pywinrm's NTLM needs MD4
        per_vm, peer = timed([*python, "peer:list_per_vm", address, port], 3, env=legacy)
        class_wide, peer_wide = timed([*python, "peer:list_class_wide", address, port], 5, env=legacy)
    if not seen["vms"] == peer["vms"] == peer_wide["vms"] == VMS_OF_HOST:
        raise RuntimeError(f"not the same machines: {seen} {peer} {peer_wide}")
    row("list 1,000 VMs of one host, new process", ">= 50", per_vm / ours, "times as fast",
        "our driver, connecting and probing included, against python3-winrm reading them one by one; hvsim, NTLM sealed, medians",
        per_vm / ours >= 50, ours_ms=round(ours * 1000, 1), winrm_ms=round(per_vm * 1000, 1), requests=seen["requests"],
        winrm_requests=peer["requests"])
    row("list 1,000 VMs of one host, python3-winrm with class-wide requests", "shown beside", class_wide / ours, "times as fast",
        "our driver against python3-winrm with as few requests", None, winrm_ms=round(class_wide * 1000, 1),
        winrm_requests=peer_wide["requests"])


def sealed_throughput():
    """The same requests in the clear, sealed by NTLM, and inside TLS."""
    folder = fresh("sealed")
    found = {}
    for name, options in (("in the clear", ("--auth", "basic", "--allow-unencrypted")), ("NTLM sealed", ("--auth", "ntlm")),
                          ("TLS", ("--auth", "basic", "--tls"))):
        with simulator("ws2012r2", folder, *options) as (_, ready):
            [host] = json.loads(ready.read_text())
            address = urllib.parse.urlsplit(host["https"] if name == "TLS" else host["http"])
            reach = f"{'ntlm' if name == 'NTLM sealed' else 'basic'}:{address.netloc}" + (f":{folder}/tls/ca.pem" if name == "TLS" else "")
            run(BIN / "bench_hosts", "make", reach, VMS_OF_THROUGHPUT)
            found[name] = json.loads(run(BIN / "bench_hosts", "read", reach, 3))
        (folder / "hosts.json").unlink()
    plain = found["in the clear"]
    for name, what in found.items():
        share = {key: what[key] / plain[key] for key in ("requests_per_second", "megabytes_per_second")}
        row(f"small requests, {name}", "shown beside", what["requests_per_second"], "requests/s",
            "Identify on 4 connections, one process each for client and hvsim", None, of_plain=round(share["requests_per_second"], 2))
        row(f"large answers, {name}", "shown beside", what["megabytes_per_second"], "MB/s",
            f"all settings of {VMS_OF_THROUGHPUT} machines in each answer, on 4 connections; hvsim builds and writes them anew", None,
            of_plain=round(share["megabytes_per_second"], 2), answer_bytes=what["bytes_of_large_answer"])


def identify_fleet():
    """Every host of a fleet asked what it is, all connections kept."""
    folder = fresh("identify")
    for name, scheme, options in (("in the clear", "basic", ("--auth", "basic", "--allow-unencrypted")),
                                  ("NTLM sealed", "ntlm", ("--auth", "ntlm"))):
        with simulator(f"ws2012r2*{FLEET}", folder, *options) as (hvsim, ready):
            asked = json.loads(run(BIN / "bench_hosts", "identify", scheme, ready))
            theirs = memory_mib(hvsim.pid)
        (folder / "hosts.json").unlink()
        row(f"Identify of {FLEET:,} hosts from one process, {name}", "shown beside", asked["seconds"], "s",
            f"{FLEET:,} new connections and logons, 64 at a time, to {FLEET:,} hosts in one hvsim; connections kept", None,
            hosts=asked["hosts"], again_seconds=round(asked["again_seconds"], 3), descriptors=asked["descriptors"],
            memory_mib=round(asked["memory_mib"], 1), kib_per_host=round(asked["memory_of_hosts_mib"] * 1024 / FLEET, 1),
            hvsim_memory_mib=round(theirs, 1))


def api_mix():
    folder = fresh("api")
    run(BIN / "bench_furnish", folder, API_VMS, 0)
    with watarid(folder) as server:
        mix = [BIN / "bench_load", "mix", "127.0.0.1", server.port, server.token_file, API_VMS]
        run(*mix, 2)
        loads = [json.loads(run(*mix, 5)) for _ in range(3)]
    refused = next((load["refusal"] for load in loads if load["refused"]), None)
    if refused:
        raise RuntimeError(f"a request was refused: {refused}")
    rate = statistics.median(load["requests"] / load["seconds"] for load in loads)
    p99 = statistics.median(load["p99_ms"] for load in loads)
    how = f"16 connections, 70 % get VM, 25 % first page of 50, 5 % accepted changes; {API_VMS} VMs, SQLite; load and watarid on this machine"
    row("REST API, mixed load", ">= 3000", rate, "requests/s", how, rate >= 3000)
    row("REST API, mixed load, p99", "< 50", p99, "ms", how, p99 < 50, p50_ms=statistics.median(load["p50_ms"] for load in loads))


def restart():
    folder = fresh("restart")
    run(BIN / "bench_furnish", folder, OPEN_OPERATIONS, OPEN_OPERATIONS)
    took = []
    for _ in range(4):  # the first start finds a database that was closed in good order
        start = time.monotonic()
        with watarid(folder) as server:
            wait_for("the API", lambda: server.ask("GET", "/v1/operations?page_size=1"), server.owner)
            took.append(time.monotonic() - start)
            time.sleep(1)
            server.owner.send_signal(signal.SIGKILL)
            server.owner.wait()
    seconds = statistics.median(took[1:])
    row("kill -9 to serving with 10,000 open operations", "<= 3", seconds, "s",
        "from the start of a new watarid to its first answer; killed while it works on them, three times, median", seconds <= 3,
        longest=round(max(took[1:]), 3))


def idle():
    folder = fresh("idle")
    with watarid(folder) as server:
        server.ask("GET", "/v1/vms")
        time.sleep(1)
        mib = memory_mib(server.owner.pid)
    row("idle watarid, resident memory", "<= 60", mib, "MiB", "one second after its first answer", mib <= 60)


def help_text():
    took = []
    for _ in range(31):
        start = time.monotonic()
        run(BIN / "watari", "--help")
        took.append((time.monotonic() - start) * 1000)
    ms = statistics.median(took)
    row("watari --help", "< 20", ms, "ms", "start to end of the process, median of 31", ms < 20)


def clean_build():
    """Takes minutes: only when asked for by BENCH_CLEAN_BUILD=1."""
    if os.environ.get("BENCH_CLEAN_BUILD") != "1":
        return
    folder = fresh("build")
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O2",
        "-DCMAKE_CXX_COMPILER=clang++-19")
    start = time.monotonic()
    subprocess.run(["cmake", "--build", str(folder), "-j2"], env=environment, check=True, stdout=sys.stderr)
    minutes = (time.monotonic() - start) / 60
    shutil.rmtree(folder)
    row("clean build", "<= 8", minutes, "min", "programs and tests, release, 2 jobs, without ccache", minutes <= 8)


ROWS = [saga_over_http, list_vms, sealed_throughput, identify_fleet, api_mix, restart, idle, help_text, clean_build]
PEERS = {"peer:list_per_vm": list_per_vm, "peer:list_class_wide": list_class_wide}


def main():
    names = sys.argv[3:]
    if names and names[0] in PEERS:
        found, requests = PEERS[names[0]](names[1], int(names[2]))
        print(json.dumps({"vms": found, "requests": requests}))
        return
    failed = False
    for function in ROWS:
        if names and function.__name__ not in names:
            continue
        try:
            function()
        except Exception as error:  # one row that cannot be measured leaves the others
            failed = True
            traceback.print_exc()
            said = getattr(error, "stderr", "") or ""
            print(f"bench: {function.__name__} was not measured: {error} {said}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
