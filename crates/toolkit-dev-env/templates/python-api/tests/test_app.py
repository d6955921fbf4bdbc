import pytest
from fastapi.testclient import TestClient

from {{module}}.app import create_app


@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app())


def test_it_says_that_it_is_well(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_a_note_is_kept_and_read(client: TestClient) -> None:
    added = client.post("/notes", json={"text": "buy milk"})
    assert added.status_code == 201
    assert client.get(f"/notes/{added.json()['id']}").json() == {"id": 1, "text": "buy milk"}
    assert len(client.get("/notes").json()) == 1


def test_an_empty_note_is_refused(client: TestClient) -> None:
    assert client.post("/notes", json={"text": ""}).status_code == 422


def test_a_note_that_is_not_there_is_told_so(client: TestClient) -> None:
    assert client.get("/notes/7").status_code == 404
