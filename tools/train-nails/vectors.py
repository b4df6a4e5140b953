# SPDX-License-Identifier: LGPL-2.1-or-later
"""Inputs and outputs of the network, for the plugin's test."""
import struct

import numpy as np
import torch

from crops import cut
from drawn import SIZE, drawn_photos
from geometry import CROP, Region
from network import PlainNet

STEP = 3  # of the outputs, every third pixel of every third row is kept


def write_vectors(weights, path):
    """Five crops of drawn fingers, as bytes, RGB; then the logits, as little-endian
    floats."""
    crops = []
    for photo in drawn_photos(5, seed=7):
        x, y = photo.nails[0].centre
        region = Region(float(x), float(y) - 3, SIZE * 0.35, 0.2)
        crops.append(cut(photo, region, CROP)[0])
    images = torch.from_numpy(np.stack(crops))
    with torch.no_grad():
        logits = PlainNet(weights)(images.permute(0, 3, 1, 2).float() / 255)
    kept = logits[:, 0, ::STEP, ::STEP].flatten().tolist()
    path.write_bytes(images.numpy().tobytes()
                     + struct.pack(f'<{len(kept)}f', *kept))
