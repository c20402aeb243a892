"""The words of the live view: the browser's part has none of its own."""

from __future__ import annotations

from pages.shared.person.language import _


def live_text() -> dict[str, str]:
    """The words of play bar, banner and curves, in the session's language; a picture brings its own.

    Returns:
        Key to text; `{name}` in a text is filled in by the browser.
    """
    return {**_controls(), **_status(), **_unreached(), **_curves()}


def replaced_text() -> dict[str, str]:
    """What is said instead where a button or a link has put in all settings: the run need not be a new one."""
    return {"changed": _("Changed: {names}.")}


def _controls() -> dict[str, str]:
    return {
        "play": _("Play"),
        "play_help": _("Start training (Space)"),
        "again_help": _("Start again with the first weights (Space)"),
        "over_help": _("This run is over. Raise the steps to run to continue, or press Reset to begin again."),
        "over_for_good_help": _("This run is over. Press Play or Reset to begin again."),
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
        "progress": _("Progress of the run"),
        "to_settings": _("To the settings"),
        "pace": _("{images} images/s · {left} left"),
        "resume_here": _("Resume from here"),
        "resume_step": _("Resume from step {step}"),
    }


def _status() -> dict[str, str]:
    return {
        "status_starting": _("Starting …"),
        "status_connecting": _("Connecting to the run …"),
        "status_running": _("Training. You can change the learning rate while it runs."),
        "status_paused": _("Paused. Step trains for one update; Epoch goes once through the training points."),
        "status_finished": _("Finished. Drag the time slider to see how it got here."),
        "status_stopped": _("Stopped. What was trained so far is kept."),
        "status_diverged": _("The loss is no longer a finite number, so training stopped."),
        "status_failed": _("PyTorch stopped the training with an error."),
        "status_crashed": _("The training process ended unexpectedly."),
        "reconnecting": _("The connection was lost. Your run is kept; trying again …"),
        "silent": _(
            "The training process does not answer. It may recover by itself. You can also end it and resume from the "
            "last kept step."
        ),
        "end_silent": _("End it"),
        "long_step": _("Step {step} has been computed for {seconds} s; buttons act when it is done."),
        "looking": _("You are looking at step {step}."),
        "changed": _("A new run. Changed: {names}."),
        "changed_idle": _("Play starts a new run. Changed: {names}."),
        "undo": _("Undo"),
        "undo_help": _("Bring back the settings and the run from before"),
        "message_diverged": _(
            "Stopped at step {step}: the loss is no longer a finite number (NaN). The learning rate was {lr}. The "
            "picture shows step {finite_step}, the last with finite weights."
        ),
        "message_diverged_beside": _(
            "The run with the bug stopped at step {step}: its loss is no longer a finite number (NaN). Its learning "
            "rate was {lr}. Its picture shows step {finite_step}, the last with finite weights."
        ),
        "message_rose": _("The loss is {times} times what it was at the start. The learning rate is {lr}."),
        "message_no_lower": _("Finished, but the loss is no lower than at the start. The learning rate was {lr}."),
        "correct_went_on": _("The correct run continued."),
        "message_disk": _(
            "The record can't be written to disk ({reason}): training continues, but nothing can be kept until it can."
        ),
        "message_disk_full": _(
            "The disk is full: training continues, but nothing can be kept until there is space again."
        ),
        "message_disk_again": _("There is space on the disk again: the record is complete, and steps are kept again."),
        "unkept_record": _("The disk could not take its whole record: the rest is written as soon as there is space."),
        "unkept_step": _("The last step could not be kept: the disk was full."),
        "message_queued": _("Waiting for a place on the cluster: {ahead} ahead of you."),
        "message_queued_first": _("Waiting for a place on the cluster: you are next."),
        "message_queued_headless": _("The cluster does not answer. The run waits until it does; its record is kept."),
        "message_queued_lost": _(
            "A machine of the cluster was lost. The run waits for a place on another one: {ahead} ahead of you."
        ),
        "message_queued_lost_first": _(
            "A machine of the cluster was lost. The run waits for a place on another one: you are next."
        ),
        "message_place_given_up": _(
            "Paused, and others wait for a place on the cluster: this run has given up its own. Continue puts it in "
            "line."
        ),
        "message_node_lost": _(
            "A machine of the cluster was lost. The run will continue on another one, from step {kept_step}; its "
            "record is complete."
        ),
        "message_moved": _("A machine of the cluster was lost; the run continues on another one."),
        "message_cluster_torch": _(
            "The machines of the cluster have PyTorch {theirs} and this server has {ours}: the run could not be "
            "repeated there bit for bit, so it was not started."
        ),
        "message_cluster_unfit": _("No machine of the cluster can train: {error}"),
        "message_failed": _("PyTorch stopped the training at step {step}: {error}"),
        "message_crashed": _("The training process ended unexpectedly at step {step}. The steps before it are kept."),
        "message_crashed_silent": _(
            "The training process no longer answered and was ended at step {step}. The steps before it are kept."
        ),
        "message_crashed_memory": _(
            "This machine had no memory left, so its system ended the training process at step {step}. The steps "
            "before it are kept."
        ),
        "message_crashed_host": _(
            "The host of this server ended the training process at step {step}. The steps before it are kept."
        ),
        "message_memory": _(
            "Stopped at step {step}: this needs more than the {most} MB of memory that a run may take here. Choose a "
            "smaller network or smaller batches."
        ),
        "message_memory_machine": _(
            "Stopped at step {step}: this needs more memory than this machine has left. Choose a smaller network or "
            "smaller batches."
        ),
        "message_reached_steps": _(
            "Finished: all the steps you asked for are done. Drag the time slider to see how it got here, or raise "
            "the steps to run to continue."
        ),
        "goes_on": _("Not all the steps you asked for are done: Continue trains on from step {step}."),
        "message_reached_accuracy": _("Finished at step {step}: the test accuracy reached {accuracy}, your target."),
        "message_reached_validation_accuracy": _(
            "Finished at step {step}: the validation accuracy reached {accuracy}, your target."
        ),
        "message_validation_plateau": _(
            "Finished at step {step}: the validation loss was lowest at step {lowest_step}. Drag the time slider there."
        ),
        "message_plateau": _("Finished at step {step}: the training loss has stopped falling."),
        "message_stopped": _("Stopped. What was trained so far is kept."),
        "message_stopped_another": _(
            "Stopped, because you started more runs than may train at the same time. What was trained so far is kept."
        ),
        "message_stopped_left": _(
            "Stopped, because none of your tabs was open any more. What was trained so far is kept."
        ),
        "message_stopped_long": _(
            "Stopped, because it has run for as long as a run may on this server. What was trained so far is kept, and "
            "Continue trains on from there."
        ),
        "message_stopped_host": _("Stopped by the host of this server. What was trained so far is kept."),
    }


