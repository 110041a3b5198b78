"""Adam and the average of the weights (lib/engine/adam.ts), as operations that a CUDA graph can hold: all
numbers that change are tensors.

The library adds epsilon before the bias correction of the second moment, PyTorch's own Adam after it.
"""

import torch

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def step_size(rate, step):
    """What the first moment over the root of the second is multiplied by. step counts from 0."""
    return rate * (1 - BETA2 ** (step + 1)) ** 0.5 / (1 - BETA1 ** (step + 1))


class Adam:
    def __init__(self, parameters):
        self.parameters = parameters
        self.first = [torch.zeros_like(parameter) for parameter in parameters]
        self.second = [torch.zeros_like(parameter) for parameter in parameters]
        self.average = [parameter.detach().clone() for parameter in parameters]

    @torch.no_grad()
    def step(self, size, averaging):
        """size: of `step_size`; averaging: the share of the new weights in the average. Both tensors of rank
        0.
        """
        gradients = [parameter.grad for parameter in self.parameters]
        torch._foreach_lerp_(self.first, gradients, 1 - BETA1)
        torch._foreach_mul_(self.second, BETA2)
        torch._foreach_addcmul_(self.second, gradients, gradients, 1 - BETA2)
        divisors = torch._foreach_sqrt(self.second)
        torch._foreach_add_(divisors, EPSILON)
        changes = torch._foreach_div(self.first, divisors)
        torch._foreach_mul_(changes, size)
        torch._foreach_sub_(self.parameters, changes)
        differences = torch._foreach_sub(self.parameters, self.average)
        torch._foreach_mul_(differences, averaging)
        torch._foreach_add_(self.average, differences)
