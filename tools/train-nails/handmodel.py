# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs MediaPipe's hand models in torch, and finds the hands of a picture.

The models are .tflite files (tools/fetch-models gets them). They use a dozen
operators, all of which torch has; their files are FlatBuffers, which are read by
hand here (the field numbers are those of TensorFlow Lite's schema.fbs). It shares
no code with the plugin, so that each can be checked against the other.
"""
import math
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from geometry import Region, region_affine, sample

# Operators, as numbered in schema.fbs.
ADD, CONCATENATION, CONV_2D, DEPTHWISE_CONV_2D = 0, 2, 3, 4
DEQUANTIZE, FULLY_CONNECTED, LOGISTIC, MAX_POOL_2D = 6, 9, 14, 17
RESHAPE, RESIZE_BILINEAR, PAD, MEAN, PRELU = 22, 23, 34, 40, 54

DTYPES = {0: torch.float32, 1: torch.float16, 2: torch.int32}
ACTIVATIONS = {0: lambda x: x, 1: F.relu, 3: F.relu6}


class Table:
    """A table of a FlatBuffer: fields by number, absent ones by their default."""

    def __init__(self, data, place):
        self.data = data
        self.place = place

    def _field(self, number):
        vtable = self.place - struct.unpack_from('<i', self.data, self.place)[0]
        size = struct.unpack_from('<H', self.data, vtable)[0]
        if 4 + 2 * number >= size:
            return None
        offset = struct.unpack_from('<H', self.data, vtable + 4 + 2 * number)[0]
        return self.place + offset if offset else None

    def scalar(self, number, format, default=0):
        place = self._field(number)
        if place is None:
            return default
        return struct.unpack_from('<' + format, self.data, place)[0]

    def table(self, number):
        place = self._field(number)
        return None if place is None else Table(self.data, self._follow(place))

    def _follow(self, place):
        return place + struct.unpack_from('<I', self.data, place)[0]

    def _vector(self, number):
        place = self._field(number)
        if place is None:
            return 0, 0
        start = self._follow(place)
        return struct.unpack_from('<I', self.data, start)[0], start + 4

    def tables(self, number):
        count, start = self._vector(number)
        return [Table(self.data, self._follow(start + 4 * i))
                for i in range(count)]

    def ints(self, number):
        count, start = self._vector(number)
        return list(struct.unpack_from(f'<{count}i', self.data, start))

    def bytes(self, number):
        count, start = self._vector(number)
        return self.data[start:start + count]


def same_padding(size, kernel, stride):
    """TensorFlow's SAME: the odd pixel is at the end."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class TfliteModel:
    def __init__(self, path):
        data = Path(path).read_bytes()
        if data[4:8] != b'TFL3':
            raise ValueError(f'{path} is no .tflite file')
        model = Table(data, struct.unpack_from('<I', data)[0])
        self.codes = [max(code.scalar(0, 'b'), code.scalar(3, 'i'))
                      for code in model.tables(1)]
        buffers = model.tables(4)
        graph = model.tables(2)[0]
        self.shapes, self.constants = [], {}
        for index, tensor in enumerate(graph.tables(0)):
            shape = tensor.ints(0)
            self.shapes.append(shape)
            content = buffers[tensor.scalar(2, 'I')].bytes(0)
            if content:
                dtype = DTYPES[tensor.scalar(1, 'b')]
                value = torch.frombuffer(bytearray(content), dtype=dtype)
                self.constants[index] = value.reshape(shape)
        self.inputs, self.outputs = graph.ints(1), graph.ints(2)
        self.operators = [
            (self.codes[op.scalar(0, 'I')], op.ints(1), op.ints(2)[0],
             op.table(4)) for op in graph.tables(3)]

    @torch.no_grad()
    def run(self, image):
        """image: N x H x W x 3, 0..1. Returns the outputs, in the file's order."""
        values = dict(self.constants)
        values[self.inputs[0]] = image
        for code, inputs, output, options in self.operators:
            arguments = [values[i] if i >= 0 else None for i in inputs]
            values[output] = self._operator(
                code, arguments, self.shapes[output], options)
        return [values[i] for i in self.outputs]

    def _operator(self, code, x, shape, options):
        if code in (CONV_2D, DEPTHWISE_CONV_2D):
            return self._convolution(code == DEPTHWISE_CONV_2D, x, options)
        if code == ADD:
            return ACTIVATIONS[options.scalar(0, 'b')](x[0] + x[1])
        if code == PRELU:
            return torch.where(x[0] >= 0, x[0], x[0] * x[1])
        if code == DEQUANTIZE:
            return x[0].float()
        if code == MAX_POOL_2D:
            return self._max_pool(x[0], options)
        if code == PAD:
            # torch wants the last dimension first.
            pairs = x[1].flip(0).flatten().tolist()
            return F.pad(x[0], pairs)
        if code == RESIZE_BILINEAR:
            big = F.interpolate(x[0].permute(0, 3, 1, 2), size=shape[1:3],
                                mode='bilinear',
                                align_corners=bool(options.scalar(2, 'b')))
            return big.permute(0, 2, 3, 1)
        if code == CONCATENATION:
            return torch.cat(x, options.scalar(0, 'i'))
        if code == RESHAPE:
            return x[0].reshape([len(x[0])] + shape[1:])
        if code == MEAN:
            return x[0].mean(x[1].tolist())
        if code == FULLY_CONNECTED:
            y = F.linear(x[0].flatten(1), x[1], x[2])
            return ACTIVATIONS[options.scalar(0, 'b')](y)
        if code == LOGISTIC:
            return torch.sigmoid(x[0])
        raise ValueError(f'operator {code} is not known here')

    @staticmethod
    def _pad(x, options, kernel, stride, value=0.0):
        if options.scalar(0, 'b') == 1:  # VALID
            return x
        height = same_padding(x.shape[2], kernel[0], stride[0])
        width = same_padding(x.shape[3], kernel[1], stride[1])
        return F.pad(x, width + height, value=value)

    def _convolution(self, depthwise, x, options):
        image, weight, bias = x
        stride = options.scalar(2, 'i', 1), options.scalar(1, 'i', 1)
        kernel = weight.shape[1:3]
        # To channels first; TensorFlow has a depthwise one's channels last.
        weight = weight.permute(3, 0, 1, 2) if depthwise \
            else weight.permute(0, 3, 1, 2)
        image = self._pad(image.permute(0, 3, 1, 2), options, kernel, stride)
        y = F.conv2d(image, weight, bias, stride,
                     groups=image.shape[1] if depthwise else 1)
        activation = options.scalar(4 if depthwise else 3, 'b')
        return ACTIVATIONS[activation](y).permute(0, 2, 3, 1)

    def _max_pool(self, x, options):
        stride = options.scalar(2, 'i', 1), options.scalar(1, 'i', 1)
        kernel = options.scalar(4, 'i', 1), options.scalar(3, 'i', 1)
        x = self._pad(x.permute(0, 3, 1, 2), options, kernel, stride, -math.inf)
        return F.max_pool2d(x, kernel, stride).permute(0, 2, 3, 1)


PALM_SIZE, HAND_SIZE = 192, 224
# Sides of the palm detector's input, in sides of the picture: for hands that fill it
# to small ones. As the plugin has them.
VIEWS = [2.8, 2, 1]
# Landmarks that a hand's next region is made of: wrist, and the lower joints.
REGION_LANDMARKS = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]


