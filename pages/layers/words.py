"""What a card is called, what to try on it, and the words in its picture."""

from __future__ import annotations

from core.layers import CARDS
from pages.shared.person.language import _


def family_titles() -> dict[str, str]:
    """The names of the families of cards."""
    return {
        "convolution": _("Convolution"),
        "pooling": _("Pooling"),
        "dropout": _("Dropout"),
        "normalisation": _("Normalisation"),
        "activations": _("Activations"),
        "losses": _("Losses"),
        "linear": _("Linear, shapes, cells"),
        "optimizers": _("Optimizers"),
    }


def card_title(name: str) -> str:
    """A card's name in the menu: torch's own where it has one."""
    return {
        "activations": _("Side by side"),
        "deep_stack": _("A deep stack"),
        "optimizers": _("On a surface"),
        "schedules": _("Schedules"),
        "nll": _("CrossEntropy = LogSoftmax + NLL"),
    }.get(name, CARDS[name].title)


def card_words(name: str) -> tuple[str, str]:
    """A card's heading, and what to try first."""
    return _headings().get(name, f"nn.{CARDS[name].title}"), _first_tries()[name]


def _headings() -> dict[str, str]:
    """Of cards whose heading is not their layer's name."""
    return {
        "activations": _("Activations and their derivatives"),
        "softmax": "nn.Softmax",
        "deep_stack": _("A deep stack: do gradients get through?"),
        "regression": "nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss",
        "nll": "nn.LogSoftmax + nn.NLLLoss = nn.CrossEntropyLoss",
        "shapes": "nn.Flatten, view, reshape",
        "cells": "nn.RNNCell, nn.LSTMCell, nn.GRUCell",
        "optimizers": _("Optimizers on a surface"),
        "schedules": _("Schedules of the learning rate"),
    }


def _first_tries() -> dict[str, str]:
    return {
        "conv1d": _(
            "A kernel slides over a sound. Point at the output: which numbers of the wave was it computed from?"
        ),
        "conv2d": _(
            "Point at a pixel of the output: you see its patch of the input, the kernel, and the sum that torch "
            "computed. Then change a number of the kernel."
        ),
        "conv3d": _("Eight frames of a ball flying past a wall. Which kernel shows only what moves?"),
        "convtranspose2d": _(
            "Every input pixel adds a copy of the kernel to the output. Choose all ones and kernel_size 3, and look "
            "at the pattern: how many copies overlap where?"
        ),
        "maxpool2d": _(
            "Only the largest pixel of each window is passed on, framed in green. Only this pixel gets a gradient."
        ),
        "avgpool2d": _("Each window becomes its mean, and every pixel of it gets the same share of the gradient."),
        "adaptiveavgpool2d": _(
            "You choose the size of the output, and torch computes the windows. Try 1 x 1, then 7 x 7."
        ),
        "lppool2d": _("Something between sum and maximum: raise norm_type and watch where the gradient goes."),
        "dropout": _("Change p, then Draw. What does the mean of many draws look like?"),
        "dropout2d": _("Whole feature maps are set to 0 at once, because neighbouring pixels of a map are similar."),
        "alphadropout": _(
            "For networks with SELU. Compare mean and standard deviation after AlphaDropout and after plain Dropout."
        ),
        "batchnorm2d": _(
            "Point at a map: all numbers that do not fade share one mean. Then let another image join, in train "
            "mode and in eval mode: does the output of the first image change?"
        ),
        "layernorm": _(
            "Each image is normalised by itself. Let another image join: does the output of the first image change?"
        ),
        "groupnorm": _(
            "The channels of a group share a mean. Set num_groups to 1, then to 4: which other normalisations do you "
            "get?"
        ),
        "instancenorm2d": _(
            "Every map is normalised by itself, so the brightness and contrast of each image are lost."
        ),
        "activations": _("Move over the plots. Where is the derivative 0? A unit learns nothing there."),
        "softmax": _("Change the temperature: what happens near 0, and what far above 1?"),
        "deep_stack": _(
            "The size of the gradient in every layer. With Sigmoid it vanishes towards the first layer. What helps: "
            "other first weights, LayerNorm or skip connections?"
        ),
        "regression": _("Move the prediction past the target. How do the three gradients change?"),
        "crossentropy": _("Raise the logit of the true class: for every class the gradient is softmax minus target."),
        "nll": _("Two ways to compute the same loss. Change the weight or ignore a class: the two stay equal."),
        "bce": _(
            "Yes or no from one logit. Set the range to 150: where does Sigmoid followed by BCELoss lose its gradient?"
        ),
        "kldiv": _(
            "Move the predicted distribution Q towards the true distribution P. The loss is 0 only where they are "
            "equal."
        ),
        "linear": _(
            "Point at an output: the row of weights, the numbers of the example and the bias that it is computed from "
            "light up."
        ),
        "embedding": _("Type indices: each looks up a row of the table. Which rows get a gradient?"),
        "shapes": _("The same 24 numbers in another shape. Point at one: where is it in the other tensor?"),
        "cells": _(
            "One step of a recurrent cell. Close the forget gate with its bias: what happens to the old memory?"
        ),
        "optimizers": _(
            "Click on the surface to choose another start. Move over the curve on the right to follow the optimizers "
            "step by step."
        ),
        "schedules": _("How the learning rate changes while training. Move over the plot to read it."),
    }


def picture_text() -> dict[str, str]:
    """The words in the pictures; `{name}` in a text is filled in by the browser."""
    return {**_windows(), **_dropout_and_norm(), **_plots(), **_linear(), **_cells(), **_optimizers()}


