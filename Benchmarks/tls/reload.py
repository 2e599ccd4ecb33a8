"""10,000 connections one after the other while SIGHUP exchanges the certificate ten times: none may fail."""

import os
import shutil
import signal
import subprocess

from support import MODELS, SECURE, Server, make_certificate

COUNT, RELOADS = 10000, 10


def install(files, served):
    for kind in ("certificate", "key"):
        # Never half a file.
        shutil.copy(files[kind], served[kind] + ".new")
        os.rename(served[kind] + ".new", served[kind])


def measure(load, command, mode, certificates, served, count):
    install(certificates[0], served)
    with Server(command, served) as server:
        step = count // (RELOADS + 1)
        client = subprocess.Popen([load, mode, str(server.port), str(count), str(step)],
                                  stdout=subprocess.PIPE, text=True)
        reloads, last = 0, ""
        for last in client.stdout:
            if reloads < RELOADS:
                reloads += 1
                install(certificates[reloads % 2], served)
                server.process.send_signal(signal.SIGHUP)
        failed = client.wait() != 0
        return reloads, last.strip(), failed


def run(options, load, _, files, directory):
    certificates = [files, make_certificate(directory, "other")]
    served = {kind: os.path.join(directory, "served." + kind) for kind in ("certificate", "key")}
    count = int(COUNT * options.scale)
    for name, command in MODELS.items():
        if options.only not in name:
            continue
        for mode in ("handshake", "resume"):
            reloads, last, failed = measure(load, command + SECURE, mode, certificates, served, count)
            outcome = "FAILED" if failed else f"0 failed of {count}"
            print(f"  {name:<26}{mode:<10} {outcome}, {reloads} reloads; {last}", flush=True)
