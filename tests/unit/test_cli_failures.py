"""Errors are told in one line that a person can act on."""

import pytest

from pipeline.errors import AudioEmpty, ModelMissing
from serve.cli.failures import cause, failure, tell


def test_our_own_errors_keep_code_message_and_exit_code() -> None:
    told = failure(AudioEmpty("a.wav: empty."))
    assert (str(told), told.exit_code) == ("[audio.empty] a.wav: empty.", 3)


def test_of_several_errors_ours_is_told() -> None:
    ours = ModelMissing("base: missing.")
    group = ExceptionGroup("", [ValueError("x"), ExceptionGroup("", [OSError("y"), ours])])
    assert cause(group) is ours
    assert failure(ExceptionGroup("", [ValueError("x")])).message.startswith(
        "unexpected ValueError"
    )


def test_a_package_that_is_absent_is_told_from_one_that_is_broken() -> None:
    absent = failure(ModuleNotFoundError("No module named 'av'", name="av"))
    assert absent.message == "av is not installed. Run: pip install 'parley[models]'."
    broken = failure(ImportError("libcudart.so.13: cannot open shared object file", name="torch"))
    assert "parley doctor" in broken.message and "libcudart" in broken.message


def test_what_is_told_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a\x1b[31m\rb\x07\ud800.wav")
    assert capsys.readouterr().err == "a�[31m�b��.wav\n"
