# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hand models as we run them beside the same ones in LiteRT, TensorFlow
Lite's successor: its own reader of the files, and another build of everything
(npm package @litertjs/core, WebAssembly, in node)."""

import array
import functools
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

from PIL import Image, ImageOps

import case
import pictures

# Both of just these versions: their inner interface is what litert.mjs uses.
VERSION = '2.5.3'
PACKAGES = [f'@litertjs/core@{VERSION}', f'@litertjs/wasm-utils@{VERSION}']
# The landmark models' outputs are pixels, up to 224.
TOLERANCE = 1e-3
# name: (side of the input, floats of each output)
MODELS = {
    'palm_detection_lite': (192, (2016 * 18, 2016)),
    'palm_detection_full': (192, (2016 * 18, 2016)),
    'hand_landmark_lite': (224, (63, 1, 1, 63)),
    'hand_landmark_full': (224, (63, 1, 1, 63)),
}


def skip(why):
    case.progress(f'SKIPPED: {why}')
    sys.exit(77)


@functools.lru_cache(maxsize=None)
def find_model(name):
    """As the element does; None where it is not."""
    found = subprocess.run(
        [os.environ['TRYON_NETDUMP'], f'{name}.tflite'], check=False,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return pathlib.Path(found.stdout.strip()) if found.returncode == 0 else None


def install_packages():
    """Their folder; it stays in the build folder."""
    cache = pathlib.Path(os.environ['TRYON_NPM'])
    folder = cache / f'litert-{VERSION}'
    if folder.is_dir():
        return folder / 'node_modules'
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        done = subprocess.run(
            ['npm', 'install', '--prefix', f'{work}/new', '--ignore-scripts',
             '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1',
             '--fetch-timeout=20000', *PACKAGES],
            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=100)
        if done.returncode != 0:
            skip(f'npm cannot get {" ".join(PACKAGES)}: '
                 + ' '.join(done.stdout.split())[:300])
        # Whole or not at all.
        os.rename(f'{work}/new', folder)
    return folder / 'node_modules'


def noise(side):
    rnd = random.Random(side)
    return array.array('f', (rnd.random() for _ in range(3 * side * side)))


def photograph(side):
    """The middle of the first photograph; None where there is none."""
    found = pictures.photographs()
    if not found:
        return None
    with Image.open(found[0]) as image:
        square = ImageOps.fit(image.convert('RGB'), (side, side))
    return array.array('f', (value / 255 for value in square.tobytes()))


def run(command, folder):
    """The model's outputs, as a program writes them to a folder."""
    folder.mkdir()
    done = subprocess.run(
        [*map(str, command), str(folder)], check=False, timeout=60,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f'{command[0]} failed: {done.stdout[-2000:]}')
    outputs = []
    for n in range(len(list(folder.iterdir()))):
        values = array.array('f')
        values.frombytes((folder / f'{n}.f32').read_bytes())
        outputs.append(values)
    return outputs


class LiteRt(unittest.TestCase):
    def compare(self, name, what, data):
        side, sizes = MODELS[name]
        model = find_model(name)
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            source = work / 'input.f32'
            source.write_bytes(data.tobytes())
            ours = run([os.environ['TRYON_NETDUMP'], model, source],
                       work / 'ours')
            theirs = run(['node', pathlib.Path(__file__).with_suffix('.mjs'),
                          install_packages(), model, source, side],
                         work / 'theirs')
        self.assertEqual(tuple(map(len, ours)), sizes)
        self.assertEqual(tuple(map(len, theirs)), sizes)
        for n, (a, b) in enumerate(zip(ours, theirs)):
            difference = max(abs(x - y) for x, y in zip(a, b))
            largest = max(map(abs, b))
            case.progress(f'{name}, {what}, output {n}: {difference:.2g} apart '
                          f'at most, of values up to {largest:.3g}')
            # Not so for what is no number.
            self.assertTrue(difference <= TOLERANCE, (n, difference))

    def check(self, name):
        side, _ = MODELS[name]
        self.compare(name, 'noise', noise(side))
        image = photograph(side)
        if image is None:
            case.progress('SKIPPED: no photographs (TRYON_PHOTOS); noise only')
        else:
            self.compare(name, 'photograph', image)

    def test_palm_lite(self):
        self.check('palm_detection_lite')

    def test_palm_full(self):
        self.check('palm_detection_full')

    def test_landmark_lite(self):
        self.check('hand_landmark_lite')

    def test_landmark_full(self):
        self.check('hand_landmark_full')


def main():
    if 'TRYON_NETDUMP' not in os.environ:
        skip('built without XNNPACK')
    for program in 'node', 'npm':
        if shutil.which(program) is None:
            skip(f'{program} is not there')
    for name in MODELS:
        if find_model(name) is None:
            skip(f'{name}.tflite is not there; tools/fetch-models gets it')
    install_packages()
    unittest.main()


if __name__ == '__main__':
    main()
