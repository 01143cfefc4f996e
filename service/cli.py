"""The command line: ``noticewatch COMMAND``. Every error is one sentence on standard error."""

import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from noticewatch import __version__
from noticewatch.errors import NoticewatchError, UsageError

_MODULES: Final[Mapping[str, Sequence[str]]] = {
    "service": ["run", "serve", "schedule", "settings"],
    "crawlers": ["sources", "crawl", "import", "load-starter", "new-source"],
    "indexer": ["search"],
    "archive": ["show", "history"],
    "backups": ["backup", "restore", "archive"],
    "differences": ["diff"],
    "evidence": ["evidence"],
    "export": ["export"],
    "proof": ["verify", "proof"],
    "doctor": ["doctor"],
    "index": ["index"],
    "watchlist": ["watchlist"],
    "corrections": ["correct"],
    "alerts": ["alerts"],
}
"""The commands that each module of ``service.commands`` adds, in the order in which help lists them."""


@cache
def _added_by(module: str) -> TyperGroup:
    room = typer.Typer(rich_markup_mode="markdown")
    import_module(f"service.commands.{module}").add_to(room)
    return typer.main.get_group(room)


class _Commands(Mapping[str, Any]):
    """All commands by name. The module of one is loaded when it is asked for: a command waits for no other's."""

    _module: Final = {name: module for module, names in _MODULES.items() for name in names}

    def __getitem__(self, name: str) -> Any:
        return _added_by(self._module[name]).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._module)

    def __len__(self) -> int:
        return len(self._module)


class _Group(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given | {"commands": _Commands()})


app = typer.Typer(
    name="noticewatch",
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Which public bodies buy surveillance technology, from whom and for how much. "
    "Start with `noticewatch run`. A traceback of an error is shown with `--debug`.",
)

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@app.callback(invoke_without_command=True)
def _noticewatch(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say the version and end.")] = False,
) -> None:
    if version:
        sys.stdout.write(f"noticewatch {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(f"{context.get_help()}\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        _write_anything(stream)
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    sys.exit(_run([argument for argument in given if argument != "--debug"], debug=debug))


def _write_anything(stream: object) -> None:
    """Let files and pipes get UTF-8, and an old terminal a question mark for a character that it does not have."""
    if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in {"utf-8", "utf8"}:
        stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _run(arguments: list[str], *, debug: bool) -> int:
    try:
        for argument in arguments:
            _refuse_other_bytes(argument)
        code = app(arguments, prog_name="noticewatch", standalone_mode=False)
    except NoticewatchError as error:
        return _fail(str(error), error.exit_code, debug=debug)
    except typer.TyperException as error:
        return _misused(error, debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("Stopped.", INTERRUPTED, debug=False)
    except SystemExit as ended:  # so click and rich end where the reader of a pipe has gone: nobody is left to be told
        if isinstance(ended.__context__, BrokenPipeError):
            return 0
        raise
    except Exception as error:  # the last edge: a person gets a sentence, never a traceback unasked
        said = f"Unexpected error: {type(error).__name__}: {error}. Repeat it with --debug and report it, please."
        return _fail(said, 1, debug=debug)
    return code if isinstance(code, int) else 0


def _misused(error: typer.TyperException, *, debug: bool) -> int:
    """A group that is asked for without a command has shown its help already."""
    if not (said := error.format_message()):
        return 2
    named, of_pydantic, rest = said.partition(": Input ")
    if of_pydantic and isinstance(error.__cause__, ValidationError):  # its words leave out the value
        value = str(error.__cause__.errors()[0]["input"])[:120]
        said = f"{named}: {value!r} {rest.partition(', ')[0]}"
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "noticewatch"
    return _fail(f"{_sentence(said)} Type {command} --help for what there is.", 2, debug=debug)


def _fail(sentence: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    sys.stderr.write(f"{sentence}\n")
    return code


def _refuse_other_bytes(argument: str) -> None:
    """Raises UsageError for an argument that was not written in UTF-8: Python marks each byte that was not."""
    if any("\ud800" <= character <= "\udfff" for character in argument):
        raise UsageError(f"{argument[:120]!r} is not text in UTF-8; write it in UTF-8, or rename the file.")


def _sentence(message: str) -> str:
    plain = " ".join(message.split()).replace(": Value error, ", ": ")
    return plain if plain.endswith((".", "?")) else f"{plain}."


if __name__ == "__main__":
    main()
