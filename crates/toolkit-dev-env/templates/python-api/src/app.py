"""The application and its routes."""

from fastapi import FastAPI, HTTPException

from {{module}}.notes import NewNote, Note, Notes


def create_app() -> FastAPI:
    """Make the application with notes of its own."""
    app = FastAPI(title="{{name}}")
    notes = Notes()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/notes")
    def list_notes() -> list[Note]:
        return notes.all()

    @app.post("/notes", status_code=201)
    def add_note(note: NewNote) -> Note:
        return notes.add(note)

    @app.get("/notes/{number}")
    def read_note(number: int) -> Note:
        note = notes.find(number)
        if note is None:
            raise HTTPException(status_code=404, detail=f"there is no note {number}")
        return note

    return app


app = create_app()
