# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network: a small U-Net of depthwise convolutions, and its file.

64 x 64 RGB goes in; 32 x 32, 16 x 16 and 8 x 8 are its levels; of the finest level's
four numbers each, the 64 x 64 logits are made. plugins/nails/gsttryonnailnet.c builds
the same; TOPOLOGY changes whenever something here does.
"""
import hashlib
import struct

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

TOPOLOGY = 1
MAGIC = b'TRYONNET'
VERSION = 1
FINE, MIDDLE, COARSE = 24, 48, 80  # channels of the levels


class Convolution(nn.Sequential):
    """With batch normalization and ReLU."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, groups=1):
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2,
                      groups=groups, bias=False),
            nn.BatchNorm2d(outputs), nn.ReLU())


class Separable(nn.Sequential):
    """Each channel by itself, then across the channels."""

    def __init__(self, inputs, outputs, kernel=3, stride=1):
        super().__init__(
            Convolution(inputs, inputs, kernel, stride, inputs),
            Convolution(inputs, outputs))


class NailNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Convolution(3, 16, 3, 2)
        self.fine = Separable(16, FINE)
        self.to_middle = Separable(FINE, MIDDLE, stride=2)
        self.middle = Separable(MIDDLE, MIDDLE)
        self.to_coarse = Separable(MIDDLE, COARSE, stride=2)
        self.coarse = nn.ModuleList(
            [Separable(COARSE, COARSE, 5) for _ in range(3)])
        self.from_coarse = Convolution(COARSE, MIDDLE)
        self.middle_again = Separable(MIDDLE, MIDDLE)
        self.from_middle = Convolution(MIDDLE, FINE)
        self.fine_again = Separable(FINE, FINE)
        self.last = nn.Conv2d(FINE, 4, 1)

    def forward(self, image):
        """image: N x 3 x 64 x 64, 0..1. Returns logits, N x 1 x 64 x 64."""
        fine = self.fine(self.first(image))
        middle = self.middle(self.to_middle(fine))
        x = self.to_coarse(middle)
        for block in self.coarse:
            x = x + block(x)
        x = self.middle_again(twice(self.from_coarse(x)) + middle)
        x = self.fine_again(twice(self.from_middle(x)) + fine)
        return F.pixel_shuffle(self.last(x), 2)


def twice(x):
    return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)


def folded(convolution):
    """Weight and bias with the batch normalization in them."""
    weight, norm = convolution[0].weight, convolution[1]
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return (weight * factor[:, None, None, None],
            norm.bias - norm.running_mean * factor)


@torch.no_grad()
def values(net):
    """All weights in the order of use, each convolution's before its bias: output,
    height, width, input for a convolution across channels, height, width, channel
    for a depthwise one (as XNNPACK wants them)."""
    parts = []
    layers = [m for m in net.modules() if isinstance(m, Convolution)]
    for weight, bias in [folded(layer) for layer in layers] \
            + [(net.last.weight, net.last.bias)]:
        if weight.shape[1] == 1:
            parts.append(weight[:, 0].permute(1, 2, 0))
        else:
            parts.append(weight.permute(0, 2, 3, 1))
        parts.append(bias)
    return np.concatenate([part.reshape(-1).numpy() for part in parts])


def write(net, path):
    """Little-endian: magic, version and topology (16 bits each), count (32 bits),
    SHA-256 of what follows; the values as half precision."""
    halves = values(net).astype('<f2')
    if not np.isfinite(halves).all():
        raise ValueError('the weights are too large for half precision')
    body = halves.tobytes()
    header = MAGIC + struct.pack('<HHI', VERSION, TOPOLOGY, len(halves))
    path.write_bytes(header + hashlib.sha256(body).digest() + body)


class PlainNet:
    """The network of a file, without training's parts: what the plugin must be
    equal to."""

    def __init__(self, path):
        data = path.read_bytes()
        version, topology, count = struct.unpack_from('<HHI', data, 8)
        body = data[48:]
        if data[:8] != MAGIC or version != VERSION or topology != TOPOLOGY \
                or len(body) != 2 * count \
                or hashlib.sha256(body).digest() != data[16:48]:
            raise ValueError(f'{path} holds no weights of this network')
        self.values = torch.from_numpy(
            np.frombuffer(body, '<f2').astype(np.float32))

    def __call__(self, image):
        """As NailNet's forward()."""
        place = 0

        def take(*shape):
            nonlocal place
            count = int(np.prod(shape))
            part = self.values[place:place + count].reshape(shape)
            place += count
            return part

        def convolution(x, outputs, kernel=1, stride=1, relu=True):
            weight = take(outputs, kernel, kernel, x.shape[1])
            x = F.conv2d(x, weight.permute(0, 3, 1, 2), take(outputs), stride,
                         kernel // 2)
            return F.relu(x) if relu else x

        def separable(x, outputs, kernel=3, stride=1):
            channels = x.shape[1]
            weight = take(kernel, kernel, channels).permute(2, 0, 1)[:, None]
            x = F.relu(F.conv2d(x, weight, take(channels), stride, kernel // 2,
                                groups=channels))
            return convolution(x, outputs)

        fine = separable(convolution(image, 16, 3, 2), FINE)
        middle = separable(separable(fine, MIDDLE, stride=2), MIDDLE)
        x = separable(middle, COARSE, stride=2)
        for _ in range(3):
            x = x + separable(x, COARSE, 5)
        x = separable(twice(convolution(x, MIDDLE)) + middle, MIDDLE)
        x = separable(twice(convolution(x, FINE)) + fine, FINE)
        logits = F.pixel_shuffle(convolution(x, 4, relu=False), 2)
        assert place == len(self.values)
        return logits
