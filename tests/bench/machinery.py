# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benchmarks are run with: servers, the load generator, and an
account of what was found. Which runs there are, and what they show, is in
run.py."""
import contextlib
import json
import os
import random
import resource
import select
import signal
import socket
import statistics
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
REASONS = ("unknown", "rate", "superseded", "invalid", "too-large",
           "ai-timeout", "ai-down", "slow-client", "paused")


def free_port():
    """A port that nobody has, below those the system gives to clients."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port


def memory(pid, field="VmRSS"):
    """kB; VmHWM is the most that it had since reset_peak()."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise KeyError(field)


def reset_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of_all():
    """Seconds that this machine's processors were busy, all programs'."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq = map(
            int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Server:
    """A process that prints "ready" when it may be driven."""

    def __init__(self, *argv, limit=60):
        self.name = os.path.basename(str(argv[0]))
        self.process = subprocess.Popen(
            [str(a) for a in argv], stdout=subprocess.PIPE, text=True)
        self.limit = limit
        if self.line() != "ready":
            sys.exit(f"{self.name} did not start")

    @property
    def pid(self):
        return self.process.pid

    def line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], self.limit)
        if not ready:
            sys.exit(f"{self.name} says nothing")
        return self.process.stdout.readline().strip()

    def stats(self):
        """What became of the frames, a dict for each pipeline (bench-host)."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.line())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Load:
    """A run of the load generator against @server."""

    def __init__(self, bench, port, server, others, options, seconds):
        self.servers = [server, *others]
        argv = [bench.program("load"), "--port", port, "--pid", server.pid,
                "--seconds", seconds, "--warmup", bench.warmup,
                "--drain", 20, *options]
        self.limit = seconds + 90
        self.begin = time.monotonic(), self.cpu()
        self.process = subprocess.Popen(
            [str(a) for a in argv], stdout=subprocess.PIPE, text=True)

    def cpu(self):
        return (cpu_of_all(), cpu_of_children() +
                sum(cpu_of(server.pid) for server in self.servers))

    def stop(self):
        self.process.terminate()

    def result(self):
        try:
            out, _ = self.process.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit("the load generator does not end")
        if self.process.returncode != 0:
            sys.exit("the load generator failed")
        elapsed = time.monotonic() - self.begin[0]
        everything, ours = (after - before for after, before in
                            zip(self.cpu(), self.begin[1]))
        result = json.loads(out)
        result["other_cores"] = max(0, (everything - ours) / elapsed)
        return result


class Bench:
    """Runs servers and load; collects warnings, faults, and goals."""

    def __init__(self, build, args):
        self.programs = os.path.join(build, "tests", "bench")
        self.clients = args.clients
        self.many = args.many_clients
        self.seconds = args.seconds
        self.overload_seconds = args.overload_seconds
        self.warmup = args.warmup
        self.rounds = args.rounds
        self.never_read_mb = args.never_read_mb
        self.photos = args.photo
        self.runs = []          # every result, as it came
        self.goals = []
        self.faults = []        # where the numbers do not add up
        self.skipped = []       # what could not be run, and why

    def program(self, name):
        return os.path.join(self.programs, "bench-" + name)

    def load(self, what, port, server, options, others=(), seconds=None):
        result = Load(self, port, server, others, options,
                      seconds or self.seconds).result()
        self.keep(what, result)
        return result

    def keep(self, what, result):
        result["what"] = what
        self.runs.append(result)
        for fault in find_faults(result):
            self.fault(what, fault)
        if result["load_cores"] > 0.9:
            print(f"  ! {what}: the load generator was the bottleneck "
                  f"({result['load_cores']:.2f} cores)", flush=True)
        if result["send_lag_us"] > 20000:
            print(f"  ! {what}: the load generator was "
                  f"{result['send_lag_us'] / 1000:.0f} ms late in the mean",
                  flush=True)
        if result["other_cores"] > 0.25:
            print(f"  ! {what}: other programs took "
                  f"{result['other_cores']:.1f} cores meanwhile", flush=True)

    def fault(self, what, words):
        self.faults.append(f"{what}: {words}")
        print(f"  WRONG: {what}: {words}", flush=True)

    def skip(self, what, words):
        self.skipped.append(f"{what}: {words}")
        print(f"SKIPPED: {what}: {words}", flush=True)

    def goal(self, name, value, text, bar=None, bar_text="", least=False,
             aim=""):
        """A line of the closing table; without a bar it is only reported."""
        met = None
        if bar is not None:
            met = value >= bar if least else value <= bar
        self.goals.append({"name": name, "value": value, "text": text,
                           "bar": bar_text, "aim": aim, "met": met})

    # ---- kinds of runs ----

    def plain(self, name, *options):
        """A plain echo."""
        port = free_port()
        with Server(self.program(name), port) as server:
            return self.load(name, port, server,
                             ("--plain", "--clients", self.clients, *options))

    def pipelines(self, what, count, description, options, others=(),
                  seconds=None):
        port = free_port()
        with Server(self.program("host"), count,
                    description.replace("PORT", str(port))) as server:
            result = self.load(what, port, server,
                               ("--clients", count, *options), others, seconds)
            self.compare_accounts(what, server, result)
        return result

    def bare_gateway(self, count, *options, seconds=None):
        ai, port = free_port(), free_port()
        with Server(self.program("epoll-echo"), ai) as service, \
                Server(self.program("epoll-gateway"), port, ai) as server:
            return self.load(f"bare epoll gateway, {count}", port, server,
                             ("--clients", count, *options), (service,),
                             seconds)

    def gateway(self, count, *options, settings="", seconds=None):
        ai = free_port()
        with Server(self.program("epoll-echo"), ai) as service:
            return self.pipelines(
                f"gateway, {count}", count,
                f"tryonwssrc port=PORT session-id=bench-%d {settings} ! "
                f"tryonaisink name=ai uri=ws://127.0.0.1:{ai}/ws/try-on/%d/ "
                "ai.src ! tryonwssink", options, (service,), seconds)

    # ---- what must be true of any run ----

    def compare_accounts(self, what, server, result, first=0):
        """The server's counters say the same as the clients', from pipeline
        @first on; they may be a moment behind."""
        account = result["account"]
        if account["closed"] > 0:
            return
        want = (account["sent"], account["processed"] + account["fallback"],
                account["dropped"])
        end = time.monotonic() + 5
        while True:
            stats = server.stats()[first:]
            have = tuple(sum(s["frames-" + name] for s in stats) for name in
                         ("received", "processed", "dropped"))
            if have == want:
                return
            if time.monotonic() > end:
                self.fault(what, "frames received, processed, dropped: "
                           f"{have} in the server, {want} at its clients")
                return
            time.sleep(0.05)


def find_faults(result):
    account = result["account"]
    answered = account["processed"] + account["fallback"] + account["dropped"]
    if account["sent"] != answered + account["unanswered"]:
        yield f"{account['sent']} frames sent, {answered} answered, " \
              f"{account['unanswered']} unanswered"
    if account["unanswered"] > 0 and account["closed"] == 0:
        yield f"{account['unanswered']} frames never answered"
    for name, words in (
            ("unbalanced_clients", "clients with a wrong sum"),
            ("missing", "answers left out"),
            ("repeated", "answers out of order, or to no frame"),
            ("newest_dropped", "newest frames superseded")):
        if account[name] > 0:
            yield f"{account[name]} {words}"
    if sum(result["dropped_by_reason"]) != result["dropped"]:
        yield "the reasons of the drops do not add up"
    for name in ("processed", "fallback", "dropped", "skipped"):
        if sum(s[name] for s in result["samples"]) != result[name]:
            yield f"the samples of '{name}' do not add up"
    if result["processed"] == 0:
        yield "no frame was processed"


def median(results, field):
    return statistics.median(r[field] for r in results)


def total(results, field):
    return sum(r[field] for r in results)


def name_reasons(results):
    """Drops by reason, as words."""
    sums = [sum(r["dropped_by_reason"][i] for r in results)
            for i in range(len(REASONS))]
    words = [f"{n} {name}" for n, name in zip(sums, REASONS) if n > 0]
    fallback = total(results, "fallback")
    if fallback > 0:
        words.append(f"{fallback} back unprocessed")
    return ", ".join(words) or "none"
