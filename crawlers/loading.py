"""The spider and the parser of a source, loaded from its folder."""

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from crawlers.parsing import Parser
from crawlers.source import FOLDER, Source
from noticewatch.errors import SettingsError

if TYPE_CHECKING:
    from crawlers.spider import SourceSpider


def load_parser(source: Source) -> Parser:
    """The module ``parser.py`` of a source. Raises SettingsError where it lacks ``rows`` or ``read_row``."""
    module = _module(source, "parser")
    for name in ("rows", "read_row"):
        if not callable(getattr(module, name, None)):
            raise SettingsError(f"{source.folder / 'parser.py'} has no function {name}; see crawlers/parsing.py.")
    return cast("Parser", module)


def load_spider(source: Source) -> "type[SourceSpider]":
    """The one spider class in ``spider.py`` of a source. Raises SettingsError where there is none or several."""
    from crawlers.spider import SourceSpider  # noqa: PLC0415 - Scrapy is loaded only where something is crawled

    module = _module(source, "spider")
    own = [
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, SourceSpider) and found.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise SettingsError(f"{source.folder / 'spider.py'} has {len(own)} spiders; it must have one.")
    return own[0]


def _module(source: Source, name: str) -> ModuleType:
    file = source.folder / f"{name}.py"
    if source.folder.parent == FOLDER:
        return importlib.import_module(f"crawlers.sources.{source.name}.{name}")
    return _from_file(f"noticewatch_source_{source.name}_{name}", file)


def _from_file(module_name: str, file: Path) -> ModuleType:
    held = sys.modules.get(module_name)
    if held is not None and held.__file__ == str(file):
        return held
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise SettingsError(f"{file} does not exist; a source needs it.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module
