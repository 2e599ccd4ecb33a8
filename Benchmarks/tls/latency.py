"""p99 of 50 established clients while others flood the server with handshakes, as a multiple of the undisturbed p99.

The server has the first processor, the clients the second. Undisturbed and disturbed runs alternate.
"""

import json
import statistics
import subprocess
import time

from support import MODELS, SECURE, THRONG, YARDSTICK, Server

CLIENTS, OPEN = 50, 200
# Without an end; ended when the measurement is over.
ENDLESS = 10**9
# The flood begins within the warm-up, when the clients are established.
WARMUP, FLOOD_DELAY = 3, 2


def measure_clients(port, flood):
    words = [THRONG, "bench", f"127.0.0.1:{port}", "--tls", "--tls-insecure", "--connections", str(CLIENTS),
             "--duration", "2s", "--warmup", f"{WARMUP}s", "--timeout", "30s", "--quiet", "--json", "-"]
    bench = subprocess.Popen(["taskset", "-c", "1", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(FLOOD_DELAY)
    process = subprocess.Popen(["taskset", "-c", "1", *flood]) if flood else None
    try:
        output, _ = bench.communicate()
        assert process is None or process.poll() is None, "the flood has ended"
    finally:
        if process:
            process.kill()
            process.wait()
    run = json.loads(output)["trials"][0]
    if run["faults"]:
        print("  fault:", run["faults"][0]["first"])
    return run["latency"]["p99"] / 1000, run["messagesPerSecond"]


def measure(load, command, files):
    with Server(command, files, cpu=0) as server:
        flood = [load, "flood", str(server.port), str(ENDLESS), str(OPEN)]
        return measure_clients(server.port, None), measure_clients(server.port, flood)


def run(options, load, yardstick, files, _):
    servers = {YARDSTICK: yardstick} | {name: command + SECURE for name, command in MODELS.items()}
    print(f"p99 of {CLIENTS} clients, undisturbed and with {OPEN} handshakes at a time (median of {options.rounds})")
    for name, command in servers.items():
        if options.only not in name:
            continue
        rounds = [measure(load, command, files) for _ in range(options.rounds)]
        quiet, loud = (statistics.median(round[index][0] for round in rounds) for index in (0, 1))
        ratios = sorted(loud[0] / quiet[0] for quiet, loud in rounds)
        share = statistics.median(loud[1] / quiet[1] for quiet, loud in rounds)
        print(f"  {name:<26}{quiet:9.0f} us {loud:9.0f} us  {statistics.median(ratios):6.2f} x"
              f"   (rounds: {ratios[0]:.2f} to {ratios[-1]:.2f}), throughput {share:.2f} x", flush=True)
