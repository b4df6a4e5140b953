# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes of stored crops what a camera may show: other hands, nails, places, light
and cameras. On whole batches; from torch's random numbers.

Images are N x 3 x H x W, 0..1; masks N x 1 x H x W.
"""
import math

import torch
import torch.nn.functional as F

from crops import WIDE
from geometry import CROP

# Skin from light to dark (the Monk scale, sRGB).
SKIN_TONES = torch.tensor([
    [0xf6, 0xed, 0xe4], [0xf3, 0xe7, 0xdb], [0xf7, 0xea, 0xd0],
    [0xea, 0xda, 0xba], [0xd7, 0xbd, 0x96], [0xa0, 0x7e, 0x56],
    [0x82, 0x5c, 0x43], [0x60, 0x41, 0x34], [0x3a, 0x31, 0x2a],
    [0x29, 0x24, 0x20]]) / 255

LUMINANCE = torch.tensor([0.299, 0.587, 0.114])[None, :, None, None]


def one(n, low, high, channels=1):
    """A number for each crop, evenly spread."""
    return low + (high - low) * torch.rand(n, channels, 1, 1)


def normal(n, deviation, channels=1):
    return deviation * torch.randn(n, channels, 1, 1)


def some(n, part):
    """1 for about this part of the crops, 0 for the others."""
    return (torch.rand(n, 1, 1, 1) < part).float()


def mix(a, b, part):
    return a + (b - a) * part


def smooth_noise(n, channels, cells, size=CROP):
    """A field that changes slowly, about -2 to 2."""
    return F.interpolate(torch.randn(n, channels, cells, cells), size=size,
                         mode='bilinear', align_corners=False)


def luminance(image):
    return (image * LUMINANCE).sum(1, keepdim=True)


def grown(mask, pixels):
    side = 2 * pixels + 1
    rows = F.max_pool2d(mask, (1, side), 1, (0, pixels))
    return F.max_pool2d(rows, (side, 1), 1, (pixels, 0))


def softened(image, pixels=1):
    return F.avg_pool2d(F.pad(image, [pixels] * 4, mode='replicate'),
                        2 * pixels + 1, 1)


def mean_in(image, mask):
    return (image * mask).sum((2, 3), keepdim=True) \
        / mask.sum((2, 3), keepdim=True).clamp(min=1e-3)


def places(n=1):
    """x and y of a crop's pixels, -1 to 1."""
    line = (torch.arange(CROP) + 0.5) / CROP * 2 - 1
    y, x = torch.meshgrid(line, line, indexing='ij')
    return x[None, None], y[None, None]


def across(nail):
    """Of stored crops: where the finger's middle is and half its width, from its
    nail's columns (a nail's half angle on the finger is about 50 degrees); typical
    ones where there is none. In halves of what the network sees."""
    columns = nail.float().sum((1, 2))
    total = columns.sum(1, keepdim=True)
    x = ((torch.arange(nail.shape[3]) + 0.5) / nail.shape[3] * 2 - 1)[None] * WIDE
    middle = (columns * x).sum(1, keepdim=True) / total.clamp(min=1)
    spread = (columns * (x - middle) ** 2).sum(1, keepdim=True) / total.clamp(min=1)
    there = total > 0
    return (torch.where(there, middle, torch.zeros(1)),
            torch.where(there, 2.4 * spread.sqrt(), torch.tensor(0.42)))


def rolled(x, middle, radius, angle):
    """The finger as a cylinder that is turned around its own axis, so that its nail
    is seen from the side: where a pixel's content comes from."""
    place = (x - middle) / radius
    turned = torch.asin(place.clamp(-1, 1)) - angle
    return torch.where(place.abs() < 1,
                       middle + radius * torch.sin(turned.clamp(-1.4, 1.4)), x)


