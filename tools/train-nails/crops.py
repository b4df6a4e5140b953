# SPDX-License-Identifier: LGPL-2.1-or-later
"""Crops around fingertips, made of photographs: as at run time, but wider and
finer, so that training can turn, scale and move them.

Where no palm is found in a photograph, its hand is searched for again with the
masks' help; nails that are still without a finger get crops by their own centre and
axis.
"""
import math
from collections import namedtuple

import numpy as np
import torch
from PIL import Image

from geometry import (CROP, JOINTS, MARGIN, TIPS, Region, fingertip_region,
                      hand_scale, region_affine, sample)
from handmodel import region_from_landmarks

WIDE = 2.0  # a stored crop's side, as a multiple of what the network sees
STORED = int(CROP * WIDE)

# What a crop is of.
LANDMARKS, MASK = 'landmarks', 'mask'  # a nail, found by
BARE, PAINTED_OVER = 'bare', 'painted over'  # a fingertip that shows none
ELSEWHERE = 'elsewhere'

# A fingertip of a hand: `nail` is None where its finger shows none. `found`: as at
# run time, without the masks' help. `points`: the hand's landmarks.
Tip = namedtuple('Tip', 'photo finger region nail found points')

# A crop to train on: image STORED x STORED x 3 (uint8), nail: how much of a pixel
# belongs to the nail in the middle (uint8), others: to other nails. `finger` is None
# when it is not known.
Crop = namedtuple('Crop', 'photo kind finger image nail others')


def match(points, nails):
    """{finger: nail}: nearest pairs first; a nail's centre is at most 1.1 times
    the length of the fingertip from the tip."""
    pairs = []
    scale = hand_scale(points)
    for finger, (tip, joint) in enumerate(zip(TIPS, JOINTS)):
        length = max(float((points[tip] - points[joint]).norm()), 0.22 * scale)
        for index, nail in enumerate(nails):
            away = np.linalg.norm(nail.centre - points[tip].numpy()) / length
            if away < 1.1:
                pairs.append((away, finger, index))
    matched = {}
    for _, finger, index in sorted(pairs):
        if finger not in matched and index not in matched.values():
            matched[finger] = index
    return matched


def in_reach(region, size):
    """Whether a fingertip is in the picture and large enough to see anything."""
    height, width = size
    return 0 <= region.x < width and 0 <= region.y < height \
        and region.size > 2 * MARGIN * 5


def search_hands(finder, image, nails):
    """Landmarks of hands where palm detection found none: the landmark model is
    tried in many squares, and what has most nails at its fingertips is kept."""
    height, width = image.shape[:2]
    regions = [Region(x * width, y * height, size * max(height, width),
                      math.radians(angle))
               for size in (0.7, 1.1, 1.7) for angle in range(0, 360, 45)
               for x, y in ((0.5, 0.5), (0.3, 0.4), (0.7, 0.4), (0.3, 0.7),
                            (0.7, 0.7))]
    hands = finder.landmarks(image, regions)
    # What a video's next frames would make of them.
    for _ in range(2):
        hands = finder.landmarks(image, [
            region_from_landmarks(points[:, :2])
            for points, presence, _ in hands if presence >= 0.5])
    scores = [(_nails_score(points[:, :2], nails), points[:, :2])
              for points, presence, _ in hands if presence >= 0.5]
    score, points = max(scores, key=lambda pair: pair[0], default=(0, None))
    return [points] if score > 1.5 else []


def _nails_score(points, nails):
    """How many nails are at fingertips; less for those that are off."""
    score = 0
    for finger, index in match(points, nails).items():
        length = fingertip_region(points, finger).size / 2 / MARGIN
        away = np.linalg.norm(nails[index].centre - points[TIPS[finger]].numpy())
        score += max(0, 1 - away / length / 0.6)
    return score


