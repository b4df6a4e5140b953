# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tools/demo does after the build: starts an AI service and a gateway,
streams a hand through both with a client, and says what came of it. All three are
pipelines of pipelines/, each a gst-launch-1.0 process of its own.

The AI service dresses the hand's nails. Where that can't be (there are no hand models,
because there is no npm to get them), it is one that tints frames, and that is said."""

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

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

TOP = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = TOP / 'demo'
SIZE = (640, 480)
FPS = 30
CAMERA = '/dev/video0'
MODELS = ['palm_detection_lite.tflite', 'hand_landmark_lite.tflite']
# What is shown unless something else is asked for.
DESIGN = {'pattern': 'french', 'shape': 'almond', 'length': '0.35',
          'color': '0xb0e8a0a8'}
# Seconds of a hand that moves once around, which then begin again.
LOOP = 4
# A pixel that a design covers moves by more than this, of 255; coding moves few so far.
COVERED = 40


class Failure(Exception):
    """Words for the person at the terminal."""


def say(words):
    print(f'demo: {words}', flush=True)


def run_line(work, name, line, limit, *options):
    """Runs a pipeline to its end: whether it was a good one, and its output."""
    path = work / f'{name}.launch'
    path.write_text(line + '\n')
    try:
        done = subprocess.run(
            [TOP / 'tools' / 'launch', *options, path], check=False,
            timeout=limit, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return False, f'{name} did not end within {limit} s'
    return done.returncode == 0, done.stdout.decode(errors='replace')


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


def camera(work, frames, options):
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


def find_photos(wanted):
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


def open_view(path):
    """A photograph, in full on a frame: what is left beside it is filled with its own
    colours. As large as it is shown at most."""
    try:
        with Image.open(path) as image:
            image.draft('RGB', (SIZE[0] * 2, SIZE[1] * 2))
            view = ImageOps.exif_transpose(image).convert('RGB')
    except (OSError, ValueError) as error:
        raise Failure(f'{path} is no picture: {error}') from error
    ground = ImageOps.fit(view, SIZE).filter(ImageFilter.GaussianBlur(30))
    ratio = min(SIZE[0] / view.width, SIZE[1] / view.height)
    # Its edge is soft, so that it can't be taken for one of something shown.
    edge = max(2, round(12 / ratio))
    mask = Image.new('L', (max(1, view.width - 2 * edge),
                           max(1, view.height - 2 * edge)), 255)
    mask = ImageOps.pad(ImageOps.expand(mask, edge), view.size).filter(
        ImageFilter.GaussianBlur(edge / 2))
    return view, mask, ground, ratio


def show_view(view, place=(0.0, 0.0), turn=0.0, zoom=1.0):
    """The photograph, moved by parts of the frame, turned by radians, and scaled."""
    photo, mask, ground, ratio = view
    cos, sin = math.cos(turn) / (ratio * zoom), math.sin(turn) / (ratio * zoom)
    x, y = (SIZE[i] * (0.5 + place[i]) for i in range(2))
    matrix = (cos, sin, photo.width / 2 - cos * x - sin * y,
              -sin, cos, photo.height / 2 + sin * x - cos * y)
    shown = photo.transform(SIZE, Image.AFFINE, matrix, Image.BICUBIC)
    mask = mask.transform(SIZE, Image.AFFINE, matrix, Image.BILINEAR)
    return Image.composite(shown, ground, mask)


def with_nails(paths, work):
    """Those in which nails are found; first those of many sure nails that fill the frame.
    A few frames of each go through the element, as hands are found by and by."""
    frames = 8
    filled = []
    for number, path in enumerate(paths):
        view = open_view(path)
        image = show_view(view)
        filled.append(view[0].width * view[0].height * view[-1] ** 2)
        for i in range(frames):
            image.save(work / f'look-{number * frames + i:05}.jpg', quality=90)
    _, log = run_line(
        work, 'look', f'multifilesrc location={work}/look-%05d.jpg '
        f'stop-index={len(paths) * frames - 1} '
        'caps=image/jpeg,framerate=25/1 ! jpegdec ! videoconvert '
        '! tryonnails draw=false interval=1 ! fakesink', 60, '-m')
    most = [0] * len(paths)
    for message in element_messages(log, 'tryon-nails'):
        number = round(message['timestamp'] * 25 / 1e9) // frames
        # The last frames: those before may still show the photograph before.
        if round(message['timestamp'] * 25 / 1e9) % frames >= frames - 3:
            most[number] = max(most[number], message['nails']
                               * message['confidence'] ** 2)
    order = sorted(range(len(paths)),
                   key=lambda number: -most[number] * filled[number])
    return [paths[number] for number in order if most[number] >= 2]


def write_views(paths, work, frames):
    """Each photograph in turn: it sways, turns and comes nearer, once around."""
    views = [open_view(path) for path in paths]
    noise = Image.merge('RGB', [Image.effect_noise(SIZE, 5)] * 3)
    for number in range(frames):
        place = number * len(views) / frames
        turn = 2 * math.pi * (place % 1)
        frame = show_view(
            views[int(place)], zoom=1.0 + 0.06 * math.sin(turn),
            place=(0.03 * math.sin(turn), 0.02 * math.sin(2 * turn)),
            turn=math.radians(6) * math.sin(turn))
        frame = ImageChops.add(frame, ImageChops.offset(noise, number * 37),
                               offset=-128)
        frame.save(work / f'frame-{number:05}.jpg', quality=95)


def written(work, count, frames):
    """The source of `count` pictures that were written, over and over."""
    return (f'multifilesrc location={work}/frame-%05d.jpg loop=true '
            f'num-buffers={frames} stop-index={count - 1} '
            f'caps=image/jpeg,framerate={FPS}/1 ! jpegdec ! clocksync')


def photo(work, frames, options):
    """A photograph of the user's."""
    if options.photo is None:
        return None
    say(f'the frames come from {options.photo}, panned, turned and scaled')
    count = min(frames, LOOP * FPS)
    write_views([options.photo], work, count)
    return written(work, count, frames)


