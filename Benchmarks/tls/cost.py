"""Server CPU time per handshake and message, and resident memory per idle connection, beside the yardstick.

The servers are measured in turn, so that drift of the machine affects all equally; each value is the median of the
rounds, and each ratio is that of the yardstick's value to the server's: above 1, the server is better.
"""

import statistics
import subprocess

from support import MODELS, SECURE, YARDSTICK, Server, all_cpu_seconds, cpu_seconds, resident

# Name, arguments of the load, how often, and whether memory is measured.
WORKLOADS = [
    ("full handshakes, ECDSA P-256", ["handshake"], 1000, False),
    ("resumed handshakes", ["resume"], 1000, False),
    ("echo of 64 B, 20 clients", ["echo", "64", "20"], 40000, False),
    ("echo of 16 KiB, 20 clients", ["echo", "16384", "20"], 10000, False),
    ("idle connections", ["idle"], 1000, True),
]


def measure(load, command, files, workload, scale):
    _, (mode, *more), count, is_memory = workload
    count = max(1, int(count * scale))
    cpu = all_cpu_seconds if "thread-per-client" in command else cpu_seconds
    with Server(command, files) as server:
        # The first connections touch memory and code that later ones use again.
        subprocess.run([load, "handshake", str(server.port), "50"], check=True)
        if is_memory:
            before = resident(server.pid)
            client = subprocess.Popen([load, mode, str(server.port), str(count)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            client.stdout.readline()
            value = (resident(server.pid) - before) / count
            client.communicate()
            return value
        before = cpu(server.pid)
        subprocess.run([load, mode, str(server.port), str(count), *more], check=True)
        return (cpu(server.pid) - before) / count * 1e6


def run(options, load, yardstick, files, _):
    servers = {YARDSTICK: yardstick}
    if options.command:
        servers["command"] = " ".join(options.command)
    else:
        servers |= {name: command + SECURE for name, command in MODELS.items()}
    for workload in WORKLOADS:
        if options.only not in workload[0]:
            continue
        values = {name: [] for name in servers}
        for _ in range(options.rounds):
            for name, command in servers.items():
                values[name].append(measure(load, command, files, workload, options.scale))
        unit = "bytes" if workload[3] else "us CPU"
        print(f"{workload[0]} ({unit} of the server each, median of {options.rounds})")
        reference = statistics.median(values[YARDSTICK])
        for name, found in values.items():
            value = statistics.median(found)
            ratios = sorted(a / b for a, b in zip(values[YARDSTICK], found))
            print(f"  {name:<26}{value:12.1f}   {reference / value:5.2f} x"
                  f"   (rounds: {ratios[0]:.2f} to {ratios[-1]:.2f})", flush=True)
