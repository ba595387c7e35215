#!/usr/bin/env python3
"""Shows Watari at work: simulated Hyper-V hosts of three generations, one control plane, desktops ordered, created, resized and
deleted; in the middle of the second order the control plane is killed and started again.

usage: scripts/show.py [--keep-serving] [--programs FOLDER] [--folder FOLDER] [--free-ports]
(called by `make demo` and `make run`; the programs must be built)

WATARI_DEMO_TRANSPORT says how the hosts are reached: ntlm (sealed on HTTP, as a host accepts it out of the box; this when not given),
https (NTLM bound to TLS, certificates checked; 2008 R2, which offers TLS 1.0 alone, by sealed HTTP) or basic (bodies in the clear).
"""
import argparse
import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "bin"
RUN = ROOT / "build" / "run"
SERVER = "http://127.0.0.1:8420"
HVSIM_CONTROL = "http://127.42.0.1:5980"
FREE_PORTS = False  # else the usual addresses, which only one show at a time can have
TRANSPORTS = {"ntlm": ["--auth", "ntlm"], "https": ["--auth", "ntlm", "--channel-binding", "strict", "--tls"],
              "basic": ["--auth", "basic", "--allow-unencrypted"]}
TRANSPORT = os.environ.get("WATARI_DEMO_TRANSPORT") or "ntlm"
MIB = 1024 * 1024
GIB = 1024 * MIB
IMAGE_BYTES = 64 * MIB
IMAGES = 5  # a VHD on each host, a VHDX on the two that know it
TIME_SCALE = 4  # the simulated hosts' clocks run so many times faster

processes = []
color = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if color else text


def chapter(title):
    print("\n" + paint("1;36", f"── {title} " + "─" * max(0, 96 - len(title))))


def say(text):
    print(paint("2", text))


def fail(text):
    sys.exit(paint("1;31", f"show: {text}"))


def start(name, *command):
    log = open(RUN / f"{name}.log", "ab")
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    processes.append(process)
    return process


def end_all():
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def tail(name):
    path = RUN / f"{name}.log"
    return "".join(path.read_text(errors="replace").splitlines(True)[-15:]) if path.exists() else ""


def wait_for(what, check, process, name, seconds=30):
    for _ in range(seconds * 20):
        value = check()
        if value:
            return value
        if process.poll() is not None:
            fail(f"{what} ended at once; the end of {RUN / (name + '.log')}:\n{tail(name)}")
        time.sleep(0.05)
    fail(f"{what} did not get ready in {seconds} s; see {RUN / (name + '.log')}")


def told_in(name, pattern):
    """What a program's log tells of the port it was given, each time it was started."""
    path = RUN / f"{name}.log"
    return re.findall(pattern, path.read_text(errors="replace")) if path.exists() else []


def start_hosts():
    global HVSIM_CONTROL
    ready = RUN / "hosts.json"
    ports = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"] if FREE_PORTS else []
    hvsim = start("hvsim", BIN / "hvsim", "--hosts", "ws2008r2sp1,ws2012,ws2012r2", "--storage", RUN / "storage",
                  *TRANSPORTS[TRANSPORT], "--tls-folder", RUN / "tls", *ports, "--ready-file", ready, "--time-scale", str(TIME_SCALE))
    wait_for("hvsim", lambda: ready.exists() and ready.stat().st_size > 2, hvsim, "hvsim")
    if FREE_PORTS:
        HVSIM_CONTROL = wait_for("hvsim", lambda: told_in("hvsim", r"Control: (http://127\.0\.0\.1:\d+)"), hvsim, "hvsim")[-1]
    return json.loads(ready.read_text())


def start_server():
    global SERVER
    log = "watarid-events"
    starts = len(told_in(log, "watarid_started"))
    ports = ["--listen", "127.0.0.1:0"] if FREE_PORTS else []
    watarid = start("watarid", BIN / "watarid", "--data", RUN / "data", "--log-file", RUN / f"{log}.log", *ports)
    if FREE_PORTS:
        found = wait_for("watarid", lambda: told_in(log, r"watarid_started .*?address=(\S+)")[starts:], watarid, "watarid")
        SERVER = "http://" + found[0]

    def ready():
        try:
            return watari_quiet("vm", "list", "-o", "json", check=False).returncode == 0
        except OSError:
            return False

    wait_for("watarid", ready, watarid, "watarid")
    return watarid


def environment():
    return {**os.environ, "WATARI_SERVER": SERVER, "WATARI_TOKEN_FILE": str(RUN / "data" / "admin.token")}


