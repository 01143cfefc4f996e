"""Whether somebody is the operator: by the token of the setting ADMIN_TOKEN."""

import secrets

from api.problems import Problem
from noticewatch.settings import Settings


def bearer(authorization: str | None) -> str:
    """The token of a header ``Authorization: Bearer …``; empty where it is none."""
    if not authorization or not authorization.lower().startswith("bearer "):
        return ""
    return authorization.partition(" ")[2].strip()


def require_operator(settings: Settings, given: str, why: str, *, otherwise: str = "") -> None:
    """Raises Problem (401, 403) for anybody else. ``given``: the token; ``why``: what is the operator's, without a full
    stop; ``otherwise``: a sentence more where no token is set.
    """
    token = settings.admin_token
    if token is None:
        raise Problem(
            403, "operator-only",
            f"{why}; it is for the operator, and no operator's token is set here.{otherwise and ' ' + otherwise}",
        )  # fmt: skip
    if not given:
        raise Problem(401, "operator-only", f"{why}; it needs the operator's token as a bearer.")
    if not secrets.compare_digest(given.encode("utf-8", "replace"), token.get_secret_value().encode()):
        raise Problem(403, "operator-only", "This is not the operator's token.")
