"""Notes, kept in memory until there is a database."""

from itertools import count
from threading import Lock

from pydantic import BaseModel, Field


class NewNote(BaseModel):
    """A note as somebody writes it."""

    text: str = Field(min_length=1, max_length=10_000)


class Note(NewNote):
    """A note as it is kept."""

    id: int


class Notes:
    """All notes, by their number."""

    def __init__(self) -> None:
        self._notes: dict[int, Note] = {}
        self._numbers = count(1)
        self._lock = Lock()

    def add(self, new: NewNote) -> Note:
        """Keep a note under the next number."""
        with self._lock:
            note = Note(id=next(self._numbers), text=new.text)
            self._notes[note.id] = note
            return note

    def find(self, number: int) -> Note | None:
        """Give the note of this number, if there is one."""
        return self._notes.get(number)

    def all(self) -> list[Note]:
        """Give all notes, the oldest first."""
        return list(self._notes.values())