def find_tips(finder, photos):
    """[Tip] of all photographs, and for each its nails that belong to no tip."""
    tips, rest = [], []
    for number, photo in enumerate(photos):
        image = torch.from_numpy(photo.image).float() / 255
        hands = [passes[-1][:, :2] for passes in finder.hands(image)]
        found = bool(hands)
        if not found and photo.nails:
            hands = search_hands(finder, image, photo.nails)
        left = list(range(len(photo.nails)))
        for points in hands:
            matched = match(points, [photo.nails[i] for i in left])
            matched = {finger: left[i] for finger, i in matched.items()}
            for finger in range(5):
                region = fingertip_region(points, finger)
                nail = matched.get(finger)
                if in_reach(region, photo.image.shape[:2]):
                    tips.append(Tip(number, finger, region, nail, found,
                                    points))
                    if nail is not None:
                        left.remove(nail)
        rest.append(left)
    return tips, rest


def axis_of(nail):
    """The nail's longer axis, its length along it, and how clear it is (length
    over width)."""
    values, vectors = np.linalg.eigh(np.cov((nail.pixels - nail.centre).T))
    along = (nail.pixels - nail.centre) @ vectors[:, 1]
    return vectors[:, 1], along.max() - along.min(), math.sqrt(values[1] / values[0])


def in_tip(tip, nail):
    """Where a nail is in its tip's crop: sideways, up (parts of the fingertip's
    length), its axis' turn (radians), and the logarithm of its length (the same)."""
    length = tip.region.size / 2 / MARGIN
    c, s = math.cos(tip.region.angle), math.sin(tip.region.angle)
    away = (nail.centre - np.array([tip.region.x, tip.region.y])) / length
    axis, nail_length, _ = axis_of(nail)
    turn = math.atan2(axis[0], -axis[1]) - tip.region.angle
    turn = (turn + math.pi / 2) % math.pi - math.pi / 2
    return (away[0] * c + away[1] * s, away[0] * s - away[1] * c, turn,
            math.log(nail_length / length))


def scatter(tips, photos):
    """Of in_tip() over all: median, and half the range of the middle 68 %."""
    places = np.array([in_tip(tip, photos[tip.photo].nails[tip.nail])
                       for tip in tips if tip.nail is not None])
    low, middle, high = np.percentile(places, [16, 50, 84], 0)
    return middle, (high - low) / 2


def upward(photo, nail, axis, length):
    """Which of +axis and -axis leads from the nail away from the finger: beyond the
    other end its skin goes on, of the colour that is beside the nail."""
    image = photo.image.astype(float)
    height, width = image.shape[:2]
    across = np.array([-axis[1], axis[0]])

    def colours(directions, distances):
        places = [nail.centre + d * length * direction
                  for direction in directions for d in distances]
        inside = [image[int(y), int(x)] for x, y in places
                  if 0 <= x < width and 0 <= y < height]
        return np.array(inside).reshape(-1, 3)

    skin = np.median(colours([across, -across, axis, -axis], [0.65, 0.75]), 0)
    off = []
    for direction in (axis, -axis):
        beyond = colours([direction], [0.7, 0.9, 1.1, 1.3, 1.5])
        off.append(np.abs(beyond - skin).mean() if len(beyond) else 255)
    return axis if off[0] >= off[1] else -axis


def region_of_nail(photo, nail, middle):
    """The square that its fingertip would have, by the median of `scatter`."""
    axis, length, _ = axis_of(nail)
    axis = upward(photo, nail, axis, length)
    tip_length = length / math.exp(middle[3])
    angle = math.atan2(axis[0], -axis[1]) - middle[2]
    c, s = math.cos(angle), math.sin(angle)
    x = nail.centre[0] - tip_length * (middle[0] * c + middle[1] * s)
    y = nail.centre[1] - tip_length * (middle[0] * s - middle[1] * c)
    return Region(x, y, 2 * MARGIN * tip_length, angle)


def cut(photo, region, n, nail=None):
    """The n x n crop and its masks. Where the picture is finer than the crop, each
    pixel is made of several (a camera's own scaler does no less)."""
    finer = max(1, min(8, math.ceil(region.size / n)))
    affine = region_affine(region, n * finer)
    middle = np.zeros(photo.image.shape[:2], bool) if nail is None \
        else photo.nails[nail].mask
    layers = np.concatenate([photo.image, 255 * np.stack(
        [middle, photo.covered & ~middle], 2).astype(np.uint8)], 2)
    crop = sample(torch.from_numpy(layers), affine, n * finer)
    crop = crop.reshape(n, finer, n, finer, 5).mean((1, 3))
    crop = crop.round().byte().numpy()
    return crop[..., :3], crop[..., 3], crop[..., 4]


