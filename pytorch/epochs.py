"""What each epoch of a job sees. On a GPU an epoch takes seconds, so the next ones are made meanwhile by
processes of their own.
"""

import concurrent.futures
import multiprocessing
import signal

import numpy as np

import networks
from data import Data
from job import Job

# Made ahead, side by side: to draw the digits of an epoch takes a processor half a second.
AHEAD = 3


class Epoch:
    """Arrays: bits of all images, eight a byte, None where images are the same in every epoch; order [steps,
    batch]; degrees [steps, units].
    """

    def __init__(self, job, data, epoch):
        images, order = data.epoch(epoch)
        steps, batch = job.steps_per_epoch, job.recipe["batchSize"]
        is_drawn = job.levels == 2 and job.recipe["binarization"] == "dynamic"
        self.bits = np.packbits(images, bitorder="little") if is_drawn else None
        self.order = order[: steps * batch].reshape(steps, batch)
        self.degrees = None
        if job.model == "made" and job.config["masks"] == 0:
            rows = [
                networks.flat_degrees(job.config, networks.FRESH, epoch * steps + step)
                for step in range(steps)
            ]
            self.degrees = np.array(rows, np.int16)


class Epochs:
    """Epochs by number; where `is_ahead`, those after the last asked for are being made."""

    def __init__(self, job, data, is_ahead):
        self.job, self.data, self.made, self.helpers = job, data, {}, None
        if is_ahead:
            # Fresh processes: those that are forked would hold the GPU's memory, too.
            context = multiprocessing.get_context("spawn")
            self.helpers = concurrent.futures.ProcessPoolExecutor(
                AHEAD, context, load, (job.folder, job.recipe)
            )

    def ask(self, epoch):
        """Has it made, and those after it."""
        if self.helpers is not None:
            wanted = range(epoch, epoch + 1 + AHEAD)
            self.made = {
                number: self.made.get(number) or self.helpers.submit(make, number) for number in wanted
            }

    def get(self, epoch):
        """The epoch; one that is asked for again is not made again."""
        self.ask(epoch)
        return self.made[epoch].result() if self.made else Epoch(self.job, self.data, epoch)

    def close(self):
        if self.helpers is not None:
            self.helpers.shutdown(cancel_futures=True)


def load(folder, recipe):
    # Ctrl-C goes to the helpers, too: they end when the training that they serve has saved.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global here
    job = Job(folder)
    job.set_recipe(recipe)
    here = job, Data(job)


def make(epoch):
    return Epoch(*here, epoch)
