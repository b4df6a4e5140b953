#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Transport benchmarks: each figure beside a plain one of the same run.

The load generator, the servers and the AI echo share the machine, so absolute
figures move from run to run. What counts are the ratios, of medians over
several rounds in which all candidates take turns.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

PORT = 18100


class Server:
    """A process that prints "ready" when it may be driven."""

    def __init__(self, *argv):
        self.process = subprocess.Popen(
            [str(a) for a in argv], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        if line != "ready":
            sys.exit(f"{argv[0]} did not start")

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Bench:
    def __init__(self, build, seconds, rounds):
        self.programs = os.path.join(build, "tests", "bench")
        self.seconds = seconds
        self.rounds = rounds
        self.port = PORT

    def program(self, name):
        return os.path.join(self.programs, "bench-" + name)

    def next_port(self):
        self.port += 1
        return self.port

    def load(self, port, pid, *options):
        out = subprocess.run(
            [self.program("load"), "--port", str(port), "--pid", str(pid),
             "--seconds", str(self.seconds), *map(str, options)],
            stdout=subprocess.PIPE, text=True, timeout=self.seconds + 60)
        if out.returncode != 0:
            sys.exit("the load generator failed")
        return json.loads(out.stdout)

    def plain(self, name, *options):
        port = self.next_port()
        with Server(self.program(name), port) as server:
            return self.load(port, server.pid, "--plain", *options)

    def pipelines(self, count, description, *options):
        port = self.next_port()
        with Server(self.program("host"), count,
                    description.replace("PORT", str(port))) as server:
            return self.load(port, server.pid, "--clients", count, *options)

    def echo_pipeline(self, count, *options):
        return self.pipelines(
            count, "tryonwssrc port=PORT session-id=bench-%d ! tryonwssink",
            *options)

    def gateway(self, count, *options):
        ai = self.next_port()
        with Server(self.program("epoll-echo"), ai):
            return self.pipelines(
                count, "tryonwssrc port=PORT session-id=bench-%d ! "
                "tryonaisink name=ai max-in-flight=8 "
                f"uri=ws://127.0.0.1:{ai}/ws/try-on/bench-%d/ "
                "ai.src ! tryonwssink", *options)


def median(results, field):
    return statistics.median(r[field] for r in results)


def show(name, results):
    rate = median(results, "frames_per_second")
    line = (f"  {name:<34}{rate:>8.0f} frames/s  "
            f"{median(results, 'server_us_per_frame'):>6.0f} us CPU/frame  "
            f"p50 {median(results, 'p50_us') / 1000:.1f} "
            f"p95 {median(results, 'p95_us') / 1000:.1f} ms")
    print(line, flush=True)
    return rate


def closed_loop(bench):
    print("Echo, 100 clients, closed loop", flush=True)
    candidates = {
        "bare epoll": lambda: bench.plain("epoll-echo"),
        "libsoup's WebSocket": lambda: bench.plain("soup-echo"),
        "GstTryonConnection": lambda: bench.plain("connection-echo"),
        "tryonwssrc ! tryonwssink": lambda: bench.echo_pipeline(100),
    }
    results = {name: [] for name in candidates}
    for _ in range(bench.rounds):
        for name, run in candidates.items():
            results[name].append(run())
    rates = {name: show(name, r) for name, r in results.items()}
    soup, epoll = rates["libsoup's WebSocket"], rates["bare epoll"]
    for name in ("GstTryonConnection", "tryonwssrc ! tryonwssink"):
        print(f"  {name}: {rates[name] / soup:.2f} x libsoup, "
              f"{rates[name] / epoll:.2f} x bare epoll", flush=True)


def paced(bench):
    print("Gateway with an AI hop, paced at 25 fps", flush=True)
    for count in (100, 400):
        result = bench.gateway(count, "--fps", 25, "--in-flight", 8)
        show(f"{count} sessions", [result])
        due = result["sent"] + result["skipped"]
        print(f"    of {due} frames due: {result['skipped']} not sent, "
              f"{result['dropped']} dropped", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", help="build directory")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("echo", "gateway"))
    args = parser.parse_args()
    bench = Bench(args.build, args.seconds, args.rounds)
    if args.only != "gateway":
        closed_loop(bench)
    if args.only != "echo":
        paced(bench)


if __name__ == "__main__":
    main()