def _unreached() -> dict[str, str]:
    """Why a page that never was connected to its run is not, and who can change that."""
    return {
        "unreached_server": _("The server does not answer. Trying again …"),
        "unreached_origin": _(
            "The server refuses this page, as it was asked under another name. The host must pass on the Host header, "
            "or name {page} in server.corsAllowedOrigins."
        ),
        "unreached_cookie": _(
            "Your browser sends no cookie to the server, so it can't find your run. Allow cookies for this page, then "
            "reload it."
        ),
        "unreached_run": _("The server has no such run of yours any more. Press Reset to begin again."),
        "unreached_blocked": _(
            "The server answers, but neither a WebSocket nor a POST to {address} gets through. The host's proxy must "
            "let one of them pass."
        ),
        "unreached_elsewhere": _(
            "{address} is not answered by this app (status {status}). The host's proxy must pass it on."
        ),
    }


def _curves() -> dict[str, str]:
    return {
        "loss": _("Loss"),
        "accuracy": _("Accuracy"),
        "train": _("train"),
        "test": _("test"),
        "validation": _("validation"),
        "ghost": _("previous run"),
        "lane_run": _("With the bug"),
        "lane_correct": _("Correct"),
        "lane_short_run": _("bug"),
        "lane_short_correct": _("correct"),
        "lane_short_ghost": _("previous run"),
        "log": _("log"),
        "log_scale": _("Logarithmic axis: shows small losses as clearly as large ones"),
        "hover_step": _("step {step}"),
        "lr_mark": _("lr {lr}"),
        "floor": _("cannot go below {floor}"),
        "up_to": _("up to {value}"),
        "loss_label": _("Loss over the steps; test loss {value} at step {step}"),
        "accuracy_label": _("Accuracy over the steps; test accuracy {value} at step {step}"),
    }


def epoch_text() -> dict[str, str]:
    """Words that differ where runs are counted in epochs."""
    return {
        "over_help": _("This run is over. Raise the epochs to run to continue, or press Reset to begin again."),
        "message_reached_steps": _(
            "Finished: all epochs are done. Drag the time slider to see how it got here, or raise the epochs to run "
            "to continue."
        ),
        "train": _("train batch"),
        "train_help": _("On the batch that was just trained on: one batch, so it jumps"),
    }
