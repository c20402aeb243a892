"""Every page of the app, a row each: navigation, home, titles and links are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Page:
    """One page. Its texts are English message ids, translated where they are drawn.

    Attributes:
        folder: its folder in pages/, with `page.py`; also its address, unless `url_path` is given.
        title: its name in the navigation.
        heading: what stands at its top; the title if empty.
        on_home: what the home page calls it; the heading if empty.
        sentence: what it teaches, shown on the home page with the first page of a step.
        step: its step of the tutorial, 1 to 8; the home page shows only pages that have one.
        icon: the icon of links to it.
        experiment: the experiment that it trains, by the name that it has in core; None for pages that train nothing.
        url_path: its address, where the folder's name can't be used.
        opening: settings of its experiment that a first visit finds, as a link has them; all others are the defaults.
    """

    folder: str
    title: str
    heading: str = ""
    on_home: str = ""
    sentence: str = ""
    step: int | None = None
    icon: str = ":material/arrow_forward:"
    experiment: str | None = None
    url_path: str = ""
    opening: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heading", self.heading or self.title)
        object.__setattr__(self, "on_home", self.on_home or self.heading)
        object.__setattr__(self, "url_path", self.url_path or self.folder)

    @property
    def script(self) -> str:
        """The file that draws it, as Streamlit names it."""
        return f"pages/{self.folder}/page.py"


# fmt: off
PAGES = (
    Page("home", title="Home"),
    Page("classifier", title="Classifier", heading="A simple classifier", step=1, experiment="classifier",
         sentence="The whole path once: data, network, loss, three lines of training, test.",
         opening={"dataset": "spirals", "hidden_sizes": "32,32", "optimizer": "Adam"}),
    Page("cnn", title="CNN", heading="A CNN on handwritten digits", on_home="A CNN on MNIST", step=2, experiment="cnn",
         sentence="Convolution, activation and pooling: a network that reads handwritten digits."),
    Page("layers", title="Layers", heading="The common layers", step=3,
         sentence="Try convolution, pooling, dropout, batch norm, activations and losses on real numbers."),
    Page("tensorboard", title="TensorBoard", step=4, icon=":material/monitoring:",
         sentence="Log your runs while they train, and read the curves, images and graphs.",
         url_path="logging"),  # /tensorboard is TensorBoard itself
    Page("vgg", title="VGG", heading="VGG: a deep network from a list", on_home="VGG by make_layers", step=5,
         experiment="vgg", sentence="A deep network from a list of numbers, without writing it out."),
    Page("build", title="Build", heading="Build your own network", step=5, experiment="build"),
    Page("devices", title="Devices", on_home="GPU, saving and loading", step=6,
         sentence="Move data and model to a device; state_dict and checkpoints."),
    Page("saving", title="Saving", heading="Saving and loading", step=6),
    Page("rnn", title="RNN", heading="RNN and LSTM: cos from sin", on_home="RNN and LSTM", step=7, experiment="rnn",
         sentence="Sequences: predict cos from sin, with a memory that can be watched."),
    Page("rnn_digits", title="LSTM", heading="LSTM: a digit row by row",
         on_home="Classification: a digit row by row", step=7, experiment="rnn_digits"),
    Page("loading", title="Loading", heading="Loading data in parallel", step=8,
         sentence="DataLoader's workers, when they pay, and where to go from here."),
    Page("next", title="Further", heading="Where to go next", step=8, icon=":material/signpost:"),
    Page("glossary", title="Glossary", icon=":material/menu_book:"),
)
# fmt: on


def page(folder: str) -> Page:
    """The page of a folder (raises StopIteration if there is none)."""
    return next(row for row in PAGES if row.folder == folder)


def page_of(experiment: str) -> Page | None:
    """The page that trains an experiment; None for one that has no page."""
    return next((row for row in PAGES if row.experiment == experiment), None)