def _windows() -> dict[str, str]:
    return {
        "picture": _("The card's picture"),
        "input": _("input"),
        "output": _("output"),
        "patch": _("patch"),
        "kernel": _("kernel"),
        "products": _("products"),
        "gradient_of_input": _("gradient of the input"),
        "windows_convolution": _(
            "Patch × kernel adds up to {value} with the bias {bias}. torch: y[0, {channel}, {row}, {column}] = {torch}."
        ),
        "windows_transposed": _(
            "{count} input pixels reach this output pixel; multiplied by their kernel numbers they add up to {sum}. "
            "torch: y[0, {channel}, {row}, {column}] = {torch}."
        ),
        "windows_max": _(
            "Of {count} pixels the one in row {winner_row}, column {winner_column} is the largest: y[0, {channel}, "
            "{row}, {column}] = {torch}. Only this pixel gets the window's gradient."
        ),
        "windows_average": _(
            "Sum {sum} / {divisor} = y[0, {channel}, {row}, {column}] = {torch}. Each of the {count} pixels gets "
            "1/{divisor} of the gradient."
        ),
        "windows_power": _(
            "The root of the sum of {count} powers, p = {power}: y[0, {channel}, {row}, {column}] = {torch}."
        ),
        "wave_sum": _("{count} numbers of the wave × kernel add up to {sum}. torch: y[0, 0, {index}] = {torch}."),
        "input_film": _("input: frames × rows × columns"),
        "output_film": _("output"),
        "frame": _("frame {number}"),
        "film_sum": _("{count} products add up to {sum}. torch: y[0, 0, {frame}, {row}, {column}] = {torch}."),
    }


def _dropout_and_norm() -> dict[str, str]:
    return {
        "one_draw": _("one draw"),
        "mean_of_draws": _("mean of {draws} draws"),
        "dropout": _("This number: {x} in the input, {y} after this draw, {mean} in the mean of {draws} draws."),
        "change": _("change of the first image's output"),
        "running": _("running mean and variance"),
        "norm": _("{count} numbers share the mean {mean} and the variance {var}. Here {x} becomes {y}."),
        "norm_running": _(
            "All {count} numbers of a channel are shifted by the running mean {mean} and scaled by the running "
            "variance {var}. Here {x} becomes {y}."
        ),
        "histogram": _("how often each value occurs"),
        "mean_and_spread": _("mean and standard deviation"),
    }


def _plots() -> dict[str, str]:
    return {
        "plots_hint": _("Move over the plot to read it."),
        "function": _("function"),
        "derivative": _("derivative"),
        "logits": _("logits"),
        "probabilities": _("probabilities"),
        "by_temperature": _("probabilities at every temperature"),
        "gradient_norms": _("size of each layer's gradient"),
        "activation_spread": _("standard deviation of each layer's output"),
        "layer": _("layer"),
        "loss": _("loss"),
        "gradient": _("gradient"),
        "prediction": _("prediction"),
        "logit": _("logit"),
        "target": _("target"),
        "probability_target_gradient": _("probability, target, gradient"),
        "log_softmax": _("LogSoftmax of them"),
        "equal_numbers": _("equal numbers"),
        "nll": _("CrossEntropyLoss says {loss}; LogSoftmax and NLLLoss after it say {same}."),
        "p_and_q": _("P, true, and Q, predicted"),
        "loss_by_middle": _("loss for every middle of Q"),
        "middle_of_q": _("middle of Q"),
    }


def _linear() -> dict[str, str]:
    return {
        "weight": _("weight"),
        "bias": _("bias"),
        "linear": _("y[{row}, {column}] = {sum} = {result}"),
        "index": _("index"),
        "gradient_of_weight": _("gradient of the weight"),
        "embedding": _("Row {weight_row} was used {index_count} times; its numbers have gradient {grad_value}."),
        "shapes_shared": _("Number {value}. y.stride() = ({stride}): y uses the same memory as x, nothing was copied."),
        "shapes_copied": _("Number {value}. y.stride() = ({stride}): y is a copy with its own memory."),
    }


def _cells() -> dict[str, str]:
    return {
        "cell_x": _("input x"),
        "cell_h": _("old h"),
        "cell_c": _("old memory c"),
        "cell_i": _("i, input gate"),
        "cell_f": _("f, forget gate"),
        "cell_g": _("g, new content"),
        "cell_o": _("o, output gate"),
        "cell_r": _("r, reset gate"),
        "cell_z": _("z, update gate"),
        "cell_n": _("n, new content"),
        "cell_from_x": _("from x"),
        "cell_from_h": _("from h"),
        "cell_c_new": _("new memory c′"),
        "cell_h_new": _("new h′"),
        "cell_by_hand": _("h′ from the formula"),
        "cells_RNNCell": _("Unit {unit}: tanh({from_x} + {from_h}) = {by_hand}. torch: h′ = {h_new}."),
        "cells_LSTMCell": _("Unit {unit}: c′ = {f} · {c} + {i} · {g} = {c_new}, h′ = {o} · tanh(c′) = {h_new}."),
        "cells_GRUCell": _("Unit {unit}: h′ = (1 − {z}) · {n} + {z} · {h} = {h_new}."),
    }


def _optimizers() -> dict[str, str]:
    return {
        "learning_rate": _("learning rate"),
        "step": _("step"),
        "surface": _("the surface; × marks its minima"),
        "above_minimum": _("height above the minimum"),
        "surface_told": _("After {step} steps {best} is lowest."),
        "surface_lost": _("Diverged: {names}. Their learning rate is too high for this surface."),
        "warm-up + cosine": _("warm-up, then cosine"),
    }
