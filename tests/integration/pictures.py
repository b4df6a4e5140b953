# SPDX-License-Identifier: LGPL-2.1-or-later
"""Camera frames to send, and the eyes that look at what comes back.

The frames are photographs panned and zoomed, so that they have a camera's
texture and size; where there are no photographs (TRYON_PHOTOS), noise over
colour gradients stands in. Each picture carries its number as a bar of black
and white cells, which survives lossy coding and a change of hue: so a test
can tell that the answer to a frame holds that very frame.
"""

import io
import math
import os
import pathlib
import random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance

MEDIA_TYPES = {'WEBP': 'image/webp', 'JPEG': 'image/jpeg', 'PNG': 'image/png'}
# The bar: a white cell, a black one, then the number, highest bit first.
CELL = 16
BITS = 8


class Picture:
    """One encoded image, and what is known of it."""

    def __init__(self, number, image, encoding='WEBP', quality=75):
        self.number = number
        self.size = image.size
        self.media_type = MEDIA_TYPES[encoding]
        self.data = encode(image, encoding, quality)
        self.colours = sample_colours(image)


def encode(image, encoding, quality=75):
    options = {'WEBP': {'quality': quality, 'method': 0},
               'JPEG': {'quality': quality},
               'PNG': {'compress_level': 1}}[encoding]
    out = io.BytesIO()
    image.save(out, encoding, **options)
    return out.getvalue()


def photographs():
    """The photographs of TRYON_PHOTOS, in a fixed order; maybe none."""
    folder = pathlib.Path(os.environ.get('TRYON_PHOTOS', 'none'))
    return sorted((folder / 'nails-cc0' / 'images').glob('*.jpg'))


def generated_scene(size, seed):
    """Noise of two grains over gradients of two hues."""
    width, height = size
    rnd = random.Random(seed)
    fine = Image.effect_noise(size, 50)
    coarse = Image.effect_noise((width // 16, height // 16), 120).resize(size)
    light = Image.blend(fine, coarse, 0.5)
    across = Image.linear_gradient('L').rotate(rnd.randrange(4) * 90)
    across = across.resize(size)
    colours = [tuple(rnd.randrange(60, 220) for _ in range(3))
               for _ in range(2)]
    scene = Image.composite(Image.new('RGB', size, colours[0]),
                            Image.new('RGB', size, colours[1]), across)
    return Image.blend(scene, Image.merge('RGB', (light,) * 3), 0.3)


def scenes(size, wanted):
    """What the camera looks at: images a little larger than `size`, and words
    that say where they are from."""
    room = (size[0] * 9 // 8, size[1] * 9 // 8)
    photos = [Image.open(path) for path in photographs()]
    if not photos:
        return ([generated_scene(room, seed) for seed in range(wanted)],
                'generated noise over gradients: no photographs in '
                'TRYON_PHOTOS')
    # The largest have most detail left when they are brought to size.
    photos.sort(key=lambda photo: photo.width * photo.height, reverse=True)
    found = []
    for photo in photos[:wanted]:
        zoom = max(room[0] / photo.width, room[1] / photo.height)
        grown = (math.ceil(photo.width * zoom), math.ceil(photo.height * zoom))
        found.append(photo.convert('RGB').resize(grown))
    for photo in photos:
        photo.close()
    return found, (f'{len(found)} photographs of {len(photos)}, panned and '
                   'zoomed')


def stamp(image, number):
    draw = ImageDraw.Draw(image)
    cells = [1, 0] + [number >> bit & 1 for bit in reversed(range(BITS))]
    for i, cell in enumerate(cells):
        draw.rectangle((i * CELL, 0, i * CELL + CELL - 1, CELL - 1),
                       fill=(255,) * 3 if cell else (0,) * 3)


def read_stamp(image):
    """The number in the picture's bar; None when there is no bar."""
    grey = image.convert('L')
    light = [grey.getpixel((i * CELL + CELL // 2, CELL // 2))
             for i in range(BITS + 2)]
    if any(64 < value < 192 for value in light):
        return None
    cells = [value > 128 for value in light]
    if cells[:2] != [True, False]:
        return None
    return sum(cell << bit for bit, cell in enumerate(reversed(cells[2:])))


def make_pictures(count, size=(640, 480), encoding='WEBP', quality=75):
    """`count` (at most 256) pictures of a moving camera, and the words that
    say what they show."""
    assert count <= 1 << BITS
    views, source = scenes(size, min(count, 6))
    # A sensor's noise, without which frames are too small for a camera's.
    grain = Image.merge('RGB', [Image.effect_noise(size, 5)] * 3)
    pictures = []
    for number in range(count):
        view = views[number * len(views) // count]
        turn = 2 * math.pi * number / 30
        zoom = 1.05 + 0.05 * math.sin(turn / 3)
        width, height = int(size[0] * zoom), int(size[1] * zoom)
        left = int((view.width - width) * (1 + math.sin(turn)) / 2)
        top = int((view.height - height) * (1 + math.cos(turn)) / 2)
        image = view.resize(size, box=(left, top, left + width, top + height))
        # Hue means little in pale colours.
        image = ImageEnhance.Color(image).enhance(1.5)
        image = ImageChops.add(image, ImageChops.offset(grain, number * 37),
                               offset=-128)
        stamp(image, number)
        pictures.append(Picture(number, image, encoding, quality))
    return pictures, source


def sample_colours(image):
    """Hue, saturation and value of a coarse grid, without the bar."""
    below = image.crop((0, CELL * 2, image.width, image.height))
    return list(below.convert('RGB').resize((24, 16), Image.BOX)
                .convert('HSV').getdata())


def hue_shift(before, after):
    """By how many degrees the hues turned, -180 to 180."""
    x = y = 0.0
    for (h1, s1, v1), (h2, s2, v2) in zip(before, after):
        weight = min(s1, s2) * min(v1, v2)
        angle = (h2 - h1) / 256 * 2 * math.pi
        x += weight * math.cos(angle)
        y += weight * math.sin(angle)
    return math.degrees(math.atan2(y, x))


def number_of(data):
    """Which picture an encoded image shows; None if none of these."""
    with Image.open(io.BytesIO(data)) as image:
        return read_stamp(image)


class Sight:
    """What is seen in an answer to `picture`. `faults` lists what is wrong
    with it whatever was done to it: that it does not decode, or has another
    size, or is another picture."""

    def __init__(self, picture, data, encoding='WEBP'):
        self.faults = []
        self.turn = None
        try:
            with Image.open(io.BytesIO(data)) as image:
                image.load()
                self.encoding = image.format
                self.size = image.size
                number = read_stamp(image)
                self.turn = hue_shift(picture.colours, sample_colours(image))
        except (OSError, ValueError, SyntaxError) as error:
            self.faults.append(f'does not decode: {error}')
            return
        if self.encoding != encoding:
            self.faults.append(f'is {self.encoding}, not {encoding}')
        if self.size != picture.size:
            self.faults.append(f'is {self.size}, sent as {picture.size}')
        if number != picture.number:
            self.faults.append(f'shows picture {number}, '
                               f'not {picture.number}')
