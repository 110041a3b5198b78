"""Trains what `npm run export` wrote, on one processor or GPU, on several, or on several
machines. docs/bigger-machines.md.

    python pytorch/train.py DIR
    torchrun --nproc-per-node=8 pytorch/train.py DIR

It goes on where it was stopped: Ctrl-C or SIGTERM save. DIR/weights.safetensors is the best by validation so
far, for npm run import. Order of images, draws, schedule, clipping and averages are those of lib/train.ts.
PyTorch and numpy only; the test images are not here.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import sys
import time

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

import networks
from data import Data
from job import Job, JobError, average_decay_at, learning_rate_at
from run_state import Progress, load_state, save_state, save_weights
from safetensors_file import SafetensorsError
from store import read_tensors

BETAS, EPSILON = (0.9, 0.999), 1e-8


class Machine:
    """The processes that train together, and what this one computes on."""

    def __init__(self, precision):
        self.world = int(os.environ.get("WORLD_SIZE", 1))
        self.rank = int(os.environ.get("RANK", 0))
        self.is_gpu = torch.cuda.is_available()
        self.device = (
            torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if self.is_gpu else torch.device("cpu")
        )
        if self.is_gpu:
            torch.cuda.set_device(self.device)
        # Products of 32 bits stay so: nats are checked and validated with them.
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        self.precision = precision or ("bf16" if self.is_gpu and torch.cuda.is_bf16_supported() else "fp32")
        self.signaled = False

    def join(self):
        """Waits for the other processes, after all that can be refused was looked at."""
        if self.world > 1:
            dist.init_process_group("nccl" if self.is_gpu else "gloo")

    def autocast(self):
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def sum(self, *numbers):
        """The sums over all processes, as numbers."""
        if self.world == 1:
            return numbers
        total = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return total.tolist()

    def versions(self):
        name = torch.cuda.get_device_name() if self.is_gpu else processor()
        cuda = {"cuda": str(torch.version.cuda)} if self.is_gpu else {}
        return {
            **{
                "trainer": "pytorch/train.py",
                "python": platform.python_version(),
                "torch": torch.__version__,
                **cuda,
            },
            **{"device": name, "processes": str(self.world), "precision": self.precision},
        }


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


class Trainer:
    def __init__(self, job, machine, options):
        self.job, self.machine, self.options = job, machine, options
        batch = job.recipe["batchSize"]
        if batch % machine.world:
            raise JobError(
                f"the batch of {batch} images cannot be shared evenly by {machine.world} processes; export with a --batch that is a multiple"
            )
        self.share = batch // machine.world
        self.data = Data(job)
        # Padding costs a copy on a processor; a GPU pads in the convolution, where
        # whole kernels are computed faster.
        self.network = networks.create(job.model, job.config).crop(not machine.is_gpu).to(machine.device)
        self.has_steps = job.model == "made" and job.config["masks"] != 1
        tensors, _ = read_tensors(job.path("start.safetensors"))
        try:
            networks.load(self.network, tensors)
        except ValueError as error:
            raise JobError(f"{job.path('start.safetensors')}: {error}; export the job again") from None
        self.parameters = list(self.network.parameters())
        self.average = [parameter.detach().clone() for parameter in self.parameters]
        self.best = []
        self.optimizer = torch.optim.Adam(self.parameters, lr=0.0, betas=BETAS, fused=True)
        self.progress = Progress()

    def check_first_batch(self):
        """@raises JobError when this machine's network, order or draw is not the library's"""
        expected = self.job.first_batch
        images, order = self.data.epoch(0)
        indices = order[: len(expected["indices"])]
        if indices.tolist() != expected["indices"]:
            raise JobError(
                "the order of the first epoch is not the exported one; export and train with the same version"
            )
        labels = self.data.labels["train"]
        with torch.no_grad():
            nats = (
                self.network(*self.to_device(images[indices], None if labels is None else labels[indices]), 0)
                .double()
                .tolist()
            )
        off = max(abs(here - there) for here, there in zip(nats, expected["nats"]))
        # Of many thousand nats an image in color, 32 bits hold no thousandth.
        limit = self.options.tolerance * max(1.0, max(expected["nats"]) / 1000)
        if not off <= limit:
            raise JobError(
                f"the nats of the first batch differ by {off:.2g} from the exported ones, and may by {limit:.2g}: "
                f"{nats[0]:.5f} here, {expected['nats'][0]:.5f} there for its first image"
            )
        return off

    def to_device(self, images, labels):
        move = lambda array: torch.from_numpy(array).to(self.machine.device, non_blocking=True)
        return move(images), None if labels is None else move(labels)

    def restore(self):
        saved = load_state(self.job, self.network)
        if saved is None:
            return
        tensors, self.progress = saved
        with torch.no_grad():
            for kept, part in ((self.parameters, "weights"), (self.average, "average")):
                for value, stored in zip(kept, tensors[part]):
                    value.copy_(stored)
        self.best = [tensor.to(self.machine.device) for tensor in tensors["best"]]
        for parameter, first, second in zip(self.parameters, tensors["firstMoment"], tensors["secondMoment"]):
            self.optimizer.state[parameter] = {
                "step": torch.tensor(float(self.progress.step), device=parameter.device),
                "exp_avg": torch.empty_like(parameter).copy_(first),
                "exp_avg_sq": torch.empty_like(parameter).copy_(second),
            }

    def save(self):
        state = self.optimizer.state
        moment = lambda name: [state[p][name] if p in state else torch.zeros_like(p) for p in self.parameters]
        parts = {"weights": self.parameters, "average": self.average, "best": self.best}
        parts.update(firstMoment=moment("exp_avg"), secondMoment=moment("exp_avg_sq"))
        if self.machine.rank == 0:
            try:
                save_state(self.job, self.network, parts, self.progress)
            except SafetensorsError as error:
                raise JobError(
                    f"{error}; the state saved before is kept: export with a lower --rate"
                ) from None

    def validate(self):
        """Mean nats of the averaged weights over the validation images, in 32 bits."""
        images, labels = self.data.arrays["validation"], self.data.labels["validation"]
        mine = slice(self.machine.rank, None, self.machine.world)
        images, labels = images[mine], None if labels is None else labels[mine]
        logits = images[0].size * (1 if self.job.levels == 2 else self.job.levels) if len(images) else 1
        size = max(1, min(500, 2**26 // logits))
        weights = [parameter.detach().clone() for parameter in self.parameters]
        total = 0.0
        with torch.no_grad():
            torch._foreach_copy_(self.parameters, self.average)
            for start in range(0, len(images), size):
                part = slice(start, start + size)
                total += (
                    self.network(*self.to_device(images[part], None if labels is None else labels[part]))
                    .double()
                    .sum()
                    .item()
                )
            torch._foreach_copy_(self.parameters, weights)
        return self.machine.sum(total)[0] / self.job.images["validation"]

    def step(self, model, images, labels):
        """One batch: loss, gradients, clipping, Adam. @returns this process's mean nats, on the device"""
        recipe, step = self.job.recipe, self.progress.step
        with self.machine.autocast():
            loss = model(images, labels, step if self.has_steps else None).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if recipe["clipNorm"] > 0:
            torch.nn.utils.clip_grad_norm_(self.parameters, recipe["clipNorm"])
        group = self.optimizer.param_groups[0]
        group["lr"] = learning_rate_at(step, self.job.steps, recipe)
        # The library adds epsilon before the bias correction of the second moment, PyTorch after it.
        group["eps"] = EPSILON / (1 - BETAS[1] ** (step + 1)) ** 0.5
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1 - average_decay_at(step, recipe))
        self.progress.step += 1
        return loss.detach().double()

    def train(self, report):
        """To the end, or to a signal. @returns 'finished', 'stopped early' or 'interrupted'"""
        job, machine, progress, recipe = self.job, self.machine, self.progress, self.job.recipe
        model = compiled(self.network, self.options.compile)
        if machine.world > 1:
            # The only buffers are masks, which are the same everywhere.
            model = DistributedDataParallel(
                model, device_ids=[machine.device.index] if machine.is_gpu else None, broadcast_buffers=False
            )
        # To ask a GPU for a number makes it wait, and so does a word between machines.
        every = 20 if machine.is_gpu else 1
        started, before, first = time.monotonic(), progress.seconds, progress.step
        seconds = lambda: before + time.monotonic() - started
        saved_at = time.monotonic()
        while progress.step < job.steps:
            epoch = progress.step // job.steps_per_epoch
            if (
                recipe["patience"] > 0
                and progress.best
                and epoch - progress.best["epoch"] >= recipe["patience"]
            ):
                return "stopped early"
            images, order = self.data.epoch(epoch)
            labels = self.data.labels["train"]
            pending = torch.zeros((), dtype=torch.float64, device=machine.device)
            for batch in range(progress.step % job.steps_per_epoch, job.steps_per_epoch):
                start = batch * recipe["batchSize"] + machine.rank * self.share
                indices = order[start : start + self.share]
                pending += self.step(
                    model, *self.to_device(images[indices], None if labels is None else labels[indices])
                )
                is_last = batch + 1 == job.steps_per_epoch
                if not is_last and (batch + 1) % every:
                    continue
                due = machine.rank == 0 and time.monotonic() - saved_at > self.options.save_every
                nats, signaled, due = machine.sum(pending.item(), float(machine.signaled), float(due))
                pending.zero_()
                progress.epoch_nats += nats / machine.world
                progress.seconds = seconds()
                self.check_finite(progress.epoch_nats)
                report.progress(
                    progress,
                    job,
                    progress.epoch_nats / (batch + 1),
                    (progress.step - first) / (progress.seconds - before),
                )
                # After the last batch the epoch is not over: a run resumed there would skip its validation.
                if is_last:
                    break
                if due or signaled:
                    self.save()
                    saved_at = time.monotonic()
                if signaled:
                    return "interrupted"
            progress.record("train", epoch + 1, progress.epoch_nats / job.steps_per_epoch)
            progress.epoch_nats = 0.0
            nats = self.validate()
            self.check_finite(nats)
            progress.seconds = seconds()
            progress.record("validation", epoch + 1, nats)
            if progress.best is None or nats < progress.best["nats"]:
                progress.best = {"nats": nats, "epoch": epoch + 1}
                self.best = [tensor.clone() for tensor in self.average]
            self.save()
            saved_at = time.monotonic()
            if machine.rank == 0:
                save_weights(job, self.network, self.best, progress, machine.versions())
            report.evaluation(progress)
            if machine.sum(float(machine.signaled))[0] and progress.step < job.steps:
                return "interrupted"
        return "finished"

    def check_finite(self, nats):
        if nats != nats or nats in (float("inf"), float("-inf")):
            rate = self.optimizer.param_groups[0]["lr"]
            raise JobError(
                f"the loss is {nats} at step {self.progress.step} (learning rate {rate:.2g}); it must be finite. "
                "The state saved before is kept; export with a lower --rate, or begin again with --restart"
            )


