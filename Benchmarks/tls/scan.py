"""What testssl.sh and sslscan say about a server with a certificate of an authority that testssl.sh trusts."""

import collections
import json
import os
import shutil
import subprocess
import sys

from support import LOCAL, MODELS, SECURE, Server, make_authority, sign

# From the mildest; the others are OK, INFO and what could not be tested.
SEVERITIES = ["LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL"]


def run(options, _load, _yardstick, _files, directory):
    for program in ("testssl", "sslscan"):
        if not shutil.which(program):
            sys.exit(f"{program} not found: install testssl.sh and sslscan")
    authority = make_authority(directory, "authority")
    files = sign(directory, "localhost", authority,
                 [LOCAL, "keyUsage=digitalSignature", "extendedKeyUsage=serverAuth",
                  "crlDistributionPoints=URI:http://localhost/authority.crl"])
    report = os.path.join(directory, "testssl.json")
    with Server(MODELS["reactor, Handler"] + SECURE, files) as server:
        address = f"localhost:{server.port}"
        subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--add-ca",
                        authority["certificate"], "--jsonfile", report, address],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        with open(report) as file:
            findings = json.load(file)
        counts = collections.Counter(finding["severity"] for finding in findings)
        print("testssl.sh:", ", ".join(f"{count} {severity}" for severity, count in sorted(counts.items())))
        for finding in findings:
            if finding["severity"] not in ("OK", "INFO"):
                print(f"  {finding['severity']:<9}{finding['id']}: {finding['finding']}")
        subprocess.run(["sslscan", "--no-colour", f"127.0.0.1:{server.port}"], check=True)
    if any(finding["severity"] in SEVERITIES[1:] for finding in findings):
        sys.exit("testssl.sh has findings above LOW")
    print("no finding above LOW")