def geometry(layers, is_thumb):
    """Turns, scales, moves and mirrors, as landmarks scatter (those of thumbs most);
    bends a little, and shows some from the side. Returns the layers at the network's
    size, and the way up in each."""
    n = len(layers)
    wild = 1 + some(n, 0.2)[:, 0, 0, 0]  # landmarks that are rather off
    angle = 0.17 * wild * torch.randn(n)
    scale = torch.exp(0.13 * wild * torch.randn(n))
    stretch = torch.exp(0.08 * wild * torch.randn(n))
    move = 0.09 * (wild + is_thumb)[:, None] * torch.randn(n, 2)
    mirror = (torch.rand(n) < 0.5).float() * 2 - 1
    c, s = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack([
        torch.stack([c * mirror * stretch, -s / stretch], 1),
        torch.stack([s * mirror * stretch, c / stretch], 1)], 1)
    x, y = places()
    grid = torch.stack([x, y], -1).reshape(1, -1, 2).expand(n, -1, -1)
    bend = smooth_noise(n, 2, 4) * one(n, 0, 0.05)
    grid = grid @ matrix.transpose(1, 2) + move[:, None]
    grid = grid.reshape(n, CROP, CROP, 2) + bend.permute(0, 2, 3, 1)
    middle, radius = across(layers[:, 3:4])
    side = (torch.rand(n) < 0.25 + 0.25 * is_thumb).float()
    angle = (side * (2.3 * torch.rand(n) - 1.15))[:, None, None]
    radius = radius * torch.exp(0.1 * torch.randn(n, 1))
    grid = torch.stack([rolled(grid[..., 0], middle[..., None], radius[..., None],
                               angle), grid[..., 1]], -1)
    sampled = F.grid_sample(layers, grid / WIDE, align_corners=False)
    up = torch.linalg.solve(matrix, torch.tensor([0.0, -1]).expand(n, 2))
    return sampled, up / up.norm(dim=1, keepdim=True)


class NailFrame:
    """Places in the nail's own frame: v from -1 (its root) to 1 (its free edge), w
    across."""

    def __init__(self, mask, up):
        x, y = places()
        area = mask.sum((2, 3), keepdim=True).clamp(min=1)
        ux, uy = up[:, 0, None, None, None], up[:, 1, None, None, None]
        cx = (x * mask).sum((2, 3), keepdim=True) / area
        cy = (y * mask).sum((2, 3), keepdim=True) / area
        v = (x - cx) * ux + (y - cy) * uy
        w = (y - cy) * ux - (x - cx) * uy
        # An ellipse's half axis is twice its standard deviation, a box's 1.7.
        self.v = v / (1.85 * ((v * v * mask).sum((2, 3), keepdim=True)
                              / area).sqrt().clamp(min=0.05))
        self.w = w / (1.85 * ((w * w * mask).sum((2, 3), keepdim=True)
                              / area).sqrt().clamp(min=0.05))


def skin_colour(image, nails, frame):
    """Beside and below the nail, or of the finger where there is none."""
    x, y = places()
    ring = (grown(nails, 5) - grown(nails, 2)) * (frame.v < 0.3)
    finger = ((x.abs() < 0.25) & (y > 0) & (y < 0.7)).float() * (1 - nails)
    there = (nails.sum((2, 3), keepdim=True) > 20).float()
    return mean_in(image, mix(finger, ring, there)).clamp(0.04, 1)


def skin_likeness(image, colour):
    """1 for pixels of the skin's colour, 0 for others: by hue more than by light."""
    def chroma(c):
        return c / (c.sum(1, keepdim=True) + 0.05)
    hue = (chroma(image) - chroma(colour)).pow(2).sum(1, keepdim=True) / 0.05 ** 2
    light = ((luminance(image) + 0.05) / (luminance(colour) + 0.05)).log()
    return torch.exp(-hue - (light / 0.7) ** 2)


def other_skin(image, nails, skin):
    """Another skin tone: the ratio of two of the scale, on what looks like skin or
    on all."""
    n = len(image)
    light = (luminance(skin).flatten() * 1.15).clamp(0, 1)
    tones = luminance(SKIN_TONES[:, :, None, None]).flatten()
    # As if the photograph showed a light skin, as nearly all do.
    here = (tones[None] - light[:, None]).abs()[:, :6].argmin(1).clamp(min=2)
    there = torch.rand(n) * (len(SKIN_TONES) - 1)
    low = there.long()
    target = mix(SKIN_TONES[low], SKIN_TONES[low + 1], (there - low)[:, None])
    gain = (target / SKIN_TONES[here])[:, :, None, None] ** one(n, 0.6, 1.0)
    gain = gain.clamp(0.2, 1.6)
    where = mix(skin_likeness(image, skin).sqrt(), torch.ones(1), some(n, 0.4))
    change = some(n, 0.4)
    where = where * (1 - softened(nails)) * change
    return image * mix(torch.ones(1), gain, where), mix(skin, skin * gain, change)


