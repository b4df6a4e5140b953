# SPDX-License-Identifier: LGPL-2.1-or-later
"""Photographs and the masks of their nails; which of them belong together."""
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

# A smaller patch of a mask is dirt: JPEG artifacts, a stray brush.
MIN_NAIL_PIXELS = 30


class Nail:
    """A nail of a photograph: `pixels` x and y of those it covers."""

    def __init__(self, mask):
        self.mask = mask
        y, x = np.nonzero(mask)
        self.pixels = np.stack([x, y], 1) + 0.5
        self.area = len(x)
        self.centre = self.pixels.mean(0)


class Photo:
    def __init__(self, name, image, nails):
        self.name = name
        self.image = image  # height x width x 3, uint8
        self.nails = nails
        self.covered = np.any([nail.mask for nail in nails], 0) if nails \
            else np.zeros(image.shape[:2], bool)


def components(mask):
    """The connected patches of a boolean mask, as masks; largest first."""
    height, width = mask.shape
    parent, runs, above = [], [], []

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for y in range(height):
        edges = np.flatnonzero(np.diff(np.pad(mask[y].astype(np.int8), 1)))
        here = []
        for first, end in zip(edges[::2], edges[1::2]):
            label = len(parent)
            parent.append(label)
            for other_first, other_end, other in above:
                # Corners that touch count, too.
                if other_first <= end and first <= other_end:
                    parent[root(other)] = root(label)
            here.append((first, end, label))
            runs.append((y, first, end, label))
        above = here
    patches = {}
    for y, first, end, label in runs:
        patch = patches.setdefault(root(label), np.zeros_like(mask))
        patch[y, first:end] = True
    return sorted(patches.values(), key=lambda patch: -patch.sum())


def nails_of(mask):
    return [Nail(patch) for patch in components(mask)
            if patch.sum() >= MIN_NAIL_PIXELS]


def read_masks(folder):
    """images/NAME.jpg and labels/NAME.jpg: white where a nail is. Both are JPEG,
    hence the threshold."""
    photos = []
    for path in sorted((Path(folder) / 'images').iterdir()):
        label = Path(folder) / 'labels' / path.name
        if not label.exists():
            raise FileNotFoundError(f'{path} has no mask: {label} is missing')
        image = np.array(Image.open(path).convert('RGB'))
        mask = np.array(Image.open(label).convert('L')) >= 128
        if mask.shape != image.shape[:2]:
            raise ValueError(f'{label} has not the size of its photograph')
        photos.append(Photo(path.name, image, nails_of(mask)))
    return photos


def read_yolo(folder):
    """images/NAME.jpg and labels/NAME.txt: a line for each nail, with its class and
    the corners of its outline, x and y as parts of the width and height."""
    photos = []
    for path in sorted((Path(folder) / 'images').iterdir()):
        label = Path(folder) / 'labels' / (path.stem + '.txt')
        image = Image.open(path).convert('RGB')
        nails = []
        for line in label.read_text().splitlines() if label.exists() else []:
            numbers = [float(word) for word in line.split()[1:]]
            if len(numbers) < 6:  # a box only
                continue
            mask = Image.new('1', image.size)
            ImageDraw.Draw(mask).polygon(
                [(x * image.width, y * image.height)
                 for x, y in zip(numbers[::2], numbers[1::2])], fill=1)
            nail = Nail(np.array(mask))
            if nail.area >= MIN_NAIL_PIXELS:
                nails.append(nail)
        photos.append(Photo(path.name, np.array(image), nails))
    return photos


def difference_hash(image):
    """128 bits: whether a pixel is lighter than its neighbour, at 8 x 8."""
    grey = Image.fromarray(image).convert('L')
    across = np.array(grey.resize((9, 8), Image.BILINEAR)).astype(int)
    down = np.array(grey.resize((8, 9), Image.BILINEAR)).astype(int)
    return np.concatenate([(across[:, 1:] > across[:, :-1]).ravel(),
                           (down[1:] > down[:-1]).ravel()])


def look(photo):
    """Two colours: the nails' and their surroundings' (skin), as logarithms."""
    nails = photo.covered
    grown = np.array(Image.fromarray(nails).convert('L').resize(
        (nails.shape[1] // 8, nails.shape[0] // 8), Image.BOX).resize(
        (nails.shape[1], nails.shape[0]), Image.BILINEAR)) > 8
    colours = [np.median(photo.image[mask], 0)
               for mask in (nails, grown & ~nails) if mask.any()]
    return np.log(np.concatenate(colours) + 8)


def series(photos):
    """Which series each photograph belongs to: the same picture again, or pictures
    of one size that show the same hand (nails and skin of about the same colours).
    They must not be on both sides of a cross-validation."""
    hashes = [difference_hash(photo.image) for photo in photos]
    mirrored = [difference_hash(photo.image[:, ::-1]) for photo in photos]
    looks = [look(photo) for photo in photos]
    group = list(range(len(photos)))
    for i, photo in enumerate(photos):
        for j in range(i):
            same = min((hashes[i] != hashes[j]).sum(),
                       (mirrored[i] != hashes[j]).sum()) <= 22
            if sorted(photo.image.shape) == sorted(photos[j].image.shape):
                same |= len(looks[i]) == len(looks[j]) and \
                    np.abs(looks[i] - looks[j]).max() < 0.45
            if same:
                old, new = group[i], group[j]
                group = [new if g == old else g for g in group]
    return group


def folds(photos, count, seed=0):
    """The fold of each photograph, 0 to count - 1: whole series, the largest
    first, each into the fold that is emptiest (by nails)."""
    group = series(photos)
    members = {}
    for index, g in enumerate(group):
        members.setdefault(g, []).append(index)
    order = np.random.default_rng(seed).permutation(sorted(members))
    weight = {g: sum(len(photos[i].nails) for i in members[g]) for g in members}
    filled, fold = [0] * count, [0] * len(photos)
    for g in sorted(order, key=lambda g: -weight[g]):
        emptiest = filled.index(min(filled))
        filled[emptiest] += weight[g]
        for index in members[g]:
            fold[index] = emptiest
    return fold