def photos(work, frames, options):
    """Photographs of hands under a camera that moves and comes nearer."""
    folder, paths = find_photos(16 if options.effect == 'nails' else 5)
    if paths and options.effect == 'nails':
        paths = with_nails(paths, work)[:3]
    if not paths:
        return None
    say(f'the frames come from {len(paths)} photographs of {folder}, '
        'panned, turned and scaled, with the noise of a sensor')
    write_views(paths, work, frames)
    return written(work, frames, frames)


def drawn(work, frames, options):
    """A hand of our own making."""
    count = min(frames, LOOP * FPS)
    made = subprocess.run(
        [TOP / 'tools' / 'draw-hand', '--frames', str(count), '--size',
         f'{SIZE[0]}x{SIZE[1]}', '--folder', work / 'drawn'], check=False,
        stdin=subprocess.DEVNULL, capture_output=True)
    if made.returncode != 0:
        say('no hand can be drawn: '
            + made.stderr.decode(errors='replace').strip()[-200:])
        return None
    for number in range(count):
        (work / 'drawn' / f'hand-{number:05}.jpg').rename(
            work / f'frame-{number:05}.jpg')
    say('the frames are of a hand that tools/draw-hand draws' + (
        '' if options.source == 'drawn' else ': there is no camera, and no '
        'photographs of hands in ../shared/data or $TRYON_PHOTOS'))
    return written(work, count, frames)


def generated(work, frames, options):
    say('the frames are a generated scene: there is no hand in them')
    # Fine and moving: a still pattern is a tenth of a camera's frame.
    return (f'videotestsrc is-live=true num-buffers={frames} '
            'pattern=chroma-zone-plate kx2=40 ky2=30 kt=3 '
            f'! video/x-raw,width={SIZE[0]},height={SIZE[1]},'
            f'framerate={FPS}/1')


SOURCES = {'photo': photo, 'camera': camera, 'photos': photos, 'drawn': drawn,
           'generated': generated}


def make_source(options, work, frames):
    wanted = 'photo' if options.photo else options.source
    for name, make in SOURCES.items():
        if wanted in ('auto', name):
            source = make(work, frames, options)
            if source is not None:
                return name, source
    raise Failure(f'no {wanted} here')


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


