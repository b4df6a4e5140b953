# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drawn fingers with nails: for tests, where no photograph is at hand."""
import math

import numpy as np
from PIL import Image, ImageDraw

from photos import Photo, nails_of

SIZE = 256
FINER = 2  # drawn larger, for smooth edges


def drawn_photo(rng, name):
    """Three upright fingers before a plain background."""
    side = SIZE * FINER
    image = Image.new('RGB', (side, side), tuple(rng.integers(0, 256, 3)))
    mask = Image.new('L', (side, side))
    skin = np.array([230, 180, 150]) * rng.uniform(0.3, 1.05)
    polish = tuple(rng.integers(0, 256, 3))
    for finger in range(3):
        x = side * (0.22 + 0.28 * finger) + rng.uniform(-8, 8)
        top = side * rng.uniform(0.25, 0.4)
        wide = side * rng.uniform(0.085, 0.1)
        draw = ImageDraw.Draw(image)
        # Darker towards its sides.
        for part in np.linspace(1, 0, 12):
            colour = skin * (1 - 0.4 * part ** 2)
            draw.rounded_rectangle(
                [x - wide * part, top + wide * (1 - part), x + wide * part, side * 2],
                wide * part, fill=tuple(colour.astype(int)))
        box = [x - 0.7 * wide, top + 0.1 * wide, x + 0.7 * wide, top + 2.0 * wide]
        draw.rounded_rectangle(box, 0.6 * wide, fill=polish)
        draw.line([x - 0.2 * wide, top + 0.5 * wide, x - 0.2 * wide,
                   top + 1.4 * wide], fill=(255, 255, 255), width=3)
        ImageDraw.Draw(mask).rounded_rectangle(box, 0.6 * wide, fill=255)
    image = image.resize((SIZE, SIZE), Image.BOX)
    mask = np.array(mask.resize((SIZE, SIZE), Image.BOX)) >= 128
    return Photo(name, np.array(image), nails_of(mask))


def drawn_photos(count, seed):
    rng = np.random.default_rng(seed)
    return [drawn_photo(rng, f'drawn{i}.png') for i in range(count)]


def outline(nail, corners=24):
    """Corners of a nail's outline, around its centre."""
    away = nail.pixels - nail.centre
    turn = np.arctan2(away[:, 1], away[:, 0])
    found = []
    for angle in np.linspace(-math.pi, math.pi, corners, endpoint=False):
        near = np.abs((turn - angle + math.pi) % (2 * math.pi) - math.pi) < 0.15
        if near.any():
            far = np.linalg.norm(away[near], axis=1).argmax()
            found.append(nail.pixels[near][far])
    return found


def write_both(photos, folder):
    """As a data set of either kind: folder/masks and folder/yolo."""
    for kind in ('masks', 'yolo'):
        for part in ('images', 'labels'):
            (folder / kind / part).mkdir(parents=True)
        for photo in photos:
            path = folder / kind / 'images' / photo.name
            Image.fromarray(photo.image).save(path)
            label = folder / kind / 'labels' / photo.name
            if kind == 'masks':
                Image.fromarray(photo.covered).save(label)
                continue
            label.with_suffix('.txt').write_text(''.join(
                '0 ' + ' '.join(f'{x / SIZE:.5f} {y / SIZE:.5f}'
                                for x, y in outline(nail)) + '\n'
                for nail in photo.nails))
