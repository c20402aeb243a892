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
        heading: what stands at its top, and what its card on the home page calls it; the title if empty.
        sentence: what it teaches, on its card.
        step: its step of the tutorial, 1 to 8; the home page has a card for each page that has one.
        minutes: what its lessons take together, as they say themselves.
        icon: the icon of links to it.
        group: what it is found under in the navigation, "train", "inside" or "tools"; those of no group
            stand before all groups.
        settings: whether it has settings at its left; the switch between the languages stands above them then.
        experiment: the experiment that it trains, by the name that it has in core; None for pages that train nothing.
        url_path: its address, where the folder's name can't be used.
        opening: settings of its experiment that a first visit finds, as a link has them; all others are the defaults.
    """

    folder: str
    title: str
    heading: str = ""
    sentence: str = ""
    step: int | None = None
    minutes: int = 0
    icon: str = ":material/arrow_forward:"
    group: str = ""
    settings: bool = False
    experiment: str | None = None
    url_path: str = ""
    opening: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heading", self.heading or self.title)
        object.__setattr__(self, "group", self.group or ("train" if self.experiment else ""))
        object.__setattr__(self, "settings", self.settings or self.experiment is not None)
        object.__setattr__(self, "url_path", self.url_path or self.folder)

    @property
    def script(self) -> str:
        """The file that draws it, as Streamlit names it."""
        return f"pages/{self.folder}/page.py"


# fmt: off
PAGES = (
    Page("home", title="Home", icon=":material/home:"),
    Page("classifier", title="Classifier", heading="A simple classifier", step=1, minutes=45, experiment="classifier",
         icon=":material/scatter_plot:",
         sentence="The whole path once: data, network, loss, three lines of training, test.",
         opening={"dataset": "spirals", "hidden_sizes": "32,32", "optimizer": "Adam"}),
    Page("cnn", title="CNN", heading="A CNN on handwritten digits", step=2, minutes=45, experiment="cnn",
         icon=":material/grid_on:",
         sentence="Convolution, activation and pooling: a network that reads handwritten digits."),
    Page("layers", title="Layers", heading="The common layers", step=3, minutes=125, group="inside", settings=True,
         icon=":material/layers:",
         sentence="Try convolution, pooling, dropout, batch norm, activations and losses on real numbers."),
    Page("tensorboard", title="TensorBoard", step=4, minutes=30, group="tools", icon=":material/monitoring:",
         sentence="Log your runs while they train, and read the curves, images and graphs.",
         url_path="logging"),  # /tensorboard/ is TensorBoard itself
    Page("vgg", title="VGG", heading="VGG: a deep network from a list", step=5, minutes=45, experiment="vgg",
         icon=":material/stacks:", sentence="A deep network from a list of numbers, without writing it out."),
    Page("build", title="Build", heading="Build your own network", step=5, minutes=40, experiment="build",
         icon=":material/construction:",
         sentence="Put blocks together, see every shape, and train what you have built."),
    Page("devices", title="Devices", step=6, minutes=30, group="inside", settings=True, icon=":material/memory:",
         sentence="Move data and model to a device, and measure when a GPU or more threads pay off."),
    Page("saving", title="Saving", heading="Saving and loading", step=6, minutes=40, group="tools", settings=True,
         icon=":material/save:",
         sentence="state_dict and checkpoints: what is in a file, what fits, and how to continue."),
    Page("rnn", title="RNN", heading="RNN and LSTM: cos from sin", step=7, minutes=30, experiment="rnn",
         icon=":material/show_chart:",
         sentence="Sequences: predict cos from sin, with a memory that can be watched."),
    Page("rnn_digits", title="LSTM", heading="LSTM: a digit row by row", step=7, minutes=30, experiment="rnn_digits",
         icon=":material/table_rows:",
         sentence="Read an image like a text, row by row, and see what each gate lets through."),
    Page("loading", title="Loading", heading="Loading data in parallel", step=8, minutes=35, group="inside",
         settings=True, icon=":material/dynamic_feed:",
         sentence="What DataLoader's workers do, and when they pay off."),
    Page("next", title="Where to go next", step=8, minutes=120, group="tools",
         icon=":material/signpost:",
         sentence="One new topic after each step, as a program that runs here and anywhere else."),
    Page("glossary", title="Glossary", group="tools", icon=":material/menu_book:"),
)
# fmt: on
HOST = Page("host", title="Host", icon=":material/admin_panel_settings:")
"""The page of whoever runs the server; no navigation shows it, and what is on it asks for a key."""
ALL = (*PAGES, HOST)


def page(folder: str) -> Page:
    """The page of a folder (raises StopIteration if there is none)."""
    return next(row for row in ALL if row.folder == folder)


def page_of(experiment: str) -> Page | None:
    """The page that trains an experiment; None for one that has no page."""
    return next((row for row in PAGES if row.experiment == experiment), None)


def neighbours(row: Page) -> tuple[Page | None, Page | None]:
    """The pages before and after one on the tutorial's path, which begins at home; None where there is none."""
    path = [known for known in PAGES if known.step is not None]
    if row not in path:
        return None, None
    at = path.index(row)
    return (path[at - 1] if at else PAGES[0]), (path[at + 1] if at + 1 < len(path) else None)
