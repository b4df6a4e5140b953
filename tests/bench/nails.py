# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a frame costs tryonnails beside its networks, in turns and in processor
time, and how steady nails are in photographs. README.md says what the lines are."""
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

DRAW_HAND = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                         "tools", "draw-hand")
MODELS = "lite", "full"
# Of those that are found; each takes some seconds.
MAX_PHOTOS = 4
# bench-nails-stability's last lines. The first may be behind what a nail's ends with.
TOTALS = re.compile(r"(?:^|\))((?:still|pan|turn|zoom|finder): .*)", re.MULTILINE)
STILL = re.compile(r"still: .*outline ([\d.]+) pixels RMS.*landmarks ([\d.]+)")
LAG = re.compile(r"(pan|turn|zoom): .*lag (-?[\d.]+) frames")
BLINKS = re.compile(r"(\d+) blinks in (\d+) frames")


def run_nails(bench):
    if not os.path.exists(bench.program("nets")):
        bench.skip("nails", "the plugin is not built")
        return
    reason = find_reason(bench)
    if reason:
        bench.skip("nails", reason)
        return
    with tempfile.TemporaryDirectory() as folder:
        hand = os.path.join(folder, "hand.jpg")
        code, _, words = run(sys.executable, DRAW_HAND, hand)
        if code == 0:
            run_frames(bench, hand)
        else:
            bench.skip("nails: frames", f"no hand can be drawn: {words}")
    photos = bench.photos or find_photos()
    if photos:
        run_stability(bench, photos)
    else:
        bench.skip("nails: stability", "no photographs: --photo, or $TRYON_PHOTOS")


def run(*argv):
    """The exit status, what it printed, and its last words."""
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=1800)
    return done.returncode, done.stdout, done.stderr.strip().split("\n")[-1]


def find_reason(bench):
    """Why there is nothing to run: no hand models; empty when there is."""
    code, _, words = run(bench.program("nets"), 0)
    return words if code == 77 else ""


def find_photos():
    """Where the tests look for them, in a fixed order."""
    folder = os.environ.get("TRYON_PHOTOS", "none")
    return sorted(glob.glob(os.path.join(folder, "nails-cc0", "images",
                                         "*.jpg")))[:MAX_PHOTOS]


def measure(bench, what, *argv):
    code, out, words = run(bench.program(what), *argv)
    if code != 0:
        sys.exit(f"bench-{what} failed: {words}")
    bench.runs.append({"what": what, **json.loads(out)})
    return bench.runs[-1]


def run_frames(bench, hand):
    print("A frame with one hand at 640x480, beside a run of each of its "
          "networks", flush=True)
    nets, frames = [], {model: [] for model in MODELS}
    for _ in range(bench.rounds):
        nets.append(measure(bench, "nets", bench.seconds / 5))
        for model in MODELS:
            frames[model].append(
                measure(bench, "nails-frames", model, hand, bench.seconds))
    for model, results in frames.items():
        show_frames(bench, model, results, nets)
    print("  while a hand is looked for, also " + ", ".join(
        f"{median_of(nets, f'palm_detection_{model}'):.2f} ms ({model})"
        for model in MODELS), flush=True)


def median_of(nets, name):
    return statistics.median(n[name]["ms"] for n in nets)


def show_frames(bench, model, results, nets):
    frame = statistics.median(r["ms"] for r in results)
    landmark, nail = (median_of(nets, name)
                      for name in (f"hand_landmark_{model}", "nail_net"))
    print(f"  {model:<26}{frame:>6.2f} ms/frame, {landmark:.2f} ms landmarks, "
          f"{nail:.2f} ms nails", flush=True)
    if any(r["frames"] == 0 or r["hands"] != 1 or r["nails"] == 0
           for r in results):
        bench.fault(f"nails, {model}", "there are frames without a hand")
    ratio = frame / (landmark + nail)
    bench.goal(f"nails, {model}: frame", ratio,
               f"{ratio:.2f} x its networks ({frame:.1f} ms)")


def run_stability(bench, photos):
    print(f"Nails of photographs ({len(photos)}), held still, panned, turned and "
          f"zoomed", flush=True)
    code, out, words = run(bench.program("nails-stability"), "--lite", *photos)
    if code != 0:
        bench.fault("nails: stability", words)
        return
    totals = "\n".join(TOTALS.findall(out))
    print("  " + totals.replace("\n", "\n  "), flush=True)
    still, lags = STILL.search(totals), LAG.findall(totals)
    blinks = [(int(n), int(of)) for n, of in BLINKS.findall(totals)]
    if still is None or not lags or not blinks:
        bench.fault("nails: stability", "it says other things than it did")
        return
    outline, landmarks = map(float, still.groups())
    ratio = outline / landmarks if landmarks > 0 else 0
    bench.goal("nails, still: outline moves", ratio,
               f"{outline:.2f} px, {ratio:.2f} x landmarks")
    for kind, lag in lags:
        bench.goal(f"nails, {kind}: lag", float(lag), f"{float(lag):.2f} frames")
    lost, of = (sum(b) for b in zip(*blinks))
    bench.goal("nails: blinks", lost, f"{lost} in {of} frames of nails")
