"""How somebody is greeted."""


def greet(name: str) -> str:
    """Greet somebody by name; without a name, the world."""
    return f"Hello, {name.strip() or 'world'}!"