def wide(region):
    return region._replace(size=region.size * WIDE)


def without_nail(crop, rng):
    """The crop with its nails painted over by the skin around them, with some
    texture: what the palm side of a finger is like."""
    covered = np.maximum(crop.nail, crop.others) > 10
    covered = np.array(Image.fromarray(covered).convert('L').resize(
        (STORED // 2, STORED // 2), Image.BOX).resize(
        (STORED, STORED), Image.BILINEAR)) > 0
    weight = torch.from_numpy(~covered).float()[None, None]
    image = torch.from_numpy(crop.image).permute(2, 0, 1)[None].float() / 255
    # From coarse to fine: what is unknown comes from the level above.
    levels = [(image * weight, weight)]
    while levels[-1][0].shape[-1] > 2:
        levels.append(tuple(torch.nn.functional.avg_pool2d(x, 2)
                            for x in levels[-1]))
    filled = levels[-1][0] / levels[-1][1].clamp(min=1e-3)
    for colour, known in reversed(levels[:-1]):
        up = torch.nn.functional.interpolate(
            filled, scale_factor=2, mode='bilinear', align_corners=False)
        filled = colour + (1 - known) * up
    ridges = torch.from_numpy(
        rng.normal(0, 1, (1, 1, STORED // 2, STORED // 2))).float()
    ridges = torch.nn.functional.interpolate(ridges, scale_factor=2, mode='bilinear',
                                             align_corners=False)
    filled = filled + (1 - weight) * ridges * rng.uniform(0, 0.03)
    image = (filled[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
    nothing = np.zeros_like(crop.nail)
    return crop._replace(kind=PAINTED_OVER, image=image, nail=nothing, others=nothing)


def elsewhere(photos, number, typical, rng):
    """A square of a photograph that no nail is in the middle of: skin, or what is
    behind."""
    photo = photos[number]
    height, width = photo.image.shape[:2]
    for _ in range(20):
        region = Region(rng.uniform(0, width), rng.uniform(0, height),
                        typical * math.exp(rng.normal(0, 0.4)),
                        rng.uniform(-math.pi, math.pi))
        near = [np.linalg.norm(nail.centre - [region.x, region.y])
                for nail in photo.nails]
        if not near or min(near) > 0.45 * region.size:
            break
    return Crop(number, ELSEWHERE, None, *cut(photo, wide(region), STORED))


def make_crops(photos, tips, rest, rng, negatives=2):
    """All crops to train on. `negatives`: crops of elsewhere for each photograph
    and nail of it, 0.1 times."""
    middle, _ = scatter(tips, photos) if any(t.nail is not None for t in tips) \
        else (np.array([0, 0, 0, math.log(0.77)]), None)
    crops, sizes = [], {}
    for tip in tips:
        kind = LANDMARKS if tip.nail is not None else BARE
        crops.append(Crop(tip.photo, kind, tip.finger, *cut(
            photos[tip.photo], wide(tip.region), STORED, tip.nail)))
        sizes.setdefault(tip.photo, []).append(tip.region.size)
    for number, left in enumerate(rest):
        for index in left:
            region = region_of_nail(photos[number], photos[number].nails[index],
                                    middle)
            crops.append(Crop(number, MASK, None, *cut(
                photos[number], wide(region), STORED, index)))
            sizes.setdefault(number, []).append(region.size)
    crops += [without_nail(crop, rng) for crop in list(crops) if crop.nail.any()]
    for number, photo in enumerate(photos):
        typical = float(np.median(sizes.get(number, [max(photo.image.shape) / 6])))
        for _ in range(negatives + len(photo.nails) // 3):
            crops.append(elsewhere(photos, number, typical, rng))
    return crops
