#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Benchmarks of the transport and of the nails: each figure beside a plain one of
the same run.

The load generator, the servers and the AI echo share the machine, so absolute
figures move from run to run. What counts are the ratios, of medians over
several rounds in which all candidates take turns. README.md says what each
line means. Fails when the numbers do not add up, never because of a time.
"""
import argparse
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import time

from machinery import (Bench, Load, Server, free_port, median,
                       memory, name_reasons, reset_peak, total)
from nails import run_nails

LARGE_FRAME_BYTES = 180000
MIB = 1 << 20


def show(name, results):
    rate = median(results, "frames_per_second")
    late = f", sent {median(results, 'send_lag_us') / 1000:.1f} ms late" \
        if results[0]["fps"] else ""
    print(f"  {name:<26}{rate:>7.0f} frames/s  "
          f"{median(results, 'server_us_per_frame'):>4.0f} us CPU/frame  "
          f"p50 {median(results, 'p50_us') / 1000:.1f} "
          f"p95 {median(results, 'p95_us') / 1000:.1f} "
          f"p99 {median(results, 'p99_us') / 1000:.1f} ms  "
          f"load {median(results, 'load_us_per_frame'):.0f} us/frame, "
          f"{median(results, 'load_cores'):.2f} cores{late}", flush=True)
    return rate


def in_turns(bench, candidates):
    results = {name: [] for name in candidates}
    for _ in range(bench.rounds):
        for name, run in candidates.items():
            results[name].append(run())
    return results


def run_echo(bench):
    print(f"Echo, {bench.clients} clients, closed loop", flush=True)
    pipeline = "tryonwssrc ! tryonwssink"
    results = in_turns(bench, {
        "bare epoll": lambda: bench.plain("epoll-echo"),
        "libsoup's WebSocket": lambda: bench.plain("soup-echo"),
        "GstTryonConnection": lambda: bench.plain("connection-echo"),
        pipeline: lambda: bench.pipelines(
            "echo pipelines", bench.clients,
            "tryonwssrc port=PORT session-id=bench-%d ! tryonwssink", ()),
    })
    rates = {name: show(name, r) for name, r in results.items()}
    soup, epoll = rates["libsoup's WebSocket"], rates["bare epoll"]
    for name, peer, reference, bar, aim in (
            ("connection", "GstTryonConnection", epoll, 0.6, ""),
            ("pipelines", pipeline, soup, 2.5, ""),
            ("pipelines", pipeline, epoll, None, "0.5")):
        value = rates[peer] / reference
        words = "bare epoll" if reference == epoll else "libsoup"
        bench.goal(f"echo: {name}, frames/s", value,
                   f"{value:.2f} x {words}", bar,
                   f"at least {bar}" if bar else "", least=True, aim=aim)


def run_gateway(bench):
    for count in (bench.clients, bench.many):
        print(f"Gateway with an AI hop, {count} sessions paced at 25 fps",
              flush=True)
        options = "--fps", 25, "--in-flight", 4
        results = in_turns(bench, {
            "bare epoll": lambda: bench.bare_gateway(
                count, "--plain", *options),
            "pipelines": lambda: bench.gateway(count, *options),
        })
        for name, r in results.items():
            show(name, r)
            due = total(r, "sent") + total(r, "skipped")
            print(f"    of {due} frames due: {total(r, 'skipped')} not sent, "
                  f"{total(r, 'dropped')} dropped ({name_reasons(r)}); "
                  f"{median_rss(r):.0f} MB, "
                  f"{median_rss(r) * 1024 / count:.0f} kB a session",
                  flush=True)
        add_gateway_goals(bench, count, results["bare epoll"],
                          results["pipelines"])


def median_rss(results):
    return sorted(r["server_rss_kb"][1] for r in results)[
        len(results) // 2] / 1024


def add_gateway_goals(bench, count, bare, ours):
    strict = count == bench.clients
    where = f"gateway, {count} x 25 fps:"
    cpu, plain = (median(r, "server_us_per_frame") for r in (ours, bare))
    bench.goal(f"{where} CPU/frame", cpu / plain,
               f"{cpu / plain:.2f} x bare ({cpu:.0f} us)",
               220 / 60 if strict else None, "at most 3.67" if strict else "",
               aim="2" if strict else "")
    p95, plain = (median(r, "p95_us") / 1000 for r in (ours, bare))
    bench.goal(f"{where} p95", p95, f"{p95:.1f} ms, {p95 / plain:.2f} x bare",
               10 if strict else None, "at most 10 ms" if strict else "")
    lost = [total(r, "dropped") + total(r, "fallback") + total(r, "skipped")
            for r in (ours, bare)]
    due = total(ours, "sent") + total(ours, "skipped")
    bench.goal(f"{where} dropped or not sent", lost[0] / due,
               f"{lost[0]} of {due}; bare {lost[1]}", 0 if strict else None,
               "none" if strict else "")
    rate, plain = (median(r, "frames_per_second") for r in (ours, bare))
    bench.goal(f"{where} frames/s", rate / plain, f"{rate / plain:.2f} x bare")
    rss, plain = median_rss(ours), median_rss(bare)
    bench.goal(f"{where} memory", rss / plain,
               f"{rss:.0f} MB, {rss / plain:.1f} x bare")


# ---- more than it can carry ----

def run_overload(bench):
    """The gateway at twice its capacity, by clients that keep to their credit,
    and by clients that keep to none; and the bare one at twice its own."""
    count = bench.clients
    print(f"Overload of the gateway, {count} sessions", flush=True)
    bare, plain = overload(bench, lambda *options, **times: bench.bare_gateway(
        count, "--plain", *options, **times), bench.overload_seconds / 3)
    ours, closed = overload(bench, lambda *options, **times: bench.gateway(
        count, *options, settings="max-in-flight=8", **times),
        bench.overload_seconds)
    show("bare epoll, closed loop", plain)
    for name, result in bare.items():
        show(f"bare epoll, {name} clients", [result])
    show("capacity, closed loop", closed)
    for name, result in ours.items():
        show_overload(bench, name, result, closed)
        mine, other = flatness(result, closed), flatness(bare[name], plain)
        # A client that keeps to no credit fills the sockets of its own
        # machine, which is this one: what that costs shows with the bare one.
        bench.goal(f"overload, {name}: processed/s, beside bare", mine / other,
                   f"{mine / other:.2f} x ({other:.2f} x its own)",
                   1 if name == "open" else None,
                   "at least 1" if name == "open" else "", least=True)


def overload(bench, gateway, seconds):
    """Twice its capacity, which is measured before and after: what else the
    machine does changes meanwhile."""
    closed = [gateway()]
    fps = 2 * closed[0]["frames_per_second"] / bench.clients
    paced = {name: gateway("--fps", f"{fps:.2f}", *option,
                           seconds=seconds)
             for name, option in (("polite", ("--in-flight", 8)),
                                  ("open", ("--open",)))}
    closed.append(gateway())
    return paced, closed


def flatness(result, closed):
    return result["frames_per_second"] / (
        sum(r["frames_per_second"] for r in closed) / len(closed))


def cpu_per_processed(result):
    return result["server_cores"] / max(result["frames_per_second"], 1)


def show_overload(bench, name, result, closed):
    c = sum(r["frames_per_second"] for r in closed) / len(closed)
    show(f"{name} clients", [result])
    print("    second  processed/s  p95 ms  MB     not sent  dropped")
    for s in result["samples"][1:]:
        print(f"    {s['time']:>6.1f}  {s['processed'] / max(s['seconds'], 0.001):>11.0f}"
              f"  {s['p95_us'] / 1000:>6.0f}  {s['rss_kb'] / 1024:<5.1f}"
              f"  {s['skipped']:>8}  {name_reasons([s])}")
    offered = (result["sent"] + result["skipped"]) / result["seconds"]
    account = result["account"]
    print(f"    offered {offered / c:.2f} x capacity; of {account['sent']} "
          f"frames sent {account['processed']} processed, "
          f"{account['fallback']} back unprocessed, {account['dropped']} "
          f"dropped, {account['unanswered']} unanswered; "
          f"{account['closed']} connections closed", flush=True)

    where = f"overload, {name}:"
    flat = flatness(result, closed)
    polite = name == "polite"
    bench.goal(f"{where} processed/s", flat, f"{flat:.2f} x capacity",
               0.9 if polite else None, "at least 0.9" if polite else "",
               least=True)
    cost = cpu_per_processed(result) / (
        sum(map(cpu_per_processed, closed)) / len(closed))
    bench.goal(f"{where} gateway's CPU/processed", cost,
               f"{cost:.2f} x at capacity")
    samples = [s for s in result["samples"] if s["time"] > 1.5]
    half = len(samples) // 2
    early, late = samples[:half], samples[half:]
    growth = max(s["rss_kb"] for s in late) / \
        max(s["rss_kb"] for s in early) - 1 if early else 0
    bench.goal(f"{where} memory, second half", growth,
               f"{growth:+.1%} of first half", 0.1, "at most +10%")
    wrong = sum(account[n] for n in ("unbalanced_clients", "missing",
                                     "repeated", "unanswered"))
    bench.goal(f"{where} frames without an answer", wrong,
               f"{wrong} of {account['sent']}", 0, "none")
    bench.goal(f"{where} newest frame dropped", account["newest_dropped"],
               f"{account['newest_dropped']} of {account['dropped']} dropped",
               0, "none")
    if early:
        ratio = max(s["p95_us"] for s in late) / max(
            1, *(s["p95_us"] for s in early))
        bench.goal(f"{where} p95, second half", ratio,
                   f"{ratio:.2f} x first half")


# ---- peers that mean no good ----

def run_never_read(bench):
    """A client sends and never reads, until so many megabytes of answers have
    been made for it; beside it another streams as it should. Large frames, and
    many of them: at 1024 unanswered ones the connection is closed."""
    deaf, count, fps = 1, 2, 120
    print(f"A client that never reads beside a healthy one, {fps} frames of "
          f"{LARGE_FRAME_BYTES // 1000} KB a second each", flush=True)
    port = free_port()
    with Server(bench.program("host"), count,
                f"tryonwssrc port={port} session-id=bench-%d ! tryonwssink"
                ) as server:
        load = Load(bench, port, server, (), (
            "--clients", count, "--never-read", deaf, "--fps", fps,
            "--frame-bytes", LARGE_FRAME_BYTES, "--in-flight", 4), 60)
        time.sleep(bench.warmup)
        reset_peak(server.pid)
        while load.process.poll() is None and \
                produced(server, deaf) < bench.never_read_mb:
            time.sleep(0.25)
        load.stop()
        result = load.result()
        peak = memory(server.pid, "VmHWM")
        made = produced(server, deaf)
        bench.keep("never read", result)
        bench.compare_accounts("never read", server, result, first=deaf)
    print(f"  healthy client: {result['frames_per_second']:.0f} frames/s, "
          f"p95 {result['p95_us'] / 1000:.1f} ms, dropped: "
          f"{name_reasons([result])}", flush=True)
    growth = (peak - result["samples"][0]["rss_kb"]) / 1024
    print(f"    {result['deaf_frames']} frames sent by the other over "
          f"{result['deaf_connections']} connections, {made:.0f} MB made for "
          f"it in {result['seconds']:.0f} s; memory "
          f"{result['samples'][0]['rss_kb'] / 1024:.1f} to at most "
          f"{peak / 1024:.1f} MB", flush=True)
    if made < bench.never_read_mb:
        bench.fault("never read", f"only {made:.0f} MB were made in 60 s")
    bench.goal("never read: memory", growth, f"{growth:+.2f} MB, "
               f"{growth / made:.1%} of {made:.0f} MB made", 2,
               "less than 2 MB")
    lost = result["dropped"] + result["skipped"]
    bench.goal("never read: healthy client's drops", lost,
               f"{lost} of {result['sent'] + result['skipped']}")


def produced(server, deaf):
    """MB of answers that the first pipelines made, sent or not."""
    frames = sum(s["frames-processed"] + s["slow-client"]
                 for s in server.stats()[:deaf])
    return frames * LARGE_FRAME_BYTES / 1e6


def send_frame(sock, opcode, payload, final=True):
    """Masked with a key of zeroes."""
    head = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    else:
        head += b"\xff" + struct.pack(">Q", len(payload))
    sock.sendall(head + bytes(4) + payload)


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.sendall(b"GET /ws/try-on/bench-0/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                 b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 b"Sec-WebSocket-Protocol: tryon.v1\r\n"
                 b"Sec-WebSocket-Version: 13\r\n\r\n")
    while b"\r\n\r\n" not in sock.recv(65536):
        pass
    return sock


def read_close_code(sock):
    """Reads to the end; the close frame's code, 0 where there was none."""
    data = b""
    try:
        while part := sock.recv(65536):
            data += part
    except OSError:
        pass
    while len(data) >= 2:
        opcode, length, n = data[0] & 15, data[1] & 127, 2
        if length == 126:
            length, n = struct.unpack(">H", data[2:4])[0], 4
        if opcode == 8 and length >= 2:
            return struct.unpack(">H", data[n:n + 2])[0]
        data = data[n + length:]
    return 0


