"""The command line: ``noticewatch COMMAND``. Every error is one sentence on standard error."""

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from noticewatch import __version__
from noticewatch.errors import NoticewatchError
from service.commands import (
    alerts,
    archive,
    backups,
    corrections,
    crawlers,
    differences,
    doctor,
    evidence,
    export,
    index,
    indexer,
    proof,
    service,
    watchlist,
)

app = typer.Typer(
    name="noticewatch",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Which public bodies buy surveillance technology, from whom and for how much. "
    "Start with `noticewatch run`. A traceback of an error is shown with `--debug`.",
)
for room in (
    service,
    crawlers,
    indexer,
    index,
    watchlist,
    archive,
    backups,
    differences,
    evidence,
    export,
    proof,
    corrections,
    alerts,
    doctor,
):
    room.add_to(app)

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
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    sys.exit(_run([argument for argument in given if argument != "--debug"], debug=debug))


def _run(arguments: list[str], *, debug: bool) -> int:
    try:
        code = app(arguments, prog_name="noticewatch", standalone_mode=False)
    except NoticewatchError as error:
        return _fail(str(error), error.exit_code, debug=debug)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "noticewatch"
        return _fail(f"{_sentence(error.format_message())} Type {command} --help for what there is.", 2, debug=debug)
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


def _fail(sentence: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    sys.stderr.write(f"{sentence}\n")
    return code


def _sentence(message: str) -> str:
    plain = " ".join(message.split()).replace(": Value error, ", ": ")
    return plain if plain.endswith((".", "?")) else f"{plain}."


if __name__ == "__main__":
    main()