def compiled(network, wanted):
    """Where it helps: the convolutional networks. A loop over rows or diagonals takes minutes to compile,
    and MADE is a few large products.
    """
    convolutional = isinstance(network, (networks.PixelCnn, networks.GatedPixelCnn))
    return torch.compile(network) if wanted and convolutional else network


class Report:
    """Lines for a person on stderr, and DIR/log.jsonl for programs; of the first process alone."""

    def __init__(self, job, machine):
        self.job, self.is_shown = job, machine.rank == 0
        self.printed_at = 0.0
        if self.is_shown:
            self.log_file = open(job.path("log.jsonl"), "a", encoding="utf-8")

    def log(self, event, **fields):
        if self.is_shown:
            print(
                json.dumps(
                    {"event": event, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **fields}
                ),
                file=self.log_file,
                flush=True,
            )

    def say(self, text):
        if self.is_shown:
            print(text, file=sys.stderr, flush=True)

    def likelihood(self, nats):
        values = self.job.config["height"] * self.job.config["width"] * self.job.config["channels"]
        return (
            f"{nats:.3f} nats"
            if self.job.levels == 2
            else f"{nats / values / 0.6931471805599453:.4f} bits per dimension"
        )

    def progress(self, progress, job, nats, steps_per_second):
        if not self.is_shown or time.monotonic() - self.printed_at < 15:
            return
        self.printed_at = time.monotonic()
        rate = steps_per_second * job.recipe["batchSize"]
        left = (job.steps - progress.step) / steps_per_second
        self.log("progress", step=progress.step, nats=nats, imagesPerSecond=rate, secondsLeft=left)
        self.say(
            f"step {progress.step} of {job.steps} ({100 * progress.step // job.steps} %)  {self.likelihood(nats)}  "
            f"{rate:.0f} images/s  {left / 60:.0f} min to go"
        )

    def evaluation(self, progress):
        for row in progress.history[-2:]:
            self.log("evaluation", **row)
            self.say(
                f"epoch {row['epoch']}  {row['split'].ljust(10)} {self.likelihood(row['nats'])}  {row['seconds'] / 60:.1f} min"
            )


