"""The words of the live view: the browser's part has none of its own."""

from collections.abc import Callable


def live_text(_: Callable[[str], str]) -> dict[str, str]:
    """All words and sentences of the live view, translated.

    Args:
        _: gettext's translation of one message.

    Returns:
        Key to text; ``{name}`` in a text is filled in by the browser.
    """
    return {**_controls(_), **_status(_), **_picture(_), **_curves(_), **_network(_), **_images(_), **_sequence(_)}


def _controls(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "play": _("Play"),
        "play_help": _("Start training (Space)"),
        "again_help": _("Start again with the first weights (Space)"),
        "over_help": _("This run is over. Raise the steps to run to go on, or press Reset to begin anew."),
        "over_for_good_help": _("This run is over. Press Play or Reset to begin anew."),
        "continue": _("Continue"),
        "pause": _("Pause"),
        "pause_help": _("Pause training; nothing is lost (Space)"),
        "step": _("Step"),
        "step_help": _("Train for one step: one batch, one update of the weights"),
        "epoch": _("Epoch"),
        "epoch_help": _(
            "Train for one epoch: every training point is used once. With all points in a batch it is one step"
        ),
        "reset": _("Reset"),
        "reset_help": _("Go back to the same initial weights, before the first step"),
        "speed": _("Training speed"),
        "steps_per_second": _("{count} steps/s"),
        "max_speed": _("Full speed"),
        "step_count": _("Step {step} / {num_steps}"),
        "epoch_count": _("epoch {epoch} · lr {lr}"),
        "time": _("Time"),
        "time_help": _("Look back at an earlier step of this run"),
        "time_live": _("now"),
        "time_step": _("step {step}"),
        "back_to_live": _("Back to live"),
        "pace": _("{images} images/s · {left} left"),
        "resume_here": _("Resume from here"),
        "resume_step": _("Resume from step {step}"),
    }


def _status(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "status_idle": _("Press Play and watch the boundary bend. The network has not learned anything yet."),
        "status_starting": _("Starting …"),
        "status_connecting": _("Connecting to the run …"),
        "status_running": _("Training. You can change the learning rate while it runs."),
        "status_paused": _("Paused. Step trains for one update; Epoch goes once through the training points."),
        "status_finished": _("Finished. Drag the time slider to see how it got here."),
        "status_stopped": _("Stopped. What was trained so far is kept."),
        "status_diverged": _("The loss is no longer a finite number, so training stopped."),
        "status_failed": _("PyTorch stopped the training with an error."),
        "status_crashed": _("The training process ended unexpectedly."),
        "reconnecting": _("The connection was lost. Trying again; the training itself goes on …"),
        "looking": _("You are looking at step {step}."),
        "adding": _("Click on the plot to add a point of class {label}."),
        "message_diverged": _(
            "Stopped at step {step}: the loss is no longer a finite number (NaN). At learning rate {lr} each step "
            "jumped past the minimum. Lower it and press Play. The picture shows step {finite_step}, the last with "
            "finite weights."
        ),
        "message_diverged_beside": _(
            "The run with the bug stopped at step {step}: its loss is no longer a finite number (NaN). At learning "
            "rate {lr} each step jumped past the minimum. Its picture shows step {finite_step}, the last with finite "
            "weights."
        ),
        "message_diverged_switch": _(
            "The run with the bug stopped at step {step}: its loss is no longer a finite number (NaN). The bug, not "
            "the slider, sets its learning rate to {lr}. Its picture shows step {finite_step}, the last with finite "
            "weights."
        ),
        "message_rose": _(
            "The loss is {times} times what it was at the start: at learning rate {lr} each step jumps past the "
            "minimum. Lower it, or press Reset."
        ),
        "message_no_lower": _(
            "Finished, but the loss is no lower than at the start: nothing was learned. At learning rate {lr} the "
            "steps are too long, or far too short."
        ),
        "correct_went_on": _("The correct run went on."),
        "message_disk": _("The record can't be written ({reason}). Training goes on, but will not be kept."),
        "message_failed": _("PyTorch stopped the training at step {step}: {error}"),
        "message_crashed": _("The training process ended unexpectedly at step {step}. The steps before it are kept."),
        "message_reached_steps": _(
            "Finished: all the steps you asked for are done. Drag the time slider to see how it got here, or raise the "
            "steps to run to go on."
        ),
        "goes_on": _("Not all the steps you asked for are done: Continue goes on from step {step}."),
        "message_reached_accuracy": _("Finished at step {step}: the test accuracy reached {accuracy}, your target."),
        "message_plateau": _("Finished at step {step}: the loss has stopped falling."),
        "message_stopped": _("Stopped. What was trained so far is kept."),
    }