def find_effect(work, wanted):
    """nails, or tint where it is wanted, or there is nothing better."""
    if wanted == 'tint':
        return 'tint'
    folder = pathlib.Path(os.environ.get('TRYON_MODELS', ''))
    missing = [name for name in MODELS if not (folder / name).is_file()]
    words = f'the hand models {" and ".join(missing)} are not in {folder}'
    if not missing:
        works, words = run_line(
            work, 'probe', 'videotestsrc num-buffers=1 ! tryonnails ! fakesink',
            60)
        if works:
            return 'nails'
        words = words.strip()[-500:]
    if wanted == 'nails':
        raise Failure(f'tryonnails does not work here: {words}')
    bar = '*' * 78
    print(f'{bar}\n** NO NAILS ARE DRESSED IN WHAT FOLLOWS: {words}.\n'
          '** tools/fetch-models gets the models, with npm. Until then the AI '
          'service\n** only tints frames, to show how they travel.\n'
          f'{bar}', flush=True)
    return 'tint'


def start_service(work, pipelines, options, port):
    values = {}
    if options.effect == 'nails':
        values = {**DESIGN, 'interval': '100'}
        if options.reference:
            values = {'interval': '100', 'shape': 'almond', 'length': '0.2',
                      'reference': options.reference.resolve()}
        values.update(pair.split('=', 1) for pair in options.set)
    name = f'ai-{options.effect}'
    service = Pipeline(work, name, port=port, **values)
    pipelines.append(service)
    service.wait_listening(port)
    say(f'AI service: pipelines/{name}.launch at port {port} '
        + ' '.join(f'{key}={value}' for key, value in values.items()
                   if key != 'interval'))
    return service


def stream(work, pipelines, source, options):
    """Runs the three; returns the client, the gateway and the service."""
    seconds = options.seconds
    ai_port, gateway_port = free_ports(2)
    service = start_service(work, pipelines, options, ai_port)
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
    return client, gateway, service


def compare(sent, answered):
    """How far two pictures are apart: the mean of what pixels moved by, of their
    range, and the part of them that moved far."""
    with Image.open(sent) as before, Image.open(answered) as after:
        if before.size != after.size:
            raise Failure(f'a frame of {before.size} came back as '
                          f'{after.size}')
        difference = ImageChops.difference(
            before.convert('RGB'), after.convert('RGB'))
    mean = sum(ImageStat.Stat(difference).mean) / 3 / 255
    strongest = ImageChops.lighter(
        ImageChops.lighter(*difference.split()[:2]), difference.split()[2])
    far = sum(strongest.histogram()[COVERED:])
    return mean, far / (strongest.width * strongest.height)


def keep_pictures(processed, effect):
    """Writes the same frame, before and after, of (sent, answered) pairs, that in
    which most is to be seen; returns how far the two are apart."""
    some = processed[len(processed) // 4::max(1, len(processed) // 16)]
    compared = [(compare(*pair), pair) for pair in some]
    measure = 0 if effect == 'tint' else 1
    differences, (sent, answered) = max(
        compared, key=lambda found: found[0][measure])
    OUTPUT.mkdir(exist_ok=True)
    shutil.copyfile(sent, OUTPUT / 'before.webp')
    shutil.copyfile(answered, OUTPUT / 'after.webp')
    return differences[measure]


def keep_recording(work, processed):
    """Before and after side by side, as it moved. Words on it."""
    for number, (sent, answered) in enumerate(processed):
        os.symlink(sent, work / f'left-{number:05}.webp')
        os.symlink(answered, work / f'right-{number:05}.webp')
    path = OUTPUT / 'recording.webm'

    def branch(side, pad):
        return (f'multifilesrc location={work}/{side}-%05d.webp '
                f'stop-index={len(processed) - 1} '
                f'caps=image/webp,framerate={FPS}/1 ! tryonwebpdec '
                f'! queue ! mix.sink_{pad} ')
    line = (f'compositor name=mix sink_1::xpos={SIZE[0]} '
            '! videoconvert ! vp8enc deadline=1 cpu-used=8 threads=2 '
            f'target-bitrate=2500000 ! webmmux ! filesink location={path} '
            + branch('left', 0) + branch('right', 1))
    made, words = run_line(work, 'recording', line, 120, '-q')
    if not made or not path.stat().st_size:
        raise Failure(f'no recording: {words[-1000:]}')
    return (f'{len(processed) / FPS:.0f} s, before and after side by side, '
            f'{path.stat().st_size / 1e6:.1f} MB')


def describe_nails(service):
    """Words on what the AI service found, and what it took, by its messages."""
    found = element_messages(service.text(), 'tryon-nails')
    dressed = [message for message in found if message['nails']]
    if not dressed:
        return None

    def mean(field):
        values = [message[field] for message in dressed if message[field]]
        return sum(values) / len(values) / 1e6 if values else 0
    nails = sum(message['nails'] for message in dressed) / len(dressed)
    times = ', '.join(f'{words} {mean(field):.1f}' for words, field in (
        ('hands', 'landmarks-time'), ('nails', 'nails-time'),
        ('drawing', 'drawing-time')))
    return (f'{nails:.1f} in {len(dressed) / len(found):.0%} of the frames '
            f'looked at; ms a frame: {times}')


def report(work, client, gateway, service, options):
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
    changed = keep_pictures(processed, options.effect)
    recording = keep_recording(work, processed)
    nails = describe_nails(service) if options.effect == 'nails' else None
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
        'demo/after.webp': 'the same frame as it came back: ' + (
            f'its pixels moved by {changed:.0%}' if options.effect == 'tint'
            else f'{changed:.1%} of its pixels are new'),
        'demo/recording.webm': recording,
    }
    if options.effect == 'nails':
        rows['nails'] = nails or 'none were found'
    print()
    for name, words in rows.items():
        print(f'  {name:<20} {words}')
    print()
    check_effect(options, changed, nails)


