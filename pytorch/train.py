"""Trains what `npm run export` wrote, on one processor or GPU, on several, or on several machines.
docs/bigger-machines.md.

    python pytorch/train.py DIR
    torchrun --nproc-per-node=8 pytorch/train.py DIR

It goes on where it was stopped: Ctrl-C or SIGTERM save. DIR/weights.safetensors is the best by validation so
far, for npm run import. Order of images, draws, schedule, clipping and averages are those of lib/train.ts.
PyTorch and numpy only; the test images are not here.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import platform
import signal
import sys
import time
import traceback

import numpy as np
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

import networks
from adam import Adam, step_size
from data import Data
from epochs import Epochs
from job import Job, JobError, average_decay_at, learning_rate_at
from run_state import Progress, load_state, save_state, save_weights
from safetensors_file import SafetensorsError
from store import read_tensors


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
            torch.backends.cudnn.benchmark = True
        # Products of 32 bits stay so: nats are checked and validated with them.
        self.tf32(False)
        self.precision = precision or ("bf16" if self.is_gpu and torch.cuda.is_bf16_supported() else "fp32")
        self.signaled = False

    def join(self):
        """Waits for the other processes, after all that can be refused was looked at."""
        if self.world > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if self.is_gpu else "gloo")

    def tf32(self, allowed):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed

    def autocast(self):
        if self.precision != "bf16":
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
                f"the batch of {batch} images cannot be shared evenly by {machine.world} processes; export"
                " with a --batch that is a multiple"
            )
        self.share = batch // machine.world
        self.data = Data(job)
        # Padding costs a copy on a processor; a GPU pads in the convolution, where whole kernels are computed
        # faster.
        self.network = networks.create(job.model, job.config).crop(not machine.is_gpu).to(machine.device)
        tensors, _ = read_tensors(job.path("start.safetensors"))
        try:
            networks.load(self.network, tensors)
        except ValueError as error:
            raise JobError(f"{job.path('start.safetensors')}: {error}; export the job again") from None
        self.parameters = list(self.network.parameters())
        self.adam = Adam(self.parameters)
        self.best = []
        self.progress = Progress()
        self.has_masks = job.model == "made" and job.config["masks"] != 1
        self.epochs = self.stream = self.report = None
        self.finished = False
        # What a step reads, on the device; `load_epoch` fills it.
        self.images = self.order = self.rates = self.at = self.degrees = self.rows = None
        labels = self.data.labels["train"]
        self.labels = None if labels is None else self.on_device(labels)
        self.pending = torch.zeros((), dtype=torch.float64, device=machine.device)

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
        masks = None
        if self.has_masks:
            masks = self.on_device(
                networks.flat_degrees(self.job.config, *networks.set_of_step(self.job.config, 0))
            )
        with torch.no_grad():
            nats = self.network(
                self.on_device(images[indices]),
                None if labels is None else self.on_device(labels[indices]),
                masks,
            )
        nats = nats.double().tolist()
        off = max(abs(here - there) for here, there in zip(nats, expected["nats"]))
        # Of many thousand nats an image in color, 32 bits hold no thousandth.
        limit = self.options.tolerance * max(1.0, max(expected["nats"]) / 1000)
        if not off <= limit:
            raise JobError(
                f"the nats of the first batch differ by {off:.2g} from the exported ones, and may by"
                f" {limit:.2g}: {nats[0]:.5f} here, {expected['nats'][0]:.5f} there for its first image"
            )
        return off

    def on_device(self, array):
        return torch.as_tensor(array).to(self.machine.device)

    def kept(self):
        """The tensors of a saved state that training changes in place, by part."""
        adam = self.adam
        return {
            "weights": self.parameters,
            "average": adam.average,
            "firstMoment": adam.first,
            "secondMoment": adam.second,
        }

    def restore(self):
        saved = load_state(self.job, self.network)
        if saved is None:
            return
        tensors, self.progress = saved
        self.job.set_recipe({**self.job.recipe, "epochs": self.progress.epochs})
        with torch.no_grad():
            for part, values in self.kept().items():
                for value, stored in zip(values, tensors[part]):
                    value.copy_(stored)
        self.best = [tensor.to(self.machine.device) for tensor in tensors["best"]]

    def save(self):
        self.progress.epochs = self.job.recipe["epochs"]
        if self.machine.rank == 0:
            try:
                save_state(self.job, self.network, {**self.kept(), "best": self.best}, self.progress)
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
        total = torch.zeros((), dtype=torch.float64, device=self.machine.device)
        with torch.no_grad():
            torch._foreach_copy_(self.parameters, self.adam.average)
            for start in range(0, len(images), size):
                part = slice(start, start + size)
                told = None if labels is None else self.on_device(labels[part])
                total += self.network(self.on_device(images[part]), told).double().sum()
            torch._foreach_copy_(self.parameters, weights)
        return self.machine.sum(total.item())[0] / self.job.images["validation"]

    def prepare(self):
        """Takes the first epoch to the device, and makes of a step on a GPU of one process a CUDA graph:
        thousands of launches as one.

        @returns itself
        """
        machine = self.machine
        wanted = self.options.compile
        if wanted is None:
            # Half a minute of compiling pays where one network has the GPU for itself.
            wanted = machine.is_gpu and len(self.options.folders) == 1
        self.model = compiled(self.network, wanted)
        if machine.world > 1:
            # The only buffers are masks, which are the same everywhere.
            self.model = DistributedDataParallel(
                self.model,
                device_ids=[machine.device.index] if machine.is_gpu else None,
                broadcast_buffers=False,
            )
        self.run_step = self.step
        self.load_epoch(self.progress.step // self.job.steps_per_epoch)
        if not machine.is_gpu or machine.world > 1 or not self.options.graph:
            return self
        self.stream = torch.cuda.Stream()
        kept = [tensor for tensors in self.kept().values() for tensor in tensors]
        before = [tensor.detach().clone() for tensor in kept]
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            # Whatever is chosen or compiled at first use is chosen now; then all is put back.
            machine.tf32(machine.precision == "tf32")
            for _ in range(3):
                self.step()
            graph = torch.cuda.CUDAGraph()
            torch.cuda.synchronize()
            with torch.cuda.graph(graph, stream=self.stream):
                self.step()
            machine.tf32(False)
            with torch.no_grad():
                torch._foreach_copy_([tensor.detach() for tensor in kept], before)
        torch.cuda.synchronize()
        self.load_epoch(self.progress.step // self.job.steps_per_epoch)
        self.run_step = graph.replay
        return self

    def load_epoch(self, number):
        """Puts what an epoch sees where `step` finds it: a captured step reads the same memory each time."""
        job, epoch = self.job, self.epochs.get(number)
        begin = self.progress.step % job.steps_per_epoch
        steps = range(number * job.steps_per_epoch, (number + 1) * job.steps_per_epoch)
        rates = [
            [
                step_size(learning_rate_at(step, job.steps, job.recipe), step),
                1 - average_decay_at(step, job.recipe),
            ]
            for step in steps
        ]
        # Steps that were made to capture or to measure are none of the epoch's.
        self.pending.zero_()
        start = self.machine.rank * self.share
        self.hold("order", epoch.order[:, start : start + self.share])
        self.hold("rates", np.array(rates, np.float32))
        self.hold("at", np.array([begin]))
        if epoch.bits is not None:
            self.hold("images", self.drawn(epoch.bits))
        elif self.images is None:
            self.hold("images", self.data.epoch(number)[0])
        if epoch.degrees is not None:
            self.hold("degrees", epoch.degrees)
            self.hold("rows", np.arange(len(steps)))
        elif self.has_masks:
            masks = job.config["masks"]
            if self.degrees is None:
                self.hold(
                    "degrees",
                    np.array([networks.flat_degrees(job.config, number) for number in range(masks)]),
                )
            self.hold("rows", np.arange(steps.start, steps.stop) % masks)

    def hold(self, name, values):
        """Gives the tensor of that name new values; its memory stays."""
        values = torch.as_tensor(np.ascontiguousarray(values)) if isinstance(values, np.ndarray) else values
        if getattr(self, name) is None:
            setattr(self, name, values.to(self.machine.device))
        else:
            getattr(self, name).copy_(values)

    def drawn(self, bits):
        """Bytes of 0 and 1, unpacked on the device."""
        bits = self.on_device(bits)[:, None] >> torch.arange(8, dtype=torch.uint8, device=self.machine.device)
        shape = self.data.arrays["train"].shape
        return (bits & 1).flatten()[: self.data.arrays["train"].size].view(shape)

    def step(self):
        """One batch: loss, gradients, clipping, Adam. All that it reads lies on the device; its mean nats are
        added to `pending`.
        """
        indices = self.order.index_select(0, self.at)[0]
        images = self.images.index_select(0, indices)
        labels = None if self.labels is None else self.labels.index_select(0, indices)
        degrees = (
            self.degrees.index_select(0, self.rows.index_select(0, self.at))[0] if self.has_masks else None
        )
        with self.machine.autocast():
            loss = self.model(images, labels, degrees).mean()
        for parameter in self.parameters:
            parameter.grad = None
        loss.backward()
        if self.job.recipe["clipNorm"] > 0:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.job.recipe["clipNorm"], foreach=True)
        size, averaging = self.rates.index_select(0, self.at)[0].unbind()
        self.adam.step(size, averaging)
        self.pending += loss.detach().double()
        self.at += 1

    def seconds_per_epoch(self):
        """Measured on whole epochs, of some seconds at least; then everything is put back."""
        kept = [tensor for tensors in self.kept().values() for tensor in tensors]
        before = [tensor.detach().clone() for tensor in kept]
        # The helpers take long to start, once.
        self.load_epoch(0)
        epochs, seconds, started = 0, 0.0, time.monotonic()
        while seconds < self.options.measure or epochs == 0:
            for _ in range(self.job.steps_per_epoch):
                self.run_step()
            self.validate()
            epochs += 1
            self.load_epoch(epochs)
            # All processes must agree, or one would wait for a step that another does not make.
            seconds = self.machine.sum(time.monotonic() - started)[0] / self.machine.world
        with torch.no_grad():
            torch._foreach_copy_([tensor.detach() for tensor in kept], before)
        return seconds / epochs

    def train(self, report):
        """To the end, or to a signal. @returns 'finished', 'stopped early' or 'interrupted'"""
        job, machine, progress, recipe = self.job, self.machine, self.progress, self.job.recipe
        # To ask a GPU for a number makes it wait, and so does a word between machines.
        every = 50 if machine.is_gpu else 1
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
            if progress.step != first:
                self.load_epoch(epoch)
            batch = progress.step % job.steps_per_epoch
            while batch < job.steps_per_epoch:
                some = min(every, job.steps_per_epoch - batch)
                for _ in range(some):
                    self.run_step()
                batch += some
                progress.step += some
                due = machine.rank == 0 and time.monotonic() - saved_at > self.options.save_every
                nats, signaled, due = machine.sum(self.pending.item(), float(machine.signaled), float(due))
                self.pending.zero_()
                progress.epoch_nats += nats / machine.world
                progress.seconds = seconds()
                self.check_finite(progress.epoch_nats)
                report.progress(
                    progress,
                    job,
                    progress.epoch_nats / batch,
                    (progress.step - first) / (progress.seconds - before),
                )
                # After the last batch the epoch is not over: a run resumed there would skip its validation.
                if batch == job.steps_per_epoch:
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
            is_best = progress.best is None or nats < progress.best["nats"]
            if is_best:
                progress.best = {"nats": nats, "epoch": epoch + 1}
                self.best = [tensor.clone() for tensor in self.adam.average]
            # Where an epoch takes a second, its end is no reason to write files.
            over = machine.sum(
                float(machine.signaled), float(time.monotonic() - saved_at > min(10, self.options.save_every))
            )
            if progress.step == job.steps or any(over):
                self.save()
                saved_at = time.monotonic()
                if machine.rank == 0:
                    save_weights(job, self.network, self.best, progress, machine.versions())
            report.evaluation(progress)
            if over[0] and progress.step < job.steps:
                return "interrupted"
        return "finished"

    def check_finite(self, nats):
        if nats != nats or nats in (float("inf"), float("-inf")):
            rate = learning_rate_at(self.progress.step, self.job.steps, self.job.recipe)
            raise JobError(
                f"the loss is {nats} at step {self.progress.step} (learning rate {rate:.2g}); it must be"
                " finite. The state saved before is kept; export with a lower --rate, or begin again with"
                " --restart"
            )


def compiled(network, wanted):
    """Where it helps: the convolutional networks. A loop over rows or diagonals takes minutes to compile, and
    MADE is a few large products.
    """
    convolutional = isinstance(network, (networks.PixelCnn, networks.GatedPixelCnn))
    return torch.compile(network) if wanted and convolutional else network


class Report:
    """Lines for a person on stderr, and DIR/log.jsonl for programs; of the first process alone."""

    def __init__(self, job, machine, folders):
        self.job, self.is_shown = job, machine.rank == 0
        self.name = f"{job.folder}: " if len(folders) > 1 else ""
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
            print(self.name + text, file=sys.stderr, flush=True)

    def start(self, trainer, off):
        job, machine, step = trainer.job, trainer.machine, trainer.progress.step
        versions = machine.versions()
        count = sum(parameter.numel() for parameter in trainer.parameters)
        self.log(
            "start",
            model=job.model,
            preset=job.preset,
            parameters=count,
            firstBatchOff=off,
            step=step,
            **versions,
        )
        self.say(
            f"{job.model} {job.preset}: {count} parameters, {job.recipe['epochs']} epochs, batch"
            f" {job.recipe['batchSize']}; {versions['device']}, {machine.world} process(es),"
            f" {machine.precision}; the first batch has the exported nats within {off:.1g}"
            + (f"; going on at step {step} of {job.steps}" if step else "")
        )

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
            f"step {progress.step} of {job.steps} ({100 * progress.step // job.steps} %) "
            f" {self.likelihood(nats)}  {rate:.0f} images/s  {left / 60:.0f} min to go"
        )

    def evaluation(self, progress):
        for row in progress.history[-2:]:
            self.log("evaluation", **row)
            self.say(
                f"epoch {row['epoch']}  {row['split'].ljust(10)} {self.likelihood(row['nats'])} "
                f" {row['seconds'] / 60:.1f} min"
            )


def main():
    parser = argparse.ArgumentParser(
        description="Trains what npm run export wrote; goes on where it was stopped."
    )
    parser.add_argument(
        "folders",
        metavar="DIR",
        nargs="+",
        help=(
            "the exported folder; results are written into it. Several small jobs share one GPU, side by side"
        ),
    )
    parser.add_argument("--restart", action="store_true", help="throw the saved state away and begin again")
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="M",
        help="as many epochs as this machine trains in M minutes, instead of the recipe's",
    )
    parser.add_argument(
        "--precision",
        choices=["bf16", "tf32", "fp32"],
        help="of products in training; bf16 on a GPU that has it, else fp32",
    )
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="PixelCNN and Gated PixelCNN with torch.compile (default: one folder on a GPU)",
    )
    parser.add_argument(
        "--graph",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="on a GPU of one process, a step as one CUDA graph (default: yes)",
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
    parser.add_argument(
        "--measure",
        type=float,
        default=10,
        metavar="SECONDS",
        help="of epochs tried, from which --minutes counts its epochs (default 10)",
    )
    options = parser.parse_args()
    try:
        sys.exit(run(options))
    except (JobError, SafetensorsError) as error:
        sys.exit(f"train.py: {error}")


def run(options):
    jobs = [Job(folder) for folder in options.folders]
    machine = Machine(options.precision)
    if len(jobs) > 1 and (machine.world > 1 or not machine.is_gpu):
        raise JobError(f"{len(jobs)} folders side by side need one process with a GPU; name one folder")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: setattr(machine, "signaled", True))
    trainers = [
        trainer
        for job in jobs
        if (trainer := attempt(jobs, lambda: begin(job, machine, options))) is not None
    ]
    try:
        # Only when all have begun, so that their first epochs are made side by side.
        ready = [trainer for trainer in trainers if attempt(jobs, trainer.prepare)]
        if options.minutes is not None:
            fit(ready, options.minutes)
        together(ready, lambda trainer: attempt(jobs, lambda: finish(trainer)))
    finally:
        for trainer in trainers:
            trainer.epochs.close()
    if machine.world > 1:
        # Nobody leaves before all are through: threads that still wait for a process that left end it badly.
        dist.barrier()
        dist.destroy_process_group()
    if machine.signaled and any(trainer.progress.step < trainer.job.steps for trainer in trainers):
        return 130
    return 0 if all(trainer.finished for trainer in trainers) and len(trainers) == len(jobs) else 1


def attempt(jobs, do):
    """Of several jobs one that fails says why and leaves the others alone."""
    if len(jobs) == 1:
        return do()
    try:
        return do()
    except (JobError, SafetensorsError) as error:
        print(f"train.py: {error}", file=sys.stderr, flush=True)
    except Exception:
        traceback.print_exc()
    return None


def begin(job, machine, options):
    """All that can be refused is looked at before the other processes are waited for."""
    trainer = Trainer(job, machine, options)
    off = trainer.check_first_batch()
    machine.join()
    trainer.report = Report(job, machine, options.folders)
    if not options.restart:
        trainer.restore()
    trainer.report.start(trainer, off)
    trainer.epochs = Epochs(job, trainer.data, machine.is_gpu)
    trainer.epochs.ask(trainer.progress.step // job.steps_per_epoch)
    return trainer


def together(trainers, do):
    """One thread and one stream for each, where there are several: small jobs leave most of a GPU free."""

    def one(trainer):
        with torch.cuda.stream(trainer.stream):
            return do(trainer)

    if len(trainers) < 2:
        return [one(trainer) for trainer in trainers]
    with concurrent.futures.ThreadPoolExecutor(len(trainers)) as threads:
        return list(threads.map(one, trainers))


def fit(trainers, minutes):
    """Sets the epochs of each recipe to what fits into the minutes; a run under way keeps its schedule."""
    trainers = [trainer for trainer in trainers if trainer.progress.step == 0]
    measured = together(trainers, Trainer.seconds_per_epoch)
    for trainer, seconds in zip(trainers, measured):
        # A tenth for what was not measured: files, and a machine that is not always as fast.
        epochs = max(1, int(0.9 * 60 * minutes / seconds))
        trainer.job.set_recipe({**trainer.job.recipe, "epochs": epochs})
        trainer.load_epoch(0)
        trainer.report.say(f"{seconds:.2f} s an epoch: {epochs} epochs in {minutes:g} min")


def finish(trainer):
    """Trains, and says how it ended."""
    report, progress = trainer.report, trainer.progress
    outcome = trainer.train(report)
    trainer.finished = outcome != "interrupted"
    report.log("end", outcome=outcome, step=progress.step, seconds=progress.seconds, best=progress.best)
    if outcome == "interrupted":
        report.say(f"stopped at step {progress.step}, the run is saved; the same command goes on with it")
        return
    report.say(
        f"{outcome}: best validation {report.likelihood(progress.best['nats'])}, epoch"
        f" {progress.best['epoch']}, {progress.seconds / 60:.1f}"
        f" min\n{trainer.job.path('weights.safetensors')}: at home, npm run import -- weights.safetensors"
    )


if __name__ == "__main__":
    main()