def _picture(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "classes": _("Class"),
        "show_test_points": _("Test points"),
        "show_test_points_help": _("Show the points the network is tested on but never trained on, as rings"),
        "hard_boundary": _("Hard edges"),
        "hard_boundary_help": _("Show only which class is likeliest, not how sure the network is"),
        "reset_zoom": _("Reset zoom"),
        "lane_run": _("With the bug"),
        "lane_correct": _("Correct"),
        "sequence_label": _("The wave around step {step}, training loss {loss}"),
        "picture_label": _("Decision boundary at step {step}, test accuracy {accuracy}"),
        "picture_label_untrained": _("Decision boundary at step {step}"),
        "hover_train": _("Training point of class {label}"),
        "hover_test": _("Test point of class {label}"),
        "hover_own": _("Your point, of class {label}"),
        "hover_place": _("x1 = {x}, x2 = {y}"),
        "hover_prediction": _("Predicted: class {label}, probability {probability}"),
    }


def _images(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "tab_layers": _("Layers"),
        "tab_layers_help": _("One image on its way through all layers, to the ten probabilities"),
        "tab_blocks": _("Block by block"),
        "tab_blocks_help": _("One image on its way through the network: what each block makes of it"),
        "stage_caption": _("{block}: {shape}"),
        "stage_caption_some": _("{block}: {shape}, the first {shown} shown"),
        "tab_reading": _("Reading"),
        "tab_reading_help": _("One example as it is read, and what the network would say after each row"),
        "read": _("Read it once more"),
        "read_help": _("Read it row by row, slowly"),
        "reading_help": _("Time goes down. Point at a row: what would the network say if it were the last one?"),
        "reading_memory": _("hidden state"),
        "reading_memory_short": _("state"),
        "reading_classes": _("probabilities"),
        "reading_classes_short": _("says"),
        "verdict_row": _("After row {row} of {rows}: {answer}, {sure} sure."),
        "tab_depth": _("Depth"),
        "tab_depth_help": _("How signal and gradient pass through all layers, from the first to the last"),
        "depth_note": _("Gradient of the first layer: {first}, of the last: {last}. Each gridline is a factor of 100."),
        "depth_untrained": _("No gradient yet: it comes with the first step. Each gridline is a factor of 100."),
        "depth_signal": _("signal: spread of the output"),
        "depth_gradient": _("gradient: its norm"),
        "depth_signal_short": _("signal"),
        "depth_gradient_short": _("gradient"),
        "unseen": _("Too large to be drawn before it trains. Press Play: its own process draws it."),
        "image_label": _("The image that goes in"),
        "tab_convolution": _("Convolution"),
        "tab_convolution_help": _("One pixel of a filter's output: the patch, the kernel, and the sum that gives it"),
        "tab_mistakes": _("Mistakes"),
        "tab_mistakes_help": _("The test images that the network is most surely wrong about"),
        "tab_confusion": _("Confusion"),
        "tab_confusion_help": _("Which class is taken for which"),
        "tab_projection": _("Projection"),
        "tab_projection_help": _("Test images laid out by what the last layer is given of them"),
        "show_saliency": _("What it looks at"),
        "show_saliency_help": _("Colour the pixels that move the strongest logit most (saliency)"),
        "show_gradients": _("Gradients of the filters"),
        "show_gradients_help": _("Show the last step's gradient of each filter instead of its weights"),
        "previous_image": _("The test image before"),
        "next_image": _("The next test image"),
        "clear_pad": _("Clear"),
        "clear_pad_help": _("Empty the pad, to draw on it"),
        "draw_here": _("Draw here"),
        "pad_label": _("The image that goes in. Draw on it with mouse or finger; it is centred as MNIST's digits are"),
        "image_number": _("no. {number}"),
        "own_drawing": _("yours"),
        "filters_caption": _("conv1: {count} filters of {size} × {size}"),
        "gradients_caption": _("conv1: gradients of {count} filters"),
        "maps_caption": _("after conv{number}: {count} maps of {size} × {size}"),
        "tile_filters": _("Filter {number}. Click to see it at work."),
        "tile_maps": _("Map {number} after conv{layer}"),
        "verdict": _("Says {answer}, {sure} sure. It is {truth}."),
        "verdict_drawn": _("Says {answer}, {sure} sure."),
        "previous_filter": _("The filter before"),
        "next_filter": _("The next filter"),
        "filter_number": _("filter {number} of {count}"),
        "convolution_help": _("Point at the output, or use the arrow keys, to choose a pixel"),
        "convolution_input": _("input"),
        "convolution_output": _("output, before the activation"),
        "patch": _("patch"),
        "kernel": _("kernel"),
        "products": _("products"),
        "convolution_sum": _(
            "Sum of the products {sum} + bias {bias} = {value}, the output at row {row}, column {column}."
        ),
        "mistakes_note": _(
            "At this step {wrong} of the first {tested} test images are wrong. The surest mistakes first; click one to "
            "look into it."
        ),
        "mistake": _("{truth} read as {answer}"),
        "mistake_help": _("It is {truth}; the network says {answer}, {sure} sure."),
        "confusion": _("Confusion matrix"),
        "confusion_note": _(
            "Counts of the first {tested} test images at this step: {wrong} are wrong. Row: what it is. Column: what "
            "the network says."
        ),
        "confusion_cell": _("{truth} read as {said}: {count} times"),
        "true_and_said": _("is \\ says"),
        "projection_note": _(
            "300 test images, each shown as its true class, by the two main directions (PCA) of what the last layer is "
            "given. At this step {wrong} of {tested} are wrong."
        ),
    }


