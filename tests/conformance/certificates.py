"""Self-signed certificates for tests, made by openssl."""
import hashlib
import shutil
import ssl
import subprocess
import sys

if not shutil.which("openssl"):
    sys.exit("certificates: this Debian package is missing: openssl. Run scripts/install-deps.")


def make_certificate(folder, name):
    """PEM files NAME.pem and NAME.key, for 127.0.0.1."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
                   capture_output=True, check=True, timeout=60)
    return certificate, key


def fingerprint(certificate):
    """SHA-256, AB:CD:…"""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest().upper()
    return ":".join(digest[at:at + 2] for at in range(0, len(digest), 2))
