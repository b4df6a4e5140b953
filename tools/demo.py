# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tools/demo does after the build: starts an AI service and a gateway,
streams through both with a client, and says what came of it. All three are
pipelines of pipelines/, each a gst-launch-1.0 process of its own."""

import argparse
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from PIL import Image, ImageChops, ImageStat

TOP = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = TOP / 'demo'
SIZE = (640, 480)
FPS = 30
CAMERA = '/dev/video0'


class Failure(Exception):
    """Words for the person at the terminal."""


def say(words):
    print(f'demo: {words}', flush=True)


class Pipeline:
    """A process that runs a file of pipelines/."""

    def __init__(self, work, name, **values):
        self.name = name
        self.log = work / f'{name}.log'
        command = [TOP / 'tools' / 'launch', '-m',
                   TOP / 'pipelines' / f'{name}.launch']
        command += [f'{key}={value}' for key, value in values.items()]
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)

    def text(self):
        return self.log.read_text(errors='replace')

    def fail(self, words):
        tail = '\n    '.join(
            line for line in self.text().splitlines()[-200:]
            if not line.startswith('Got message'))
        raise Failure(f'{self.name} {words}; its output:\n    {tail}')

    def check_running(self):
        if self.process.poll() is not None:
            self.fail(f'ended with code {self.process.returncode}')

    def wait_listening(self, port, limit=60):
        deadline = time.monotonic() + limit
        while True:
            self.check_running()
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.fail(f'does not listen at port {port}')
                time.sleep(0.05)

    def wait_end(self, limit):
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.fail(f'did not end within {limit} s')
        if code != 0:
            self.fail(f'ended with code {code}')

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def free_ports(count):
    probes = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


# ---- sources: each gives raw video at FPS that ends after `frames`, or None


def camera(work, frames):
    if not os.access(CAMERA, os.R_OK | os.W_OK):
        return None
    probe = subprocess.run(
        ['timeout', '15', 'gst-launch-1.0', '-q', 'v4l2src',
         f'device={CAMERA}', 'num-buffers=1', '!', 'fakesink'], check=False,
        stdin=subprocess.DEVNULL, capture_output=True)
    if probe.returncode != 0:
        say(f'{CAMERA} gives no picture')
        return None
    say(f'the frames come from the camera {CAMERA}')
    return (f'v4l2src device={CAMERA} num-buffers={frames} ! decodebin '
            '! videoconvert ! videoscale add-borders=true '
            f'! video/x-raw,width={SIZE[0]},height={SIZE[1]}')


def find_photos(wanted=5):
    """The largest photographs: they have most detail left at SIZE."""
    folder = pathlib.Path(os.environ.get('TRYON_PHOTOS')
                          or TOP.parent / 'shared' / 'data')
    found = []
    for path in sorted(folder.rglob('*')):
        # Masks lie beside the photographs of data sets.
        if (path.suffix.lower() not in ('.jpg', '.jpeg', '.png')
                or {'labels', 'masks'} & set(path.parts)):
            continue
        try:
            with Image.open(path) as image:
                found.append((image.width * image.height, path))
        except OSError:
            pass
    found.sort(key=lambda photo: photo[0], reverse=True)
    return folder, [path for _, path in found[:wanted]]


def photos(work, frames):
    """Photographs under a camera that moves and comes nearer."""
    folder, paths = find_photos()
    if not paths:
        return None
    say(f'the frames come from {len(paths)} photographs of {folder}, '
        'panned and scaled, with the noise of a sensor')
    views = []
    for path in paths:
        with Image.open(path) as image:
            views.append(image.convert('RGB'))
    noise = Image.merge('RGB', [Image.effect_noise(SIZE, 5)] * 3)
    for number in range(frames):
        place = number * len(views) / frames
        view = views[int(place)]
        turn = 2 * math.pi * (place % 1)
        # The largest part of the picture in the shape of SIZE, at most.
        whole = min(view.width / SIZE[0], view.height / SIZE[1])
        part = whole * (0.85 + 0.1 * math.cos(turn))
        width, height = SIZE[0] * part, SIZE[1] * part
        left = (view.width - width) * (1 + math.sin(turn)) / 2
        top = (view.height - height) * (1 - math.cos(turn / 2)) / 2
        frame = view.resize(SIZE, Image.BICUBIC, box=(
            left, top, left + width, top + height))
        frame = ImageChops.add(frame, ImageChops.offset(noise, number * 37),
                               offset=-128)
        frame.save(work / f'photo-{number:05}.jpg', quality=95)
    return (f'multifilesrc location={work}/photo-%05d.jpg '
            f'stop-index={frames - 1} caps=image/jpeg,framerate={FPS}/1 '
            '! jpegdec ! clocksync')


def generated(work, frames):
    say('the frames are a generated scene: there is no camera, and no '
        'photographs in ../shared/data or $TRYON_PHOTOS')
    # Fine and moving: a still pattern is a tenth of a camera's frame.
    return (f'videotestsrc is-live=true num-buffers={frames} '
            'pattern=chroma-zone-plate kx2=40 ky2=30 kt=3 '
            f'! video/x-raw,width={SIZE[0]},height={SIZE[1]},'
            f'framerate={FPS}/1')


SOURCES = {'camera': camera, 'photos': photos, 'generated': generated}


def make_source(choice, work, frames):
    for name, make in SOURCES.items():
        if choice in ('auto', name):
            source = make(work, frames)
            if source is not None:
                return source
    raise Failure(f'no {choice} here')


# ---- what the messages on the bus say, as gst-launch-1.0 -m prints them


def parse_structure(text):
    """The plain fields of a printed GstStructure, and of those within it."""
    plain = text.replace('\\', '')
    return {name: float(value) for name, value in
            re.findall(r'([\w-]+)=\(\w+\)(-?[\d.]+)', plain)}


def element_messages(log, name):
    """The structures of this name, in order."""
    pattern = re.compile(r'\(element\): ' + re.escape(name) + r', (.*)')
    return [parse_structure(match.group(1))
            for match in map(pattern.search, log.splitlines()) if match]


def files_by_time(log, prefix):
    """Timestamp to path, of the files that multifilesink wrote."""
    pattern = re.compile(r'\(element\): GstMultiFileSink, filename=\(string\)'
                         r'"?([^",]*)"?, .*?timestamp=\(guint64\)(\d+)')
    return {int(match.group(2)): pathlib.Path(match.group(1))
            for match in map(pattern.search, log.splitlines())
            if match and pathlib.Path(match.group(1)).name.startswith(prefix)}


def gateway_account(gateway, limit=5):
    """The session's account, from the next message on that tells it: the
    client has left, so nothing is added to it any more."""
    def accounts():
        return [message for message
                in element_messages(gateway.text(), 'tryon-stats')
                if 'frames-received' in message]
    before = len(accounts())
    deadline = time.monotonic() + limit
    while True:
        gateway.check_running()
        now = accounts()
        if len(now) > before and not now[-1]['frames-outstanding']:
            return now[-1]
        if time.monotonic() > deadline:
            gateway.fail('does not tell of the session, or leaves frames '
                         'unanswered')
        time.sleep(0.1)


# ---- the show


def tap(name, path):
    """A stage that writes each frame to a file, too."""
    return (f'tee name={name} {name}. ! multifilesink location={path} '
            f'post-messages=true sync=false async=false {name}.')


def stream(work, pipelines, source, seconds):
    """Runs the three; returns the client and the gateway."""
    ai_port, gateway_port = free_ports(2)
    service = Pipeline(work, 'ai-tint', port=ai_port)
    pipelines.append(service)
    service.wait_listening(ai_port)
    say(f'AI service: pipelines/ai-tint.launch at port {ai_port}')
    gateway = Pipeline(work, 'gateway', port=gateway_port,
                       ai=f'ws://127.0.0.1:{ai_port}/ws/try-on/{{session_id}}/')
    pipelines.append(gateway)
    gateway.wait_listening(gateway_port)
    say(f'gateway: pipelines/gateway.launch at port {gateway_port}')
    say(f'streaming {seconds} s with pipelines/client.launch')
    client = Pipeline(
        work, 'client', source=source, display='fakesink',
        uri=f'ws://127.0.0.1:{gateway_port}/ws/try-on/demo/',
        sent=tap('sent', f'{work}/sent-%05d.webp'),
        answered='tryonstats window=60000 interval=250 '
        f'! {tap("back", f"{work}/back-%05d.webp")}')
    pipelines.append(client)
    client.wait_end(seconds + 30)
    service.check_running()
    gateway.check_running()
    return client, gateway


def keep_pictures(processed):
    """Writes the same frame, before and after, of (sent, answered) pairs;
    returns by how much of their range its pixels moved."""
    sent, answered = processed[len(processed) // 2]
    OUTPUT.mkdir(exist_ok=True)
    shutil.copyfile(sent, OUTPUT / 'before.webp')
    shutil.copyfile(answered, OUTPUT / 'after.webp')
    with Image.open(sent) as before, Image.open(answered) as after:
        if before.size != after.size:
            raise Failure(f'a frame of {before.size} came back as '
                          f'{after.size}')
        difference = ImageStat.Stat(ImageChops.difference(
            before.convert('RGB'), after.convert('RGB')))
    return sum(difference.mean) / 3 / 255


def report(client, gateway):
    log = client.text()
    sent = files_by_time(log, 'sent-')
    answered = files_by_time(log, 'back-')
    pairs = [(path, answered[when]) for when, path in sorted(sent.items())
             if when in answered]
    # The gateway's fallback is the very frame that it got.
    processed = [(before, after) for before, after in pairs
                 if before.read_bytes() != after.read_bytes()]
    if not processed:
        raise Failure('no frame came back with the effect')
    changed = keep_pictures(processed)
    account = gateway_account(gateway)
    figures = element_messages(log, 'tryon-stats')
    if not figures:
        raise Failure('the client tells of no measurements')
    figures = max(figures, key=lambda message: message['frames'])

    reasons = ['rate', 'superseded', 'invalid', 'too-large', 'ai-timeout',
               'ai-down', 'slow-client', 'paused']
    drops = ', '.join(f'{account[reason]:.0f} {reason}' for reason in reasons
                      if account.get(reason)) or 'none'
    kilobytes = sum(path.stat().st_size for path in sent.values()) / 1000
    rows = {
        'sent': f'{len(sent)} frames, {kilobytes / len(sent):.0f} KB each',
        'answered': f'{len(pairs)}, {len(pairs) - len(processed)} of them '
                    'without the effect',
        'dropped': f'{len(sent) - len(pairs)}',
        'at the gateway': f'{account["frames-received"]:.0f} received, '
                          f'{account["frames-processed"]:.0f} answered, '
                          f'{account["frames-dropped"]:.0f} dropped',
        'dropped there': drops,
        'frame rate': f'{figures["fps"]:.1f} fps',
        'latency': f'p50 {figures["latency-p50"] / 1e6:.0f} ms, '
                   f'p95 {figures["latency-p95"] / 1e6:.0f} ms, '
                   'from the camera to the answer',
        'demo/before.webp': 'a frame as it was sent',
        'demo/after.webp': 'the same frame as it came back: its pixels moved '
                           f'by {changed:.0%}',
    }
    print()
    for name, words in rows.items():
        print(f'  {name:<18} {words}')
    print()
    if changed < 0.02:
        raise Failure('the frame came back without the effect')


HOW_TO_GO_ON = '''Go on with your own camera and screen, in three terminals:

  tools/launch pipelines/ai-tint.launch
  tools/launch pipelines/gateway.launch
  tools/launch pipelines/client.launch

Put another raw video filter in the place of videobalance in
pipelines/ai-tint.launch to make another effect. `meson devenv -C build` is a
shell in which gst-launch-1.0 and gst-inspect-1.0 know the elements.'''


def main():
    parser = argparse.ArgumentParser(prog='tools/demo')
    parser.add_argument('--seconds', type=int, default=10,
                        help='how long to stream (default: 10)')
    parser.add_argument('--source', choices=['auto', *SOURCES],
                        default='auto', help='where frames come from')
    options = parser.parse_args()
    if options.seconds < 2:
        parser.error('--seconds must be at least 2')

    # Ends as by Ctrl-C, so that no process stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pipelines = []
    with tempfile.TemporaryDirectory(prefix='tryon-demo-') as work:
        work = pathlib.Path(work)
        try:
            source = make_source(options.source, work, options.seconds * FPS)
            client, gateway = stream(work, pipelines, source, options.seconds)
            report(client, gateway)
        except Failure as failure:
            print(f'demo: failed: {failure}', file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print('demo: interrupted', file=sys.stderr)
            return 130
        finally:
            for pipeline in reversed(pipelines):
                pipeline.stop()
    print(HOW_TO_GO_ON)
    return 0


sys.exit(main())