def run_fragments(bench):
    """One message in 512 fragments of 64 KiB, where 1 MiB is the limit."""
    print("A message of 512 fragments of 64 KiB against a limit of 1 MiB",
          flush=True)
    port = free_port()
    with Server(bench.program("host"), 1,
                f"tryonwssrc port={port} session-id=bench-%d "
                f"max-message-bytes={MIB} ! tryonwssink") as server:
        with connect(port) as sock:
            send_frame(sock, 1, b'{"type":"init_session"}')
            sock.recv(65536)
            reset_peak(server.pid)
            before, sent = memory(server.pid), 0
            try:
                for i in range(512):
                    send_frame(sock, 0 if i else 2, bytes(65536), i == 511)
                    sent += 1
            except ConnectionError:
                pass
            code = read_close_code(sock)
        growth = (memory(server.pid, "VmHWM") - before) / 1024
    print(f"    closed with {code} when {sent} fragments had left the client; "
          f"memory {growth:+.2f} MB at the most", flush=True)
    if code != 1009:
        bench.fault("fragments", f"closed with {code}, not with 1009")
    bench.goal("fragments: memory until 1009", growth,
               f"{growth:+.2f} MB, {growth:.2f} x the limit", 1.1,
               "at most 1.1")


def run_mask(bench):
    out = subprocess.run([bench.program("mask"),
                          str(min(bench.seconds / 20, 0.25))],
                         stdout=subprocess.PIPE, text=True, timeout=60)
    if out.returncode != 0:
        bench.fault("mask", "it does not do what a byte loop does")
        return
    ns = json.loads(out.stdout)
    bench.runs.append({"what": "mask", **ns})
    print("Unmasking 45 KB, in the caches and from memory", flush=True)
    for name, words in (("library", "gst_tryon_ws_frame_mask"),
                        ("bytes", "byte loop"), ("memcpy", "memcpy")):
        print(f"  {words:<26}{ns[name + '_ns'] / 1000:>6.1f} us"
              f"{ns[name + '_cold_ns'] / 1000:>8.1f} us", flush=True)
    value = ns["bytes_ns"] / ns["library_ns"]
    bench.goal("mask: speed", value, f"{value:.1f} x a byte loop")
    for kind, words in (("", "in the caches"), ("_cold", "from memory")):
        value = ns[f"library{kind}_ns"] / ns[f"memcpy{kind}_ns"]
        bench.goal(f"mask: time, {words}", value, f"{value:.2f} x memcpy")