def check_effect(options, changed, nails):
    if options.effect == 'tint':
        if changed < 0.02:
            raise Failure('the frame came back without the effect')
    elif nails is None and options.shown in ('camera', 'photo'):
        say('no nails were seen: show the back of a hand, as large as the picture, '
            'with its fingers spread')
    elif (nails is None or changed < 0.001) and options.shown != 'generated':
        raise Failure('the hand came back with its nails as they were')


HOW_TO_GO_ON = '''Go on with your own camera and screen, in three terminals:

  tools/launch pipelines/ai-nails.launch pattern=french color=0xfff0c0b8 shape=almond length=0.4
  tools/launch pipelines/gateway.launch
  tools/launch pipelines/client.launch

pipelines/ai-nails.launch says what else can be set; pipelines/ai-tint.launch is an
effect of stock parts, to put your own in its place. `meson devenv -C build` is a shell
in which gst-launch-1.0 and gst-inspect-1.0 know the elements.'''


def parse_options():
    parser = argparse.ArgumentParser(prog='tools/demo')
    parser.add_argument('--seconds', type=int, default=10,
                        help='how long to stream (default: 10)')
    parser.add_argument('--source', choices=['auto', *list(SOURCES)[1:]],
                        default='auto', help='where frames come from')
    parser.add_argument('--photo', type=pathlib.Path, metavar='FILE',
                        help='a photograph of a hand, which then moves')
    parser.add_argument('--reference', type=pathlib.Path, metavar='FILE',
                        help='a picture of the design, on nails or as a swatch')
    parser.add_argument('--set', action='append', default=[],
                        metavar='NAME=VALUE',
                        help='a value of pipelines/ai-nails.launch')
    parser.add_argument('--effect', choices=['auto', 'nails', 'tint'],
                        default='auto', help='auto: nails, if that is possible')
    options = parser.parse_args()
    if options.seconds < 2:
        parser.error('--seconds must be at least 2')
    for path in (options.photo, options.reference):
        if path is not None and not path.is_file():
            parser.error(f'there is no {path}')
    if not all('=' in pair for pair in options.set):
        parser.error('--set takes NAME=VALUE')
    return options


def main():
    options = parse_options()

    # Ends as by Ctrl-C, so that no process stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pipelines = []
    with tempfile.TemporaryDirectory(prefix='tryon-demo-') as work:
        work = pathlib.Path(work)
        try:
            options.effect = find_effect(work, options.effect)
            options.shown, source = make_source(
                options, work, options.seconds * FPS)
            ends = stream(work, pipelines, source, options)
            report(work, *ends, options)
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