def polish(n):
    """A colour: any, a common polish, or a grey."""
    hue, saturation, value = torch.rand(n, 1), torch.rand(n, 1), torch.rand(n, 1)
    common = (torch.rand(n, 1) < 0.4).float()
    hue = mix(hue, (0.97 + 0.08 * torch.randn(n, 1)) % 1, common)
    value = mix(0.1 + 0.9 * value ** 0.6, 0.3 + 0.7 * value, common)
    saturation = saturation * (torch.rand(n, 1) > 0.15)
    k = (torch.tensor([5.0, 3, 1]) + 6 * hue) % 6
    rgb = value - value * saturation * torch.minimum(
        k, 4 - k).clamp(0, 1)
    return rgb[:, :, None, None]


def natural(frame, skin, n):
    """An unpainted nail: near the skin's colour, but pinker and lighter, the darker
    the skin the more; with a lighter free edge and, mostly hidden, the lunula."""
    light = (luminance(skin) / 0.6).clamp(0.3, 1.2)
    pink = torch.tensor([0.86, 0.64, 0.60])[None, :, None, None] * light
    pink = pink * torch.exp(normal(n, 0.06, 3))
    bed = mix(skin, pink, one(n, 0.1, 0.8)) * torch.exp(normal(n, 0.1))
    start = one(n, 0.35, 1.1) - one(n, 0, 0.35) * frame.w ** 2
    edge = torch.sigmoid((frame.v - start) / one(n, 0.03, 0.12))
    white = torch.tensor([0.95, 0.91, 0.86])[None, :, None, None] \
        * (light * one(n, 0.75, 1.1))
    colour = mix(bed, white, edge * one(n, 0.2, 1.0))
    lunula = torch.exp(-((frame.v + 0.95) / 0.35) ** 2 - (frame.w / 0.5) ** 2)
    return colour + lunula * one(n, 0, 0.12) * some(n, 0.5)


def painted(frame, skin, n):
    """Polish: plain, French, ombre, striped, dotted or marbled."""
    light = (luminance(skin) / 0.55).clamp(0.35, 1.15)
    first, second = polish(n), polish(n)
    french = some(n, 0.2)
    nude = skin * torch.exp(normal(n, 0.12, 3))
    first = mix(first, nude, french * some(n, 0.8))
    second = mix(second, one(n, 0.8, 1.0).expand(n, 3, 1, 1), french * some(n, 0.8))
    tip = torch.sigmoid(
        (frame.v - one(n, 0.1, 0.8) + one(n, -0.2, 0.5) * frame.w ** 2)
        / one(n, 0.02, 0.06))
    slope = (frame.v * one(n, 0.5, 1) + 0.5).clamp(0, 1)
    turn = one(n, 0, math.pi)
    wave = torch.sin((frame.v * turn.sin() + frame.w * turn.cos())
                     * one(n, 3, 14) + one(n, 0, 6))
    cross = torch.sin((frame.v * turn.cos() - frame.w * turn.sin())
                      * one(n, 3, 14) + one(n, 0, 6))
    stripes = torch.sigmoid(8 * (wave + one(n, -0.8, 0.5)))
    dots = torch.sigmoid(8 * (wave * cross - one(n, 0.1, 0.6)))
    marble = torch.sigmoid(6 * smooth_noise(n, 1, 12))
    kinds = torch.stack([tip, slope, stripes, dots, marble])
    choice = torch.randint(len(kinds), (n,))
    choice[french.flatten() > 0] = 0
    part = kinds[choice, torch.arange(n)]
    plain = some(n, 0.65) * (1 - french)
    colour = mix(first, second, part * (1 - plain)) * light
    glitter = torch.randn(n, 1, CROP, CROP) * one(n, 0, 0.4) * some(n, 0.15)
    return colour * torch.exp(glitter)


