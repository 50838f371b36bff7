#!/usr/bin/env python3
"""Bursts of processes on a token that has ended, at a certified provider that rotates refresh tokens
and ends the grant of one that is used twice. Each burst must make one refresh and get one answer, and
the connection must live.

  tests/campaigns/bursts [--bursts N] [--seed S]      1,000 bursts of 16 to 50 processes
"""

import argparse
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "real"))
from support import Home, Oidc, authorize  # noqa: E402

LIBRARY = f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketime.so.1"
LIFETIME = 600


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bursts", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=20260101)
    chosen = arguments.parse_args()
    draw = random.Random(chosen.seed)
    oidc = Oidc(AT_TTL=LIFETIME, RT_TTL=10**9)
    home = Home()
    home.configure()
    authorize(home, "rig/jane")
    started, processes, dead, double = time.monotonic(), 0, 0, 0
    try:
        for burst in range(chosen.bursts):
            # The clock of each burst is one lifetime later: the token of the last one has ended.
            home.environment.update(LD_PRELOAD=LIBRARY, FAKETIME=f"+{(burst + 1) * (LIFETIME + 60)}", FAKETIME_DONT_FAKE_MONOTONIC="1")
            count = draw.randint(16, 50)
            before = oidc.grants()
            children = [home.start("token", "get", "rig", "jane") for _ in range(count)]
            said = [child.communicate(timeout=120) for child in children]
            processes += count
            refreshes = oidc.grants() - before
            tokens = {out.strip() for out, _ in said}
            if {child.returncode for child in children} != {0} or len(tokens) != 1:
                dead += 1
                print(f"burst {burst}: {count} processes, {[err for _, err in said if err][:2]}", flush=True)
                authorize(home, "rig/jane")
            elif refreshes != 1:
                double += 1
                print(f"burst {burst}: {refreshes} refreshes", flush=True)
            elif oidc.accepts(tokens.pop()) is None:
                dead += 1
                print(f"burst {burst}: the provider refuses the token", flush=True)
    finally:
        oidc.stop()
        home.remove()
    print(f"bursts: {chosen.bursts} of 16 to 50, {processes} processes; dead connections: {dead}, bursts with more than one refresh: {double} ({time.monotonic() - started:.0f} s)")
    sys.exit(bool(dead or double))


if __name__ == "__main__":
    main()