def _sequence(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "tab_fit": _("Following the wave"),
        "tab_fit_help": _(
            "The windows that come next: what goes in, what is asked for, and what the network of this step says"
        ),
        "tab_free": _("By itself"),
        "tab_free_help": _("The network is fed its own output, and goes on beyond the data"),
        "wave_input": _("input"),
        "wave_target": _("target"),
        "wave_prediction": _("prediction"),
        "by_itself": _("from here on it reads only its own output"),
        "free_error": _("distance from the true wave, up to {most}"),
        "free_excuse": _(
            "To go on by itself the network must put out what it reads: choose “the next point” under Predict, "
            "without bidirectional, and train."
        ),
        "memory": _("hidden state: {count} numbers at each point"),
        "memory_help": _("The hidden state over time, a row for each unit: green above zero, purple below"),
        "reach": _("gradient (log)"),
        "reach_none": _("below 1e−8"),
        "reach_help": _(
            "How strongly the error at the next window's last point pulls at the input of each of its points, from the "
            "first to the last (each gridline a factor of 10,000). Tiny on the left: the gradient vanishes on its way "
            "back through time; above 1 and growing: it explodes."
        ),
        "lane_RNN": "RNN",
        "lane_LSTM": "LSTM",
        "lane_GRU": "GRU",
        "lane_short_RNN": "RNN",
        "lane_short_LSTM": "LSTM",
        "lane_short_GRU": "GRU",
    }


def _curves(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "loss": _("Loss"),
        "accuracy": _("Accuracy"),
        "train": _("train"),
        "test": _("test"),
        "ghost": _("previous run"),
        "lane_short_run": _("bug"),
        "lane_short_correct": _("correct"),
        "lane_short_ghost": _("previous run"),
        "log": _("log"),
        "log_scale": _("Logarithmic axis: shows small losses as clearly as large ones"),
        "hover_step": _("step {step}"),
        "lr_mark": _("lr {lr}"),
        "floor": _("cannot go below {floor}"),
        "loss_label": _("Loss over the steps; test loss {value} at step {step}"),
        "accuracy_label": _("Accuracy over the steps; test accuracy {value} at step {step}"),
    }


def _network(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "network_hint": _(
            "Each square shows where on the plane that neuron is active: green above zero, purple below. "
            "Each line is a weight: green positive, purple negative, and the wider the larger."
        ),
        "network_label": _("The network at step {step}, with layers of {sizes} neurons"),
        "lane_choice": _("Which network to show"),
        "neuron_name": _("Neuron {index} of {layer}"),
        "neuron_range": _("values from {low} to {high}"),
        "neuron_bias": _("bias {bias}"),
        "link_name": _("{from} → {to}"),
        "link_weight": _("weight {weight}"),
        "gradient_norm": _(
            "Gradient norm of each layer: of the last step as a number and a bar, of the steps before as a line "
            "(from 1e-7 to 100 on a log scale)"
        ),
        "gradient_norm_help": _(
            "How strongly the last step pulled at the weights of each layer. "
            "Much smaller in the first layers than in the last: the gradient vanishes."
        ),
        "gradient_label": _("Gradient norm of {layer}: {value}"),
    }


def epoch_text(_: Callable[[str], str]) -> dict[str, str]:
    """Words that differ where runs are counted in epochs."""
    return {
        "over_help": _("This run is over. Raise the epochs to run to go on, or press Reset to begin anew."),
        "message_reached_steps": _(
            "Finished: all epochs are done. Drag the time slider to see how it got here, or raise the epochs to "
            "run to go on."
        ),
        "train": _("train batch"),
        "train_help": _("On the batch that was just trained on: one batch, so it jumps"),
    }
