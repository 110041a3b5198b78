"""The images of a job, made black and white and put in order as the library does it, to the bit."""

import numpy as np

from job import JobError
from random_streams import Jump, Random, epoch_order, next_state
from safetensors_file import read

LANES = 4096


def random_words(random, count):
    """The next `count` words of 32 bits of the stream, as one array: pieces of the stream, side by side."""
    doublings = max(0, (max(1, count) - 1) // LANES).bit_length()
    length, jump = 1 << doublings, Jump(doublings)
    starts = [(random.s0, random.s1)]
    while len(starts) < min(LANES, -(-count // length)):
        starts.append(jump(*starts[-1]))
    s0, s1 = (np.array(column, np.uint64) for column in zip(*starts))
    words = np.empty((length, len(starts)), np.uint32)
    for i in range(length):
        words[i] = (s0 + s1).astype(np.uint32)
        s0, s1 = next_state(s0, s1)
    return words.T.reshape(-1)[:count]


def binarize(pixels, rule, seed, epoch):
    """Black and white from gray (lib/data/binarize.ts): a pixel is white with its intensity p / 255 as
    probability.
    """
    if rule == "threshold":
        return (pixels >= 128).astype(np.uint8)
    random = (
        Random(seed, "binarize", "static") if rule == "static" else Random(seed, "binarize", "dynamic", epoch)
    )
    bits = (pixels == 255).astype(np.uint8)
    # Only gray pixels use up random numbers.
    gray = np.flatnonzero((pixels > 0) & (pixels < 255))
    uniform = random_words(random, len(gray)).astype(np.uint64) >> 8
    bits.reshape(-1)[gray] = uniform * 255 < pixels.reshape(-1)[gray].astype(np.uint64) << 24
    return bits


class Data:
    """Arrays [count, H, W, C] of bytes, and [count] classes where the model is told them."""

    def __init__(self, job):
        self.job = job
        tensors, _ = read(job.path("data.safetensors"))
        shape = [job.config[side] for side in ("height", "width", "channels")]
        self.arrays = {
            split: self.array(tensors, split, [job.images[split], *shape])
            for split in ("train", "validation")
        }
        self.labels = {"train": None, "validation": None}
        if job.classes:
            for split in self.labels:
                self.labels[split] = self.array(tensors, f"{split}.labels", [job.images[split]])
                self.check_below(self.labels[split], f"{split}.labels", job.classes)
        if job.levels > 2:
            self.check_below(self.arrays["train"], "train", job.levels)
        self.check_below(self.arrays["validation"], "validation", job.levels)

    def array(self, tensors, name, shape):
        where = self.job.path("data.safetensors")
        if name not in tensors:
            raise JobError(
                f"{where} has no {name}; it must hold the splits train and validation: export the job again"
            )
        tensor = tensors[name]
        if tensor.dtype != "U8" or tensor.shape != shape:
            raise JobError(
                f"{where}: {name} is {tensor.dtype} {tensor.shape}, but must be U8 {shape}; export the job"
                " again"
            )
        return np.array(np.frombuffer(tensor.data, np.uint8)).reshape(shape)

    def check_below(self, values, name, limit):
        if values.max() >= limit:
            where = self.job.path("data.safetensors")
            raise JobError(
                f"{where}: {name} must have values from 0 to {limit - 1}, got {values.max()}; export the job"
                " again"
            )

    def epoch(self, epoch):
        """The training images as this epoch, from 0, sees them, and their order."""
        recipe, images = self.job.recipe, self.arrays["train"]
        if self.job.levels == 2:
            images = binarize(images, recipe["binarization"], recipe["seed"], epoch)
        return images, np.array(epoch_order(len(images), recipe["seed"], epoch))