def palm_anchors():
    """Centres of the 2016 anchors: 24 x 24 with 2 each, 12 x 12 with 6 each."""
    anchors = []
    for grid, each in ((24, 2), (12, 6)):
        for y in range(grid):
            for x in range(grid):
                anchors += [((x + 0.5) / grid, (y + 0.5) / grid)] * each
    return torch.tensor(anchors)


def overlap(a, b):
    """Intersection over union of boxes (centre x, y, width, height)."""
    low = torch.maximum(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = torch.minimum(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    common = (high - low).clamp(min=0).prod(-1)
    return common / (a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - common)


def turned(angle):
    """To -pi..pi."""
    return angle - 2 * math.pi * math.floor((angle + math.pi) / (2 * math.pi))


def region_from_palm(palm):
    """palm: box (x, y, w, h), then 7 points. MediaPipe's
    PalmDetectionDetectionToRoi: from the wrist to the middle finger is up; the
    square is 2.6 times the palm, moved half of it towards the fingers."""
    x, y, w, h = palm[:4].tolist()
    wrist, middle = palm[4:6], palm[8:10]
    angle = turned(math.pi / 2 - math.atan2(float(wrist[1] - middle[1]),
                                            float(middle[0] - wrist[0])))
    return Region(x + math.sin(angle) * 0.5 * h, y - math.cos(angle) * 0.5 * h,
                  2.6 * max(w, h), angle)


def region_from_landmarks(points):
    """points: 21 x 2. MediaPipe's HandLandmarkLandmarksToRoi."""
    wrist = points[0]
    middle = ((points[6] + points[14]) / 2 + points[10]) / 2
    angle = turned(math.pi / 2 - math.atan2(float(wrist[1] - middle[1]),
                                            float(middle[0] - wrist[0])))
    c, s = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[c, s], [-s, c]])
    box = points[REGION_LANDMARKS] @ turn.T
    low, high = box.min(0).values, box.max(0).values
    size = high - low
    centre = (low + high) / 2
    centre[1] -= 0.1 * size[1]
    centre = turn.T @ centre
    return Region(float(centre[0]), float(centre[1]), 2 * float(size.max()), angle)


