# SPDX-License-Identifier: LGPL-2.1-or-later
"""Squares of a picture, turned and scaled, and where a fingertip's is."""
import math
from collections import namedtuple

import torch
import torch.nn.functional as F

# Centre, side, and angle (clockwise; 0: upright) of a square, in pixels.
Region = namedtuple('Region', 'x y size angle')

CROP = 64  # the network's input
MARGIN = 1.15  # half a crop's side, as a multiple of the fingertip's length
# Landmarks of each finger, thumb first: the tip, and the joint before it.
TIPS = [4, 8, 12, 16, 20]
JOINTS = [3, 7, 11, 15, 19]
THUMB = 0
FINGERS = ['thumb', 'index', 'middle', 'ring', 'little']


def region_affine(region, n):
    """2 x 3: from a place in the n x n crop to one in the picture (pixels; the
    middle of the first is 0.5, 0.5)."""
    k = region.size / n
    c, s = k * math.cos(region.angle), k * math.sin(region.angle)
    return torch.tensor([
        [c, -s, region.x - n / 2 * (c - s)],
        [s, c, region.y - n / 2 * (s + c)]], dtype=torch.float32)


def sample(image, affine, n):
    """The n x n crop of an H x W x C picture: bilinear, black outside."""
    height, width = image.shape[:2]
    corners = torch.tensor([[0, 0, 1], [n, 0, 1], [0, n, 1], [n, n, 1.0]])
    corners = corners @ affine.T
    # Only what the crop needs is made float.
    left, top = (corners.min(0).values - 2).long().clamp(min=0).tolist()
    right, bottom = (corners.max(0).values + 2).long().clamp(min=0).tolist()
    left, top = min(left, width - 1), min(top, height - 1)
    part = image[top:max(bottom, top + 1), left:max(right, left + 1)].float()
    middle = torch.arange(n) + 0.5
    y, x = torch.meshgrid(middle, middle, indexing='ij')
    places = torch.stack([x, y, torch.ones_like(x)], -1) @ affine.T
    grid = (places - torch.tensor([left, top])) \
        / torch.tensor([part.shape[1], part.shape[0]]) * 2 - 1
    crop = F.grid_sample(part.permute(2, 0, 1)[None], grid[None],
                         align_corners=False)
    return crop[0].permute(1, 2, 0)


def hand_scale(points):
    """points: 21 x 2. A length that stays when the hand turns or bends."""
    return max(float((points[0] - points[9]).norm()),
               1.2 * float((points[5] - points[17]).norm()))


def fingertip_region(points, finger):
    """The square around a fingertip that the network sees: up is where the finger
    points to."""
    tip, joint = points[TIPS[finger]], points[JOINTS[finger]]
    up = tip - joint
    length = max(float(up.norm()), 0.22 * hand_scale(points))
    return Region(float(tip[0]), float(tip[1]), 2 * MARGIN * length,
                  math.atan2(float(up[0]), float(-up[1])))
