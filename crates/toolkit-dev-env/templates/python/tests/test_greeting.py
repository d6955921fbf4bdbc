import pytest

from {{module}} import greet
from {{module}}.__main__ import main


@pytest.mark.parametrize(("name", "greeting"), [("Ada", "Hello, Ada!"), ("  ", "Hello, world!")])
def test_everybody_is_greeted(name: str, greeting: str) -> None:
    assert greet(name) == greeting


def test_the_command_line_greets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["Ada"]) == 0
    assert capsys.readouterr().out == "Hello, Ada!\n"
