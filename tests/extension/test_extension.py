"""One more experiment is one module, one folder, one row: a copy of the project with a seventh one keeps all promises.

Nothing else of the copy is touched. That it can be driven in a browser is tested in tests/browser/test_extension.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extension.project import NEW, ROOT, extended

PROMISES = {
    "it trains": "test_the_loop_yields_the_untrained_network_and_then_every_step[autoencoder]",
    "a bug is trained beside it": (
        "test_a_bug_is_trained_beside_the_correct_run_and_its_script_repeats_it[autoencoder-no_activation]"
    ),
    "an uploaded checkpoint resumes it": "test_resumed_from_an_upload_bit_for_bit[autoencoder-Adam]",
    "it is logged": "test_everything_that_is_logged_can_be_read_and_costs_no_bit[autoencoder]",
    "its script logs": "test_the_script_logs_what_the_app_logs[autoencoder]",
    "its script repeats it": "test_the_script_prints_the_losses_of_the_run_bit_for_bit[autoencoder]",
    "its notebook repeats it": "test_the_notebook_prints_the_losses_of_the_run_bit_for_bit[autoencoder]",
    "its state_dict is a file": "test_every_file_is_read_again[state_dict-autoencoder]",
    "its safetensors are a file": "test_every_file_is_read_again[safetensors-autoencoder]",
    "its whole model is a file": "test_every_file_is_read_again[model-autoencoder]",
    "its checkpoint is a file": "test_every_file_is_read_again[checkpoint-autoencoder]",
    "its programs are files": "test_programs_answer_as_the_network_does_and_give_its_weights_back[autoencoder]",
    "its page opens": "test_opens_trains_and_draws_every_section[autoencoder]",
    "its page is Chinese": "test_a_training_page_is_chinese_in_every_section[autoencoder]",
    "its lesson is in both languages": "test_a_lesson_is_the_same_in_both_languages[autoencoder/lesson]",
    "its words are translated": "test_every_sentence_is_translated_and_none_is_left_over",
    "its imports run one way": "test_no_circle_between_files",
}
"""Promise -> the general test that keeps it."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the seventh experiment."""
    return extended(tmp_path_factory.mktemp("extension") / "project")


def run(project: Path, *arguments: str | Path) -> str:
    """What a command prints that runs in the copy and must end well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(arguments, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-10_000:]
    return done.stdout


def test_the_copy_has_one_module_one_folder_and_one_row_more(project: Path) -> None:
    rooms = ("core", "pages", "scripts", "tests")
    here = {path.relative_to(ROOT) for room in rooms for path in (ROOT / room).rglob("*.*")}
    there = {path.relative_to(project) for room in rooms for path in (project / room).rglob("*.*")}
    folder = Path("pages/autoencoder")
    assert {path for path in there - here if path.suffix != ".pyc"} == {
        Path("core/experiments/autoencoder.py"),
        *(folder / path.name for path in (NEW / "page").iterdir()),
    }
    changed = [path for path in there & here if path.suffix == ".py"]
    changed = [path for path in changed if (ROOT / path).read_bytes() != (project / path).read_bytes()]
    assert changed == [Path("pages/index.py")]
    rows = [len((root / changed[0]).read_text(encoding="utf-8").splitlines()) for root in (ROOT, project)]
    assert rows[1] == rows[0] + 1


@pytest.mark.long
def test_it_passes_all_that_a_new_experiment_has_to_pass(project: Path) -> None:
    options = ("-q", "-rA", "-p", "no:cacheprovider", "--experiment", "autoencoder", "--ignore", "tests/browser")
    told = run(project, sys.executable, "-m", "pytest", *options, "tests")
    passed = set(re.findall(r"^PASSED \S+?::(.+)$", told, re.MULTILINE))
    kept = {promise for promise, test in PROMISES.items() if test in passed}
    assert kept == set(PROMISES)


def test_its_style_and_types_are_those_of_the_project(project: Path) -> None:
    run(project, sys.executable, "-m", "ruff", "check", ".")
    run(project, sys.executable, "-m", "ruff", "format", "--check", ".")
    if (ROOT / ".mypy_cache").is_dir():  # of torch and its like: from nothing it takes minutes
        shutil.copytree(ROOT / ".mypy_cache", project / ".mypy_cache")
    run(project, sys.executable, "-m", "mypy", "core/experiments/autoencoder.py", "pages/autoencoder/page.py")


def test_its_scripts_pass_the_checks_of_all_scripts(project: Path) -> None:
    tools = ROOT / "node_modules"
    if not tools.is_dir():
        pytest.skip("the tools of package.json are not installed: npm ci")
    (project / "node_modules").symlink_to(tools)
    run(project, tools / ".bin" / "biome", "check", "--vcs-enabled=false", "--error-on-warnings", "pages/autoencoder")
    run(project, tools / ".bin" / "tsc", "--noEmit")