def watari_quiet(*arguments, check=True):
    done = subprocess.run([str(BIN / "watari"), *arguments], env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check and done.returncode != 0:
        fail(f"watari {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return done


def ask(*arguments):
    return json.loads(watari_quiet(*arguments, "-o", "json").stdout)


def watari(*arguments, code=0):
    """Runs a command as the reader would type it, with its live output."""
    print(paint("1;33", "$ watari " + " ".join(arguments)))
    sys.stdout.flush()
    waiting = [] if arguments[1] in ("list", "show", "wait") else ["--wait"]  # a terminal waits by itself; a pipe does not
    done = subprocess.run([str(BIN / "watari"), *arguments, *waiting], env=environment(), stdin=subprocess.DEVNULL)
    if done.returncode != code:
        fail(f"watari {' '.join(arguments)} ended with {done.returncode}, not {code}")


def drive_folder(host, drive="D"):
    return RUN / "storage" / host["name"] / drive


def make_images(hosts):
    """Golden disks as an operator would have copied them: 64 MiB of recognisable content, as VHD and as VHDX."""
    raw = RUN / "golden.raw"
    with open(raw, "wb") as file:
        file.truncate(IMAGE_BYTES)
        for offset in range(0, IMAGE_BYTES, 8 * MIB):
            file.seek(offset)
            file.write(f"golden desktop, block {offset // MIB:3} MiB\n".encode() * 128)
    for host in hosts:
        folder = drive_folder(host) / "images"
        folder.mkdir(parents=True, exist_ok=True)
        (drive_folder(host) / "watari").mkdir(exist_ok=True)
        subprocess.run(["qemu-img", "convert", "-O", "vpc", "-o", "subformat=dynamic,force_size=on", raw, folder / "golden.vhd"], check=True)
        if host["generation"] != "ws2008r2sp1":
            subprocess.run(["qemu-img", "convert", "-O", "vhdx", "-o", "subformat=dynamic", raw, folder / "golden.vhdx"], check=True)
    raw.unlink()


def address_of(host, scheme="http"):
    address, port = host[scheme].removeprefix(scheme + "://").split("/")[0].rsplit(":", 1)
    return address, port


def offers_tls_12(host):
    return host["generation"] != "ws2008r2sp1"


def reached_by(host):
    """What an operator tells of the way to a host, and which of its addresses that is."""
    if TRANSPORT == "basic":
        return "http", ["--scheme", "basic"]
    if TRANSPORT == "https" and offers_tls_12(host):
        return "https", ["--tls", "--tls-ca-file", str(RUN / "tls" / "ca.pem"), "--server-name", host["name"]]
    return "http", []


def enroll(name, host, *more):
    scheme, way = reached_by(host)
    address, port = address_of(host, scheme)
    watari("host", "enroll", name, "--address", address, "--port", port, *way, "--password-file", str(RUN / "password"), *more)


def refuse_old_tls(hosts):
    """What a host says that offers no TLS 1.2: which versions there are, and what to change."""
    address, port = address_of(hosts["hv2008r2"], "https")
    watari("host", "enroll", "hv2008r2", "--address", address, "--port", port, "--tls", "--tls-ca-file", str(RUN / "tls" / "ca.pem"),
           "--password-file", str(RUN / "password"), code=8)
    say("So Windows Server 2008 R2 is reached by HTTP, where NTLM seals every body.")


def nothing_changed():
    """The hosts' own count of what could have changed them."""
    with urllib.request.urlopen(HVSIM_CONTROL + "/counters", timeout=10) as answer:
        seen = json.loads(answer.read())
    if seen["changing"] or not seen["requests"]:
        fail(f"{seen['changing']} of {seen['requests']} requests to observed hosts could have changed them")
    print(f"  the hosts have counted {seen['requests']} requests, and none that could change them")


def set_up(hosts):
    chapter("1. Three hosts of three generations, reached over WS-Management")
    say(f"The hosts are simulated; their clocks run {TIME_SCALE} times faster, so a host job of 2 s takes {2 / TIME_SCALE} s.")
    (RUN / "password").write_text("watari-sim\n")
    (RUN / "password").chmod(0o600)
    if TRANSPORT == "https":
        refuse_old_tls(hosts)
    for name, host in hosts.items():
        enroll(name, host)
    watari("host", "list")

    chapter("2. Where disks lie, what can be bought, and the customers' network")
    for name in hosts:
        watari("storage", "add", "--host", name, "--path", "D:\\watari")
    watari("image", "add", "golden-vhd", *[f"--replica={name}=D:\\images\\golden.vhd" for name in hosts])
    watari("image", "add", "golden-vhdx", *[f"--replica={name}=D:\\images\\golden.vhdx" for name in hosts if name != "hv2008r2"])
    watari("plan", "add", "small", "--processors", "1", "--memory", "1GiB", "--disk", "1GiB")
    watari("plan", "add", "medium", "--processors", "2", "--memory", "2GiB", "--disk", "2GiB")
    watari("network", "add", "customers", "--switch", "Customers", "--vlan", "42")

    chapter("3. So far they were only looked at: hosts are enrolled observe-only")
    watari("vm", "create", "web-1", "--plan", "small", "--network", "customers", "--host", "hv2008r2", code=5)
    nothing_changed()
    for name in hosts:
        watari("host", "allow-changes", name)


def order_with_a_kill(watarid, name, *arguments):
    """The control plane dies by SIGKILL while the order is under way, and is started again."""
    print(paint("1;33", f"$ watari vm create {name} {' '.join(arguments)} --no-wait"))
    operation = json.loads(watari_quiet("vm", "create", name, *arguments, "--no-wait", "-o", "json").stdout)
    for _ in range(2000):
        seen = ask("operation", "show", operation["id"])
        done = [step["id"] for step in seen["steps"] if step["state"] == "done"]
        if "devices" in done and seen["state"] == "running":
            break
        if seen["state"] in ("succeeded", "failed"):
            break
        time.sleep(0.01)
    watarid.send_signal(signal.SIGKILL)
    watarid.wait()
    running = next((step["id"] for step in seen["steps"] if step["state"] == "running"), "between two steps")
    print(paint("1;31", f"  ✗ watarid (pid {watarid.pid}) was killed by SIGKILL; step under way: {running}; done: {', '.join(done)}"))
    watarid = start_server()
    print(paint("1;32", f"  ✓ watarid started again (pid {watarid.pid}); the order goes on:"))
    watari("operation", "wait", operation["id"])
    return watarid


def check_disk(vm, size):
    """The file on the host, judged by programs nobody here wrote."""
    folder = drive_folder(HOSTS[vm["host_name"]])
    path = folder / vm["disk_path"].split("\\", 1)[1].replace("\\", "/")
    form = "vhdx" if path.suffix == ".vhdx" else "vpc"
    if vm["disk_source"] == "differencing":
        print(subprocess.run(["vhdiinfo", path], capture_output=True, text=True, check=True).stdout.strip())
        script = (
            "import pyvhdi,sys\n"
            "child=pyvhdi.file(); child.open(sys.argv[1]); parent=pyvhdi.file(); parent.open(sys.argv[2]); child.set_parent(parent)\n"
            "child.seek(8*1024*1024); text=child.read(30); print('chain reads:', text.decode().strip())\n"
            "assert text.startswith(b'golden desktop, block   8 MiB'), text\n"
            "assert child.get_parent_identifier() == parent.get_identifier(), child.get_parent_identifier()\n"
            "assert child.get_media_size() == int(sys.argv[3]), child.get_media_size()\n"
            "print('  libvhdi: the parent is the image by its id, and the size agrees with the plan')\n")
        subprocess.run(["/usr/bin/python3", "-c", script, path, folder / "images" / "golden.vhdx", str(size)], check=True)
        return
    info = json.loads(subprocess.run(["qemu-img", "info", "-f", form, "--output=json", path], capture_output=True, text=True, check=True).stdout)
    verdict = "agrees with the plan" if info["virtual-size"] == size else f"DIFFERS from the plan ({size})"
    print(f"  qemu-img: {path.name} is {info['format']}, virtual size {info['virtual-size']} bytes: {verdict}")
    if info["virtual-size"] != size:
        fail("a disk is not what was ordered")


def change(name, processors, memory_gib, disk_gib):
    watari("vm", "resize", name, "--memory", f"{memory_gib}GiB", "--processors", str(processors), "--disk", f"{disk_gib}GiB", "--restart")
    check_disk(ask("vm", "show", name), disk_gib * GIB)


def only_images_left():
    left = [str(path.relative_to(RUN / "storage")) for path in (RUN / "storage").rglob("*") if path.is_file()]
    strays = [path for path in left if "/images/" not in path]
    if strays or len(left) != IMAGES:
        fail(f"not just the {IMAGES} images are left after the deletes: {left}")
    print(f"  the hosts' storage holds {len(left)} files, all of them images")


def story(hosts, watarid):
    chapter("4. Orders: what was asked, which host and namespace served it, each step with its time and requests")
    watari("vm", "create", "web-1", "--plan", "small", "--network", "customers", "--host", "hv2008r2")
    check_disk(ask("vm", "show", "web-1"), 1 * GIB)
    say("\nThe second order: a full copy of an image on Windows Server 2012. Its control plane will not live to see the end.")
    watarid = order_with_a_kill(watarid, "web-2", "--plan", "small", "--image", "golden-vhd", "--network", "customers", "--host", "hv2012")
    check_disk(ask("vm", "show", "web-2"), 1 * GIB)
    say("\nThe third: a differencing disk of a VHDX image on Windows Server 2012 R2.")
    watari("vm", "create", "web-3", "--plan", "small", "--image", "golden-vhdx", "--disk-source", "differencing", "--network", "customers",
           "--host", "hv2012r2")
    check_disk(ask("vm", "show", "web-3"), IMAGE_BYTES)
    watari("vm", "list")

    chapter("5. Customers change their minds: more memory, more processors, a bigger disk")
    change("web-1", 2, 2, 2)
    change("web-2", 2, 2, 2)
    change("web-3", 2, 2, 1)

    chapter("6. Bad orders are refused before anything is touched")
    watari("vm", "create", "web-4", "--plan", "small", "--memory", "1025MiB", code=2)
    watari("vm", "create", "web-1", "--plan", "small", code=5)
    watari("vm", "create", "web-5", "--plan", "small", "--disk-format", "vhdx", "--host", "hv2008r2", code=1)
    watari("vm", "delete", "web-1", code=5)

    chapter("7. Stopped and deleted; foreign machines and images stay")
    for name in ("web-1", "web-2", "web-3"):
        watari("vm", "stop", name)
        watari("vm", "delete", name)
    only_images_left()

    chapter("8. The same Windows Server 2012 through its other namespace: v1")
    watari("host", "remove", "hv2012")
    enroll("hv2012", hosts["hv2012"], "--namespace", "v1", "--allow-changes")
    watari("storage", "add", "--host", "hv2012", "--path", "D:\\watari")
    watari("vm", "create", "old-1", "--plan", "small", "--network", "customers", "--host", "hv2012")
    change("old-1", 2, 2, 2)
    watari("vm", "stop", "old-1")
    watari("vm", "delete", "old-1")
    only_images_left()

    chapter("9. Desktops that stay: placement chooses the host")
    for number in range(1, 5):
        watari("vm", "create", f"desktop-{number}", "--plan", "medium", "--network", "customers")
    watari("vm", "list")
    return watarid


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep-serving", action="store_true", help="serve until Ctrl-C instead of ending")
    parser.add_argument("--programs", type=pathlib.Path, default=BIN, help="folder of hvsim, watarid and watari")
    parser.add_argument("--folder", type=pathlib.Path, default=RUN, help="for logs, database and disks; what is in it is removed")
    parser.add_argument("--free-ports", action="store_true", help="any ports, so that other shows may run beside this one")
    arguments = parser.parse_args()
    globals().update(BIN=arguments.programs, RUN=arguments.folder.resolve(), FREE_PORTS=arguments.free_ports)
    if TRANSPORT not in TRANSPORTS:
        fail(f"WATARI_DEMO_TRANSPORT is {TRANSPORT!r}; possible: {', '.join(TRANSPORTS)}")
    for program in ("hvsim", "watarid", "watari"):
        if not (BIN / program).exists():
            fail(f"{BIN / program} is not there; run make build first")
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir(parents=True)
    atexit.register(end_all)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    started = time.monotonic()

    found = {host["generation"]: host for host in start_hosts()}
    HOSTS.update(hv2008r2=found["ws2008r2sp1"], hv2012=found["ws2012"], hv2012r2=found["ws2012r2"])
    make_images(HOSTS.values())
    watarid = start_server()
    set_up(HOSTS)
    watarid = story(HOSTS, watarid)

    chapter("Done")
    print(f"  Everything above took {time.monotonic() - started:.0f} s. Logs, database and disks are in {RUN}.")
    print("  No Windows host was involved: the hosts are simulated from documented and recorded facts;\n  data/profiles/switches.json names every assumption.")
    if arguments.keep_serving:
        print(paint("1;32", f"\n  Serving on {SERVER} (REST API). Try in another terminal:"))
        print(f"    export WATARI_TOKEN_FILE={RUN / 'data' / 'admin.token'}\n    build/bin/watari vm list\n  Ctrl-C ends it.")
        try:
            watarid.wait()
            fail(f"watarid ended; the end of its log:\n{tail('watarid')}")
        except KeyboardInterrupt:
            print("\n  Ending.")


HOSTS = {}

if __name__ == "__main__":
    main()