def other_nails(image, nails, frame, skin):
    """Nails in another colour, with the light that lies on them and new highlights;
    about a third stays as it is."""
    n = len(image)
    grey = luminance(image)
    shade = (grey + 0.03) / (mean_in(grey, nails) + 0.03)
    shade = shade.clamp(0.3, 3) ** one(n, 0.2, 1.0)
    colour = mix(painted(frame, skin, n), natural(frame, skin, n), some(n, 0.4))
    colour = colour * shade.clamp(max=1.25)
    # Round: darker at the sides.
    colour = colour * (1 - one(n, 0, 0.3) * frame.w ** 2).clamp(min=0.3)
    colour = colour + (shade - 1.25).clamp(0, 1) * one(n, 0, 0.5)
    for _ in range(2):
        glow = torch.exp(
            -((frame.w - one(n, -0.6, 0.6)) / one(n, 0.06, 0.4)) ** 2
            - ((frame.v - one(n, -0.5, 0.6)) / one(n, 0.1, 0.8)) ** 2)
        colour = colour + glow * one(n, 0, 0.7) * some(n, 0.4)
    rim = nails * (1 - softened(nails))
    colour = colour * (1 - one(n, -0.2, 0.5) * rim)
    # A little beyond the mask, which may leave a rim of the old colour.
    area = mix(nails, grown(nails, 1), some(n, 0.5))
    area = mix(area, softened(area), one(n, 0, 1))
    return mix(image, colour.clamp(0, 1), area * some(n, 0.68))


def clutter(image):
    """What else may be there: other crops' content, or noise around a colour."""
    n = len(image)
    other = image.roll(int(torch.randint(1, n, (1,))), 0).flip(2)
    other = other * torch.exp(normal(n, 0.3)) * torch.exp(normal(n, 0.15, 3))
    plain = one(n, 0, 1) + normal(n, 0.1, 3) + smooth_noise(n, 3, 3) * one(n, 0, 0.2)
    plain = plain + smooth_noise(n, 1, 24) * one(n, 0, 0.15)
    return mix(other, plain, some(n, 0.5)).clamp(0, 1)


def other_background(image, nails, skin):
    """Replaces what has not the skin's colour and is no nail."""
    n = len(image)
    behind = (1 - skin_likeness(image, skin)) * (1 - grown(nails, 3))
    behind = (softened(behind, 2) * 2 - 0.7).clamp(0, 1) * some(n, 0.3)
    return mix(image, clutter(image), behind)


def occlusion(image, mask):
    """Something in front: cut off by a straight edge, or a blob."""
    n = len(image)
    x, y = places()
    turn = one(n, 0, 2 * math.pi)
    away = x * turn.cos() + y * turn.sin()
    edge = away - one(n, 0.05, 0.9)
    blob = one(n, 0.1, 0.35) - ((x - one(n, -0.8, 0.8)) ** 2
                                + (y - one(n, -0.8, 0.8)) ** 2).sqrt()
    front = (mix(edge, blob, some(n, 0.5)) * 32).clamp(0, 1) * some(n, 0.12)
    return mix(image, clutter(image), front), mask * (1 - front)


def other_light(image):
    n = len(image)
    x, y = places()
    image = image.clamp(1e-3, 1) ** torch.exp(normal(n, 0.18))
    image = image * torch.exp(normal(n, 0.22) + normal(n, 0.09, 3))
    slow = smooth_noise(n, 1, 3) * one(n, 0, 0.25) \
        + smooth_noise(n, 3, 2) * one(n, 0, 0.06)
    image = image * torch.exp(slow)
    turn = one(n, 0, 2 * math.pi)
    shadow = torch.sigmoid((x * turn.cos() + y * turn.sin() - one(n, -0.7, 0.7))
                           / one(n, 0.01, 0.3))
    image = image * (1 - shadow * one(n, 0.1, 0.6) * some(n, 0.2))
    middle = image.mean((2, 3), keepdim=True)
    image = mix(middle, image, torch.exp(normal(n, 0.18)))
    return mix(luminance(image), image, torch.exp(normal(n, 0.2))).clamp(0, 1)


