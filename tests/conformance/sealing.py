"""The layout of sealed bodies, from the specification and nothing else: MS-WSMV 2.2.9.1, RFC 4121 4.2.6.2, MS-NLMP 2.2.2.9.1.

Strict where the program under test writes: every byte that is not ciphertext is prescribed.
"""
import dataclasses
import struct

PROTOCOLS = {"Negotiate": "application/HTTP-SPNEGO-session-encrypted", "Kerberos": "application/HTTP-Kerberos-session-encrypted"}
END = b"--Encrypted Boundary--\r\n"


def check(condition, text):
    if not condition:
        raise AssertionError(text)


@dataclasses.dataclass
class Part:
    length: int  # of the plain text
    payload: bytes  # with the length field in front
    signature: bytes
    data: bytes


def front(protocol, length):
    return (b"--Encrypted Boundary\r\n"
            b"\tContent-Type: " + protocol.encode() + b"\r\n"
            b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=" + str(length).encode() + b"\r\n"
            b"--Encrypted Boundary\r\n"
            b"\tContent-Type: application/octet-stream\r\n")


def content_type(protocol):
    return f'multipart/encrypted;protocol="{protocol}";boundary="Encrypted Boundary"'


def written(protocol, length, payload):
    """Headers and body around a payload: length of the signature (32 bits, least first), signature, data."""
    return {"Content-Type": content_type(protocol)}, front(protocol, length) + payload + END


def read(protocol, type_given, body):
    check(type_given == content_type(protocol), f"Content-Type: {type_given}")
    mark = b";Length="
    check(mark in body, f"no sealed body: {body[:200]!r}")
    digits = body[body.index(mark) + len(mark):].partition(b"\r\n")[0]
    check(digits.isdigit(), f"Length={digits!r}")
    start = front(protocol, int(digits))
    check(body.startswith(start), f"begins with {body[:len(start)]!r}")
    check(body.endswith(END), f"ends with {body[-len(END):]!r}")
    payload = body[len(start):-len(END)]
    check(len(payload) > 4, "no signature")
    size = struct.unpack("<I", payload[:4])[0]
    check(4 + size < len(payload), f"a signature of {size} bytes in {len(payload)}")
    return Part(int(digits), payload, payload[4:4 + size], payload[4 + size:])


def check_kerberos_token(part):
    """An AES token rotated so that all but the cipher text of the message stands in front; sent by the acceptor."""
    identifier, flags, filler, extra, rotation = struct.unpack(">HBBHH", part.signature[:8])
    check(identifier == 0x0504, f"token {identifier:04x}")
    check(flags & 0x03 == 0x03, f"flags {flags:02x}: not sealed by the acceptor")
    check(filler == 0xFF, f"filler {filler:02x}")
    check(extra == 0, f"{extra} bytes of padding")
    check(rotation == len(part.signature) - 32, f"rotated by {rotation} in a header of {len(part.signature)}")
    check(len(part.data) == part.length, f"{len(part.data)} bytes of cipher text for {part.length}")


def check_ntlm_signature(part):
    """Gives the sequence number."""
    check(len(part.signature) == 16, f"a signature of {len(part.signature)} bytes")
    version, _, sequence = struct.unpack("<I8sI", part.signature)
    check(version == 1, f"version {version}")
    check(len(part.data) == part.length, f"{len(part.data)} bytes of cipher text for {part.length}")
    return sequence


def kerberos_sequence(part):
    return struct.unpack(">Q", part.signature[8:16])[0]
