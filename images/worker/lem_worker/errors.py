"""The three things that can go wrong: a value, an exchange with the controller, an engine."""


class Invalid(ValueError):
    """A value that is not acceptable; the message begins with the name of the field."""


class WireProblem(Exception):
    """An answer that is not a success; becomes a WireError body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class EngineFailure(Exception):
    """An engine knows why it failed; any other exception becomes `engine_error`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def described(error: BaseException, longest: int = 500) -> str:
    """Message in one line of bounded length, with the type in front unless it is one of ours."""
    ours = isinstance(error, (Invalid, EngineFailure))
    text = " ".join((str(error) if ours else f"{type(error).__name__}: {error}").split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