class HandFinder:
    """The palms of a picture in each view, then the landmarks of each hand: once in
    the region that the palm gives, then in the one that the landmarks themselves
    give, as in the frames of a video that follow."""

    def __init__(self, folder, model='full'):
        folder = Path(folder)
        self.palm = TfliteModel(folder / f'palm_detection_{model}.tflite')
        self.hand = TfliteModel(folder / f'hand_landmark_{model}.tflite')
        self.anchors = palm_anchors()

    def palms(self, image, view=1, threshold=0.4):
        """image: H x W x 3, 0..1; view: one of VIEWS. Returns [(score, box and 7
        points)] in pixels."""
        height, width = image.shape[:2]
        size = view * max(height, width)
        region = Region(width / 2, height / 2, size, 0)
        boxes, scores = self.palm.run(
            sample(image, region_affine(region, PALM_SIZE), PALM_SIZE)[None])
        boxes, scores = boxes[0], torch.sigmoid(scores[0, :, 0])
        boxes = boxes / PALM_SIZE
        boxes[:, :2] += self.anchors
        boxes[:, 4:] += self.anchors.repeat(1, 7)
        boxes *= size
        corner = torch.tensor([(width - size) / 2, (height - size) / 2])
        boxes[:, :2] += corner
        boxes[:, 4:] += corner.repeat(7)

        keep = scores >= threshold
        boxes, scores = boxes[keep], scores[keep]
        order = scores.argsort(descending=True)
        boxes, scores = boxes[order], scores[order]
        palms = []
        while len(boxes):
            # MediaPipe's weighted suppression: all that overlap the best are averaged.
            same = overlap(boxes[0, :4], boxes[:, :4]) > 0.3
            same[0] = True
            weight = scores[same, None]
            palms.append((float(scores[0]),
                          (boxes[same] * weight).sum(0) / weight.sum()))
            boxes, scores = boxes[~same], scores[~same]
        return palms

    def landmarks(self, image, regions):
        """Returns for each region: 21 x 3 points in the picture's pixels, presence,
        handedness."""
        hands = []
        for start in range(0, len(regions), 16):
            some = regions[start:start + 16]
            affines = [region_affine(region, HAND_SIZE) for region in some]
            batch = torch.stack([sample(image, a, HAND_SIZE) for a in affines])
            points, presence, handedness, _ = self.hand.run(batch)
            for i, (region, affine) in enumerate(zip(some, affines)):
                crop = points[i].reshape(21, 3)
                places = crop[:, :2] @ affine[:, :2].T + affine[:, 2]
                depth = crop[:, 2:] * region.size / HAND_SIZE
                hands.append((torch.cat([places, depth], 1), float(presence[i]),
                              float(handedness[i])))
        return hands

    def hands(self, image, count=2, presence=0.5, passes=2):
        """Landmarks of up to `count` hands: for each the list of its passes."""
        hands = []
        palms = [palm for view in VIEWS
                 for _, palm in self.palms(image, view)[:count]]
        for palm in palms:
            if len(hands) == count:
                break
            region, found = region_from_palm(palm), []
            for _ in range(passes):
                points, present, _ = self.landmarks(image, [region])[0]
                if present < presence:
                    break
                found.append(points)
                region = region_from_landmarks(points[:, :2])
            # Two palms may lead to the same hand.
            if len(found) == passes and not any(
                    (found[-1] - other[-1])[:, :2].norm(dim=1).mean()
                    < 0.1 * region.size for other in hands):
                hands.append(found)
        return hands


def main():
    """handmodel.py FOLDER MODEL PICTURE: prints the hands' landmarks, for comparison
    with the plugin's."""
    folder, model, picture = sys.argv[1:]
    image = torch.from_numpy(np.array(Image.open(picture).convert('RGB'))) / 255
    for passes in HandFinder(folder, model).hands(image):
        print(' '.join(f'{x:.2f},{y:.2f}' for x, y, _ in passes[-1].tolist()))


if __name__ == '__main__':
    main()