def main():
    parser = argparse.ArgumentParser(
        description="Trains what npm run export wrote; goes on where it was stopped."
    )
    parser.add_argument("folder", metavar="DIR", help="the exported folder; results are written into it")
    parser.add_argument("--restart", action="store_true", help="throw the saved state away and begin again")
    parser.add_argument(
        "--precision",
        choices=["bf16", "fp32"],
        help="of products in training; bf16 on a GPU that has it, else fp32",
    )
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=torch.cuda.is_available(),
        help="PixelCNN and Gated PixelCNN with torch.compile (default: on a GPU)",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=1e-3,
        metavar="NATS",
        help="by which the first batch may differ from the exported nats (default 0.001)",
    )
    parser.add_argument(
        "--save-every",
        type=float,
        default=60,
        metavar="SECONDS",
        help="between two saved states (default 60)",
    )
    options = parser.parse_args()
    try:
        sys.exit(run(options))
    except (JobError, SafetensorsError) as error:
        sys.exit(f"train.py: {error}")


def run(options):
    job = Job(options.folder)
    machine = Machine(options.precision)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: setattr(machine, "signaled", True))
    trainer = Trainer(job, machine, options)
    off = trainer.check_first_batch()
    machine.join()
    report = Report(job, machine)
    if not options.restart:
        trainer.restore()
    versions = machine.versions()
    count = sum(parameter.numel() for parameter in trainer.parameters)
    report.log(
        "start",
        model=job.model,
        preset=job.preset,
        parameters=count,
        firstBatchOff=off,
        step=trainer.progress.step,
        **versions,
    )
    report.say(
        f"{job.model} {job.preset}: {count} parameters, {job.recipe['epochs']} epochs, batch {job.recipe['batchSize']}; {versions['device']}, "
        f"{machine.world} process(es), {machine.precision}; the first batch has the exported nats within {off:.1g}"
        + (f"; going on at step {trainer.progress.step} of {job.steps}" if trainer.progress.step else "")
    )
    outcome = trainer.train(report)
    progress = trainer.progress
    report.log("end", outcome=outcome, step=progress.step, seconds=progress.seconds, best=progress.best)
    if machine.world > 1:
        dist.destroy_process_group()
    if outcome == "interrupted":
        report.say(f"stopped at step {progress.step}, the run is saved; the same command goes on with it")
        return 130
    report.say(
        f"{outcome}: best validation {report.likelihood(progress.best['nats'])}, epoch {progress.best['epoch']}, {progress.seconds / 60:.1f} min\n"
        f"{job.path('weights.safetensors')}: at home, npm run import -- weights.safetensors"
    )
    return 0


if __name__ == "__main__":
    main()
