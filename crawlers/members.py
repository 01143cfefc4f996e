"""JSON objects of sources, read by name: what nobody asks for and what has another type is noted, never lost."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from crawlers.parsing import Shape

_WORDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "a flag"), (str, "text"), (int, "a number"), (float, "a number"), (Decimal, "a number"),
    (Mapping, "an object"), (list, "a list"),
)  # fmt: skip


class Members:
    """A JSON object. Members that are null, absent or of another type than was due read as if they were absent.

    ``where``: dotted path of the object, for findings. :meth:`close` tells the shape which members nobody asked for.
    """

    def __init__(self, values: Any, shape: Shape, where: str = "") -> None:
        self.shape, self.where = shape, where
        self._asked: set[str] = set()
        self._below: list[Members] = []
        self._objects: dict[str, Members] = {}
        self.values: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
        if values is not None and not isinstance(values, Mapping):
            self._wrong(where or "a row", values, "an object")

    def __contains__(self, name: str) -> bool:
        """Whether there is a member of that name, null or not."""
        return name in self.values

    def __bool__(self) -> bool:
        """Whether the object has any member."""
        return bool(self.values)

    def text(self, name: str) -> str:
        """A text without white space around it; a number as printed; empty where there is none."""
        value = self._value(name)
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return str(value)
        self._wrong(self._path(name), value, "text")
        return ""

    def number(self, name: str) -> Decimal | None:
        """A number, also one that is written as text (``"1,234.50"``, ``"$5"``); None where there is none."""
        value = self._value(name)
        if isinstance(value, str) and not value.strip():
            return None
        if isinstance(value, (int, float, Decimal, str)) and not isinstance(value, bool):
            try:
                number = Decimal(str(value).strip().removeprefix("$").replace(",", ""))
            except InvalidOperation:
                number = Decimal("NaN")
            if number.is_finite():
                return number
            self.shape.types[f"{self._path(name)} is no number"] += 1
            return None
        self._wrong(self._path(name), value, "a number")
        return None

    def flag(self, name: str) -> bool | None:
        """A flag, also one that is written as Yes and No; None where there is none."""
        value = self._value(name)
        if isinstance(value, str):
            known = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False, "": None}
            if value.strip().lower() in known:
                return known[value.strip().lower()]
        if isinstance(value, bool):
            return value
        self._wrong(self._path(name), value, "a flag")
        return None

    def object(self, name: str) -> "Members":
        """An object below, the same one each time it is asked for; an empty one where there is none."""
        if name not in self._objects:
            self._objects[name] = Members(self._value(name), self.shape, self._path(name))
            self._below.append(self._objects[name])
        return self._objects[name]

    def objects(self, name: str) -> list["Members"]:
        """A list of objects; a lone object counts as a list of one."""
        value = self._value(name)
        values = [value] if isinstance(value, Mapping) else value
        if not isinstance(values, list):
            self._wrong(self._path(name), values, "a list")
            return []
        below = [Members(one, self.shape, self._path(name)) for one in values if one is not None]
        self._below += below
        return below

    def texts(self, name: str) -> list[str]:
        """A list of texts without empty ones; a lone text counts as a list of one."""
        value = self._value(name)
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list):
            self._wrong(self._path(name), values, "a list")
            return []
        texts = []
        for one in values:
            if isinstance(one, (str, int)) and not isinstance(one, bool):
                texts.append(str(one).strip())
            else:
                self._wrong(self._path(name), one, "a list of texts")
        return [text for text in texts if text]

    def ignore(self, *names: str) -> None:
        """Declare members that nobody needs, whatever stands in them."""
        self._asked.update(names)

    def close(self) -> None:
        """Tell the shape which members of this object and of those below were never asked for."""
        self.shape.unread.update(self._path(name) for name in self.values.keys() - self._asked)
        for below in self._below:
            below.close()

    def _value(self, name: str) -> Any:
        self._asked.add(name)
        return self.values.get(name)

    def _path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def _wrong(self, path: str, value: Any, due: str) -> None:
        if value is not None:
            self.shape.types[f"{path} is {_word(value)} where {due} was due"] += 1


def _word(value: Any) -> str:
    return next((word for kind, word in _WORDS if isinstance(value, kind)), type(value).__name__)
