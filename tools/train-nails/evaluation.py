# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the network on fingertips of photographs that it was not trained on."""
import math
from collections import namedtuple

import numpy as np
import torch

from crops import cut
from geometry import CROP, FINGERS, region_affine, sample
from photos import components

# A finger has a nail when a patch of logits over 0 has this many pixels, of 4096; a
# nail has about 300.
PRESENT = 60

# overlap: None where there is neither a nail nor a patch.
Result = namedtuple('Result', 'tip tone overlap all_pixels is_nail is_found')

TONES = [(55, 'very light'), (41, 'light'), (28, 'intermediate'), (10, 'tan'),
         (-30, 'brown'), (-90, 'dark')]
UNSEEN = 'not seen'


def lightness_and_yellow(rgb):
    """L* and b* of CIELAB (D65) of an sRGB colour, 0..1."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    z = linear @ [0.0193, 0.1192, 0.9505] / 1.0888
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (y, z)]
    return 116 * f[0] - 16, 200 * (f[0] - f[1])


def skin_tone(image, points):
    """Individual typology angle, in degrees, of the hand's median colour: between
    wrist and knuckles. NaN where none of that is in the picture."""
    height, width = image.shape[:2]
    colours = []
    for knuckle in (5, 9, 13, 17):
        for part in (0.4, 0.6, 0.8):
            x, y = (points[0] + (points[knuckle] - points[0]) * part).tolist()
            if 0 <= x < width and 0 <= y < height:
                colours.append(image[int(y), int(x)])
    if not colours:
        return math.nan
    light, yellow = lightness_and_yellow(np.median(colours, 0) / 255)
    return math.degrees(math.atan2(light - 50, yellow))


def tone_name(angle):
    return next((name for limit, name in TONES if angle > limit), UNSEEN)


def central(patches):
    """The one of at least PRESENT pixels that is nearest to the crop's middle."""
    def away(patch):
        y, x = np.nonzero(patch)
        return np.hypot(x + 0.5 - CROP / 2, y + 0.5 - CROP / 2).min(), -len(x)
    patches = [patch for patch in patches if patch.sum() >= PRESENT]
    return min(patches, key=away, default=None)


def overlap(found, truth, outside):
    """Intersection over union; `outside`: the nail's pixels beyond the crop."""
    return (found & truth).sum() / max((found | truth).sum() + outside, 1)


@torch.no_grad()
def evaluate(net, photos, tips):
    """[Result] of tips, which are cropped as at run time."""
    results = []
    for tip in tips:
        photo = photos[tip.photo]
        crop = sample(torch.from_numpy(photo.image),
                      region_affine(tip.region, CROP), CROP)
        logits = net(crop.permute(2, 0, 1)[None] / 255)[0, 0].numpy()
        found = central(components(logits > 0))
        truth = cut(photo, tip.region, CROP, tip.nail)[1] >= 128
        outside = 0
        if tip.nail is not None:
            pixel = (tip.region.size / CROP) ** 2
            outside = max(0, photo.nails[tip.nail].area / pixel - truth.sum())
        nothing = np.zeros_like(truth)
        results.append(Result(
            tip, skin_tone(photo.image, tip.points),
            overlap(nothing if found is None else found, truth, outside),
            overlap(logits > 0, truth, outside),
            tip.nail is not None, found is not None))
    return results


def row(name, results):
    nails = [r for r in results if r.is_nail]
    bare = [r for r in results if not r.is_nail]
    line = f'{name:24}{len(nails):6}'
    if nails:
        overlaps = np.array([r.overlap for r in nails])
        line += f'{overlaps.mean():7.3f}{np.median(overlaps):8.3f}' \
            f'{np.mean([r.all_pixels for r in nails]):8.3f}' \
            f'{(overlaps < 0.3).sum():8}'
    else:
        line += ' ' * 31
    return line + f'{len(bare):7}{sum(r.is_found for r in bare):7}'


def table(results):
    """Lines of text: over all, by finger, by skin tone."""
    lines = [f'{"":24}{"nails":>6}{"mean":>7}{"median":>8}{"all":>8}{"missed":>8}'
             f'{"bare":>7}{"false":>7}',
             row('found hands', [r for r in results if r.tip.found])]
    found = [r for r in results if r.tip.found]
    for finger, name in enumerate(FINGERS):
        lines.append(row('  ' + name, [r for r in found if r.tip.finger == finger]))
    for name in [name for _, name in TONES] + [UNSEEN]:
        group = [r for r in found if tone_name(r.tone) == name]
        if group:
            lines.append(row('  skin: ' + name, group))
    searched = [r for r in results if not r.tip.found]
    if searched:
        lines.append(row('other hands', searched))
    return lines