SCENARIOS = {
    "echo": run_echo,
    "gateway": run_gateway,
    "overload": run_overload,
    "never-read": run_never_read,
    "fragments": run_fragments,
    "mask": run_mask,
    "nails": run_nails,
}


def show_goals(bench):
    print()
    for goal in bench.goals:
        bar = goal["bar"] + (f", aim {goal['aim']}" if goal["aim"] else "")
        verdict = {True: "met", False: "MISSED", None: ""}[goal["met"]]
        print(f"{goal['name']:<44}{goal['text']:<32}"
              f"{bar.strip(', '):<24}{verdict}".rstrip())
    others = [r["other_cores"] for r in bench.runs if "other_cores" in r]
    if others:
        print(f"other programs took {statistics.median(others):.1f} cores "
              f"meanwhile, {max(others):.1f} at the most")
    for words in bench.skipped:
        print(f"SKIPPED: {words}")
    for fault in bench.faults:
        print(f"WRONG: {fault}")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("build", help="build directory")
    parser.add_argument("--only", choices=SCENARIOS, action="append",
                        help="this scenario (may be given again)")
    parser.add_argument("--json", metavar="FILE",
                        help="write everything that was measured")
    parser.add_argument("--seconds", type=float, default=4,
                        help="of each run (%(default)s)")
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3,
                        help="in which the candidates take turns "
                        "(%(default)s)")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--many-clients", type=int, default=400,
                        help="of the gateway's second part (%(default)s)")
    parser.add_argument("--overload-seconds", type=float, default=24)
    parser.add_argument("--never-read-mb", type=float, default=200)
    parser.add_argument("--photo", action="append", default=[], metavar="FILE",
                        help="a JPEG of a hand, for the nails (may be given again); "
                        "by default some of $TRYON_PHOTOS")
    return parser.parse_args()


def main():
    args = parse_arguments()
    bench = Bench(args.build, args)
    begin = time.monotonic()
    for name, run in SCENARIOS.items():
        if not args.only or name in args.only:
            run(bench)
    show_goals(bench)
    print(f"took {time.monotonic() - begin:.0f} s", flush=True)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"cpus": os.cpu_count(), "goals": bench.goals,
                       "faults": bench.faults, "skipped": bench.skipped,
                       "runs": bench.runs}, file, indent=1)
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main())
