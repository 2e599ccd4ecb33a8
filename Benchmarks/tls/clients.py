"""Mutual TLS: what the server logs, and what openssl s_client and throng connect say, about a client with a
certificate of the authority, without one, and with one of another authority."""

import subprocess
import time

from support import LOCAL, MODELS, SECURE, THRONG, Server, make_authority, sign

ANSWER_TIME = 2


def show(title, text):
    lines = [line for line in text.splitlines() if line.strip()]
    print(f"  {title}:")
    for line in lines or ["(nothing)"]:
        print(f"    {line}")


def s_client(words):
    """Runs it with a line of input; its end comes when the server has had time for an answer."""
    client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        client.stdin.write("hello\n")
        client.stdin.flush()
        client.wait(ANSWER_TIME)
    except (subprocess.TimeoutExpired, BrokenPipeError):
        pass
    output, _ = client.communicate()
    return client.returncode, output


def run(_options, _load, _yardstick, _files, directory):
    authority, other = (make_authority(directory, name) for name in ("authority", "other"))
    files = sign(directory, "server", authority, [LOCAL])
    clients = {
        "a certificate of the authority": sign(directory, "client", authority, []),
        "no certificate": None,
        "a certificate of another authority": sign(directory, "stranger", other, []),
    }
    command = (MODELS["reactor, Handler"].replace("--quiet", "--log-level debug") + SECURE
               + f" --tls-client-ca {authority['certificate']}")
    for title, own in clients.items():
        print(f"A client with {title}")
        log = open(f"{directory}/log", "w+")
        with log, Server(command, files, log=log) as server:
            # The connection by which the server was found to listen.
            while "connection 1 closed" not in log.read():
                time.sleep(0.05)
                log.seek(0)
            start = log.seek(0, 2)
            words = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile",
                     authority["certificate"], "-quiet", "-no_ign_eof", "-verify_return_error"]
            words += ["-cert", own["certificate"], "-key", own["key"]] if own else []
            status, output = s_client(words)
            show(f"openssl s_client (status {status})", output)
            words = [THRONG, "connect", "127.0.0.1", str(server.port), "--tls", "--tls-ca", authority["certificate"]]
            words += ["--tls-certificate", own["certificate"], "--tls-key", own["key"]] if own else []
            said = subprocess.run(words, input="hello\n", capture_output=True, text=True)
            show(f"throng connect (status {said.returncode})", said.stdout + said.stderr)
            log.seek(start)
            show("the server's log", log.read())
