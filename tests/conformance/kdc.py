"""A Kerberos KDC of a test's own, on loopback and in a temporary folder."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

REALM = "WATARI.TEST"
TOOLS = {"/usr/sbin/krb5kdc": "krb5-kdc", "/usr/sbin/kdb5_util": "krb5-kdc", "/usr/sbin/kadmin.local": "krb5-admin-server"}
missing = sorted({package for tool, package in TOOLS.items() if not os.path.exists(tool)} |
                 ({"krb5-user"} if not shutil.which("kinit") else set()))
if missing:
    sys.exit(f"kdc: these Debian packages are missing: {' '.join(missing)}. Run scripts/install-deps.")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


class Kdc:
    """users: name -> password. services: those whose keys are in `keytab`; known: those that the KDC alone knows.

    From its construction on this process and its children find the realm through it (KRB5_CONFIG).
    """

    def __init__(self, users, services, known=()):
        self.temporary = tempfile.TemporaryDirectory(prefix="watari-kdc-")
        self.folder = pathlib.Path(self.temporary.name)
        self.keytab = self.folder / "service.keytab"
        self.process = None
        self.port = free_port()
        self.configure()
        os.environ["KRB5_CONFIG"] = str(self.folder / "krb5.conf")
        os.environ["KRB5_KDC_PROFILE"] = str(self.folder / "kdc.conf")
        os.environ["KRB5RCACHENAME"] = f"file2:{self.folder}/replays"
        os.environ["KRB5CCNAME"] = f"FILE:{self.folder}/nobody"
        try:
            self.fill(users, services, known)
            self.start()
        except BaseException:
            self.stop()
            raise

    def configure(self):
        here = f"127.0.0.1:{self.port}"
        (self.folder / "krb5.conf").write_text(f"""[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 {REALM} = {{
  kdc = {here}
 }}
""")
        (self.folder / "kdc.conf").write_text(f"""[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = {here}
[realms]
 {REALM} = {{
  database_name = {self.folder}/principal
  key_stash_file = {self.folder}/stash
  acl_file = {self.folder}/acl
 }}
[logging]
 kdc = FILE:{self.folder}/log
""")

    def fill(self, users, services, known):
        self.tool("/usr/sbin/kdb5_util", "create", "-s", "-P", "master")
        commands = [f"addprinc -pw {password} +requires_preauth {user}" for user, password in users.items()]
        commands += [f"addprinc -randkey {service}" for service in (*services, *known)]
        commands += [f"ktadd -k {self.keytab} {service}" for service in services]
        self.tool("/usr/sbin/kadmin.local", stdin="\n".join(commands) + "\n")
        if not self.keytab.exists():
            raise RuntimeError("kadmin.local made no keytab")

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/krb5kdc", "-n"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.005)  # it is another program: there is no event to wait for
        raise RuntimeError(f"the KDC does not start: {(self.folder / 'log').read_text() if (self.folder / 'log').exists() else ''}")

    @staticmethod
    def tool(*command, stdin=""):
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.returncode} {done.stdout}{done.stderr}")

    def log_on(self, user, password):
        """A ticket; gives the name of the cache it is in, for KRB5CCNAME."""
        cache = f"FILE:{self.folder}/{user}.tickets"
        self.tool("kinit", "-c", cache, user, stdin=password + "\n")
        return cache

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        self.temporary.cleanup()
