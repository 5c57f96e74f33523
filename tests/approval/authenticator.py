"""A FIDO2 token and a browser of software: Python's own library for the bytes, openssl for keys and signatures.

    authenticator.py new     KEY KIND APPLICATION                          the public half as OpenSSH writes it
    authenticator.py attest  KEY KIND APPLICATION                          authenticatorData of an enrolment, base64url
    authenticator.py assert  KEY KIND APPLICATION ORIGIN FLAGS COUNTER     proof of kind webauthn, JSON
    authenticator.py sshsig  KEY KIND APPLICATION NAMESPACE FLAGS COUNTER  armored SSHSIG

KEY is a PEM file, KIND es256 or eddsa; what is signed stands on standard input. Written from WebAuthn Level 3 (sections
5.8.1.1, 6.1, 6.3.3, 6.5.1) and OpenSSH's PROTOCOL.u2f and PROTOCOL.sshsig, and from nothing of gate's.
"""

import base64
import hashlib
import json
import struct
import subprocess
import sys

NAMES = {"es256": b"sk-ecdsa-sha2-nistp256@openssh.com", "eddsa": b"sk-ssh-ed25519@openssh.com"}


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


def sha256(data):
    return hashlib.sha256(data).digest()


def url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def string(data):
    return struct.pack(">I", len(data)) + data


def point(key, kind):
    der = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    return der[-65:] if kind == "es256" else der[-32:]


def blob(key, kind, application):
    curve = string(b"nistp256") if kind == "es256" else b""
    return string(NAMES[kind]) + curve + string(point(key, kind)) + string(application.encode())


def signature(key, kind, data):
    path = key + ".data"
    with open(path, "wb") as file:
        file.write(data)
    if kind == "es256":
        return openssl("dgst", "-sha256", "-sign", key, path)
    return openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", path)


def mpints(der):
    """The two INTEGERs of a signature in DER, which are mpints as they are."""
    assert der[0] == 0x30 and der[1] == len(der) - 2 and der[2] == 2
    middle = 4 + der[3]
    assert der[middle] == 2 and middle + 2 + der[middle + 1] == len(der)
    return string(der[4:middle]) + string(der[middle + 2 :])


def fixed(application, flags, counter):
    return sha256(application.encode()) + bytes([flags]) + struct.pack(">I", counter)


def new(key, kind, application):
    if kind == "es256":
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    else:
        openssl("genpkey", "-algorithm", "ED25519", "-out", key)
    print(NAMES[kind].decode(), base64.b64encode(blob(key, kind, application)).decode())


def attest(key, kind, application):
    at = point(key, kind)
    if kind == "es256":
        cose = bytes.fromhex("a5010203262001215820") + at[1:33] + bytes.fromhex("225820") + at[33:]
    else:
        cose = bytes.fromhex("a4010103272006215820") + at
    print(url(fixed(application, 0x45, 0) + bytes(16) + struct.pack(">H", 4) + b"cred" + cose))


def assertion(key, kind, application, origin, flags, counter):
    challenge = url(sha256(sys.stdin.buffer.read()))
    said = {"type": "webauthn.get", "challenge": challenge, "origin": origin, "crossOrigin": False}
    client = json.dumps(said, separators=(",", ":")).encode()
    authenticator = fixed(application, int(flags, 0), int(counter))
    made = signature(key, kind, authenticator + sha256(client))
    proof = {"authenticator_data": url(authenticator), "client_data": url(client), "kind": "webauthn"}
    print(json.dumps({**proof, "signature": url(made)}, separators=(",", ":")), end="")


def sshsig(key, kind, application, namespace, flags, counter):
    name = string(namespace.encode())
    text = b"SSHSIG" + name + string(b"") + string(b"sha512") + string(hashlib.sha512(sys.stdin.buffer.read()).digest())
    said = bytes([int(flags, 0)]) + struct.pack(">I", int(counter))
    made = signature(key, kind, sha256(application.encode()) + said + sha256(text))
    inner = string(NAMES[kind]) + string(mpints(made) if kind == "es256" else made) + said
    whole = b"SSHSIG" + struct.pack(">I", 1) + string(blob(key, kind, application)) + name
    body = base64.b64encode(whole + string(b"") + string(b"sha512") + string(inner)).decode()
    lines = [body[at : at + 70] for at in range(0, len(body), 70)]
    print("-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", sep="\n")


{"new": new, "attest": attest, "assert": assertion, "sshsig": sshsig}[sys.argv[1]](*sys.argv[2:])
