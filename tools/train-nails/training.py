# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the network on crops."""
import copy
import time

import numpy as np
import torch
import torch.nn.functional as F

from augment import augmented, grown
from crops import BARE, ELSEWHERE, LANDMARKS, MASK, PAINTED_OVER
from geometry import THUMB
from network import NailNet

# Of a batch: crops with a nail; real fingertips without; some with the nail painted
# over, few, since they are nearly what a pale nail is; skin and backgrounds.
PARTS = [(52, (LANDMARKS, MASK)), (3, (BARE,)), (4, (PAINTED_OVER,)),
         (5, (ELSEWHERE,))]
STOCK = 8  # batches of crops that are ready
PEAK_RATE = 4e-3
WEIGHT_DECAY = 2e-3
KEEP = 0.995  # of the averaged weights, at each step


def reproducible(seed):
    """One thread and no operator that is not deterministic: the same weights for
    the same torch on the same kind of processor (others round differently)."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


class Sampler:
    """Draws batches. Each photograph's crops count by the square root of their
    number, so that none with many dominates; thumbs, which look less alike, twice."""

    def __init__(self, crops):
        def layer(values):
            return torch.from_numpy(np.stack(values))
        self.image = layer([c.image for c in crops]).permute(0, 3, 1, 2)
        self.nail = layer([c.nail for c in crops])[:, None]
        self.others = layer([c.others for c in crops])[:, None]
        self.is_thumb = torch.tensor([float(c.finger == THUMB) for c in crops])
        self.stock, self.drawn = None, 0
        self.groups = []
        photos = [crop.photo for crop in crops]
        for count, kinds in PARTS:
            members = [i for i, crop in enumerate(crops) if crop.kind in kinds]
            if not members:
                continue
            weight = [(2 if crops[i].finger == THUMB else 1)
                      / photos.count(photos[i]) ** 0.5 for i in members]
            self.groups.append((count, torch.tensor(members),
                                torch.tensor(weight)))

    def new_batch(self):
        chosen = torch.cat([
            members[torch.multinomial(weight, count, replacement=True)]
            for count, members, weight in self.groups])
        return augmented(self.image[chosen], self.nail[chosen],
                         self.others[chosen], self.is_thumb[chosen])

    def batch(self):
        """Every crop is used about twice, mirrored or not, in the company of others:
        to make one takes longer than to train on it."""
        if self.stock is None:
            batches = [self.new_batch() for _ in range(STOCK)]
            self.stock = [torch.cat(parts) for parts in zip(*batches)]
        elif self.drawn % 2 == 0:
            for part, new in zip(self.stock, self.new_batch()):
                place = self.drawn // 2 % STOCK * len(new)
                part[place:place + len(new)] = new
        self.drawn += 1
        chosen = torch.randperm(len(self.stock[0]))[::STOCK]
        batch = [part[chosen] for part in self.stock]
        return batch if self.drawn % 2 else [part.flip(3) for part in batch]


def loss_of(logits, nail, weight):
    """Cross-entropy, where the outline counts three times, and Dice."""
    outline = grown(nail, 1) + grown(1 - nail, 1) - 1
    weight = weight * (1 + 2 * outline.clamp(min=0))
    entropy = F.binary_cross_entropy_with_logits(logits, nail, weight)
    found = torch.sigmoid(logits)
    common = (found * nail).sum((1, 2, 3))
    both = (found + nail).sum((1, 2, 3))
    # The constant: a few pixels of a crop without nail are no great loss.
    dice = 1 - (2 * common + 20) / (both + 20)
    return entropy + 0.5 * dice.mean()


@torch.no_grad()
def average_in(average, net):
    for a, b in zip(average.parameters(), net.parameters()):
        a.lerp_(b, 1 - KEEP)


@torch.no_grad()
def settle(net, sampler, batches):
    """The batch normalizations' statistics, of these weights."""
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    net.train()
    for _ in range(batches):
        net(sampler.batch()[0])
    net.eval()


def train(crops, steps, seed, log=print):
    """Returns the network, ready to be used."""
    reproducible(seed)
    sampler = Sampler(crops)
    net = NailNet().to(memory_format=torch.channels_last)
    average = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), PEAK_RATE,
                                  weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps=steps, pct_start=0.15)
    start, total = time.monotonic(), 0
    for step in range(1, steps + 1):
        image, nail, weight = sampler.batch()
        image = image.contiguous(memory_format=torch.channels_last)
        loss = loss_of(net(image), nail, weight)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        # At first the average is only the last weights: it would lag behind.
        if step < 5 / (1 - KEEP) and step < steps / 2:
            average.load_state_dict(net.state_dict())
        else:
            average_in(average, net)
        total += loss.item()
        if step % 100 == 0 or step == steps:
            log(f'step {step}: loss {total / ((step - 1) % 100 + 1):.4f}, '
                f'{time.monotonic() - start:.0f} s')
            total = 0
    settle(average, sampler, min(40, steps))
    return average
