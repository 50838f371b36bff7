#!/usr/bin/env python3
"""The local server under load: bursts for a token that has ended, flows that nobody finishes, and its rate beside the
plainest server on hyper that answers the same bytes. Machines are noisy: the ratios count, not the times.

  tests/campaigns/serving [--only bursts|crowd|rate]
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "real"))
from serving import PATH, burst_round  # noqa: E402
from support import Home, Oidc, Server, authorize, is_open, wait_until  # noqa: E402

ROUNDS = 5


class Test:
    """What a round of the tests needs."""

    def __init__(self, oidc):
        self.oidc = oidc


def ready(oidc, lifetime):
    home = Home()
    home.configure()
    oidc.knob("config", {"atTtl": lifetime})
    said = authorize(home, "rig/jane")
    assert said.returncode == 0, said
    return home, Server(home)


def bursts(oidc):
    failed = 0
    for count, rounds, lifetime in ((50, 100, 2), (500, 20, 8)):
        home, server = ready(oidc, lifetime)
        wrong = [why for why in (burst_round(Test(oidc), server, count, lifetime) for _ in range(rounds)) if why]
        print(f"bursts: {rounds} rounds of {count} at once; wrong: {len(wrong)} {wrong[:3]}", flush=True)
        failed += len(wrong)
        server.stop()
        home.remove()
    return failed


async def connects(port, first, count):
    """Begins flows that nobody finishes, one after the other over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(first, first + count):
        writer.write(f"GET /oauth/connect/rig?connection_id=c{number} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 302 " in head.split(b"\r\n", 1)[0], head
    writer.close()


def crowd(oidc, total=72_000, lanes=16):
    home, server = ready(oidc, 3600)
    server.ask(PATH)

    async def all_lanes():
        await asyncio.gather(*(connects(server.port, lane * (total // lanes), total // lanes) for lane in range(lanes)))

    # Once to warm up: what an allocator keeps is no leak.
    asyncio.run(connects(server.port, 10**9, 500))
    before, started = server.memory(), time.monotonic()
    asyncio.run(all_lanes())
    took, most = time.monotonic() - started, server.memory("VmHWM")
    deadline = time.monotonic() + 60
    while server.memory() > before * 1.1 and time.monotonic() < deadline:
        time.sleep(1)
    after = server.memory()
    print(f"crowd: {total} flows begun in {took:.0f} s; resident {before} KiB before, {most} at most, {after} after; up: {server.is_up()}", flush=True)
    server.stop()
    home.remove()
    return after > before * 1.1


def wrk(url, connections, seconds, threads=2):
    said = subprocess.run(["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", url],
                          capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}
    times = {name: float(number) * unit[kind] for name, number, kind in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\b", said)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)), times["50"], times["99"]


def rate(oidc):
    home, server = ready(oidc, 3600)
    # One that is fresh by far: nothing is refreshed meanwhile.
    oidc.knob("config", {"atTtl": 86_400})
    home.token("rig/jane", "--refresh")
    answer = server.ask(PATH)
    body = tempfile.NamedTemporaryFile("w", suffix=".json")
    json.dump(answer, body, separators=(",", ":"))
    body.flush()
    at_rest = server.memory()
    bare = subprocess.Popen([os.environ["BARE"], "3100", body.name])
    wait_until(lambda: is_open(3100), "the bare server is up")
    ours, theirs = f"{server.host.replace('localhost', '127.0.0.1')}{PATH}", f"http://127.0.0.1:3100{PATH}"
    for title, connections, threads, seconds in (("2 threads, 32 connections", 32, 2, 15), ("1 connection", 1, 1, 5)):
        mine, others = [], []
        for _ in range(ROUNDS):
            mine.append(wrk(ours, connections, seconds, threads))
            others.append(wrk(theirs, connections, seconds, threads))
        middle = [[statistics.median(column) for column in zip(*rows)] for rows in (mine, others)]
        (rate_, half, worst), (bare_rate, bare_half, bare_worst) = middle
        print(f"{title}: {rate_:.0f} requests/s, p50 {half:.3f} ms, p99 {worst:.3f} ms; bare {bare_rate:.0f}, {bare_half:.3f}, {bare_worst:.3f}: "
              f"rate x{rate_ / bare_rate:.2f}, p99 x{worst / bare_worst:.2f}", flush=True)
    print(f"memory: {at_rest} KiB at rest, {server.memory('VmHWM')} at most under load", flush=True)
    bare.kill()
    server.stop()
    starts = []
    for _ in range(21):
        started = time.perf_counter()
        process = home.start("serve", "--port", "3200")
        while not is_open(3200):
            pass
        subprocess.run(["curl", "-s", "-o", "/dev/null", "--fail", f"http://localhost:3200{PATH}"], check=True)
        starts.append(time.perf_counter() - started)
        process.terminate()
        process.communicate()
    print(f"start to first answer: {statistics.median(starts) * 1e3:.0f} ms (curl's own start included)", flush=True)
    home.remove()
    return 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", choices=["bursts", "crowd", "rate"])
    only = arguments.parse_args().only
    parts = {"rate": rate, "crowd": crowd, "bursts": bursts}
    oidc = Oidc(AT_TTL=3600, RT_TTL=10**9)
    try:
        failed = sum(int(part(oidc)) for name, part in parts.items() if only in (None, name))
    finally:
        oidc.stop()
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