def blur(image):
    """Out of focus or moved: a kernel of 9 x 9 for each crop."""
    n = len(image)
    line = torch.arange(-4, 5.0)
    y, x = torch.meshgrid(line, line, indexing='ij')
    turn = one(n, 0, math.pi)
    along = x * turn.cos() + y * turn.sin()
    across = y * turn.cos() - x * turn.sin()
    wide = one(n, 0.4, 1.3)
    long = mix(wide, one(n, 0.5, 3.0), some(n, 0.5))
    kernel = torch.exp(-(along / long) ** 2 / 2 - (across / wide) ** 2 / 2)
    kernel = kernel / kernel.sum((2, 3), keepdim=True)
    padded = F.pad(image, [4] * 4, mode='replicate')
    blurred = F.conv2d(padded.reshape(1, n * 3, *padded.shape[2:]),
                       kernel.repeat_interleave(3, 0), groups=n * 3)
    return blurred.reshape(n, 3, CROP, CROP)


def coarse(image):
    """From a hand that is small in the frame."""
    size = int(torch.randint(14, 56, (1,)))
    small = F.interpolate(image, size=size, mode='bilinear', antialias=True,
                          align_corners=False)
    if torch.rand(1) < 0.4:
        small = compressed(small)
    return F.interpolate(small, size=CROP, mode='bilinear', align_corners=False)


def cosines():
    """The 64 patterns of 8 x 8 pixels that JPEG is made of, and how coarse each may
    become."""
    k = torch.arange(8.0)
    wave = torch.cos(math.pi * (k[None] + 0.5) * k[:, None] / 8) / 2
    wave[0] /= math.sqrt(2)
    patterns = wave[:, None, :, None] * wave[None, :, None, :]
    steps = 0.02 + 0.012 * (k[:, None] + k[None])
    return patterns.reshape(64, 1, 8, 8), steps.reshape(1, 1, 64, 1, 1)


PATTERNS, STEPS = cosines()


def compressed(image):
    """Coarse cosines in blocks of 8 x 8, as JPEG and WebP leave them; colours are
    coarser."""
    n, _, height, width = image.shape
    padded = F.pad(image, [0, -width % 8, 0, -height % 8], mode='replicate')
    light = luminance(padded)
    parts = torch.cat([light, padded[:, 0:1] - light, padded[:, 2:3] - light], 1)
    spectrum = F.conv2d(parts.flatten(0, 1)[:, None], PATTERNS, stride=8)
    coarseness = torch.tensor([1.0, 2.2, 2.2])[None, :, None, None, None]
    step = STEPS * coarseness * torch.exp(one(n, -1.0, 1.6))[..., None]
    step = step.expand(n, 3, 64, 1, 1).flatten(0, 1)
    parts = F.conv_transpose2d((spectrum / step).round() * step, PATTERNS, stride=8)
    parts = parts.reshape(n, 3, *padded.shape[2:])[..., :height, :width]
    light = parts[:, 0:1]
    red, blue = parts[:, 1:2] + light, parts[:, 2:3] + light
    green = (light - 0.299 * red - 0.114 * blue) / 0.587
    return torch.cat([red, green, blue], 1)


def of_some(change, image, part):
    """Changes about this part of the crops, without work for the others."""
    chosen = torch.rand(len(image)).argsort()[:round(part * len(image))]
    image = image.clone()
    image[chosen] = change(image[chosen])
    return image


def camera(image):
    n = len(image)
    image = of_some(coarse, of_some(blur, image, 0.4), 0.4)
    image = image + torch.randn_like(image) * one(n, 0, 0.05) * some(n, 0.5) \
        + smooth_noise(n, 3, 32) * one(n, 0, 0.04) * some(n, 0.3)
    return of_some(compressed, image, 0.3).clamp(0, 1)


def augmented(image, nail, others, is_thumb):
    """Of stored crops (uint8; is_thumb: 1 for thumbs, 0 for others): the network's
    inputs, the nails in their middle, and how much a pixel counts."""
    layers = torch.cat([image, nail, others], 1).float() / 255
    layers, up = geometry(layers, is_thumb)
    image, nail, others = layers[:, :3], layers[:, 3:4], layers[:, 4:]
    nails = (nail + others).clamp(max=1)
    frame = NailFrame(nail, up)
    skin = skin_colour(image, nails, frame)
    image = other_background(image, nails, skin)
    image, skin = other_skin(image, nails, skin)
    image = other_nails(image, nails, frame, skin)
    image, nail = occlusion(image, nail)
    image = camera(other_light(image))
    # Which of two neighbours is meant may be unclear: their nails count half.
    return image, nail, 1 - 0.5 * others
