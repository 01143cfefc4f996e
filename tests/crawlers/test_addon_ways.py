"""The way to a publisher: TLS, redirects, hosts, and addresses that are asked in place of the source's own."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.addon import user_agent
from tests.crawlers.apart import crawl_apart
from tests.crawlers.certificates import Authority
from tests.crawlers.wires import GOOD, Asked, Told, Wires, http, redirect, wires
from tests.waiting import nobody_listening

LISTENING = "0A"
"""State of a listening socket in /proc/net/tcp."""


@pytest.fixture
def server() -> Iterator[Wires]:
    with wires() as told:
        yield told


def test_a_certificate_that_is_trusted_and_names_the_host_is_enough(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    with wires(authority.server("127.0.0.1")) as server:
        server.answers = lambda asked: http(200, GOOD)
        crawled = crawl_apart(tmp_path, [f"{server.address}/good"], environment={"SSL_CERT_FILE": str(authority.file)})
    assert (crawled.verdict, crawled.payload("/good")) == ("complete", GOOD)


@pytest.mark.parametrize("fault", ["unknown", "other host", "over"])
def test_any_other_certificate_is_refused_with_a_sentence_that_names_the_host(tmp_path: Path, fault: str) -> None:
    authority, known = Authority(tmp_path / "authority"), Authority(tmp_path / "known")
    trusted = known if fault == "unknown" else authority
    context = authority.server("other.example" if fault == "other host" else "127.0.0.1", -1 if fault == "over" else 9)
    with wires(context) as server:
        server.answers = lambda asked: http(200, GOOD)
        crawled = crawl_apart(tmp_path, [f"{server.address}/good"], environment={"SSL_CERT_FILE": str(trusted.file)})
    assert server.asked == []
    assert crawled.verdict == "failed"
    assert crawled.reasons[0].startswith("the certificate of 127.0.0.1 is refused (")
    assert crawled.captures == []


def test_redirects_lead_to_declared_hosts_only(server: Wires, tmp_path: Path) -> None:
    told: dict[str, Told] = {
        "good": http(200, GOOD),
        "same": redirect("good"),
        "declared": redirect(f"http://localhost:{server.port}/good"),
        "other": redirect("http://elsewhere.example/good?token=private"),
        "ftp": redirect("ftp://127.0.0.1/good"),
        "file": redirect("file:///etc/passwd"),
        "named": redirect(f"http://name:word@127.0.0.1:{server.port}/good"),
        "odd": redirect("http://[::1"),
        "port": redirect("http://127.0.0.1:99999/good"),
        "accent": http(302, b"", ("Location", "/caf\u00c3\u00a9?x=1 2")),
        "caf%C3%A9": http(200, GOOD),
        "circle": redirect("/circle2"),
        "circle2": redirect("/circle"),
        "gate": redirect("https://login.elsewhere.example/"),
        **{f"far{step}": redirect(f"/far{step + 1}") for step in range(6)},
    }
    server.answers = lambda asked: told.get(asked.target[1:].partition("?")[0], http(404))
    names = [
        "good",
        "same",
        "declared",
        "other",
        "ftp",
        "file",
        "named",
        "odd",
        "port",
        "accent",
        "circle",
        "gate",
        "far1",
        "far0",
    ]
    told["far6"] = http(200, GOOD)
    crawled = crawl_apart(
        tmp_path, [f"{server.address}/{name}" for name in names], hosts=("127.0.0.1",), redirect_hosts=("localhost",)
    )
    said = {name: crawled.problem(f"/{name}") for name in names}
    assert said == {
        "good": None,
        "same": None,
        "declared": None,
        "other": "127.0.0.1 redirects to elsewhere.example, which this source does not name",
        "ftp": "127.0.0.1 redirects to what is no plain address of the web (ftp://127.0.0.1/good)",
        "file": "127.0.0.1 redirects to what is no plain address of the web (file:///etc/passwd)",
        "named": f"127.0.0.1 redirects to what is no plain address of the web (http://127.0.0.1:{server.port}/good)",
        "odd": "127.0.0.1 redirects to what is no plain address of the web (http://[::1)",
        "port": "127.0.0.1 redirects to what is no plain address of the web (http://127.0.0.1:99999/good)",
        "accent": None,
        "circle": "127.0.0.1 redirects in a circle",
        "gate": "127.0.0.1 sends on to a log-in page (https://login.elsewhere.example/)",
        "far1": None,
        "far0": "127.0.0.1 redirects more than 5 times",
    }
    assert crawled.verdict == "blocked"
    assert crawled.payload("localhost:" + f"{server.port}/good") == GOOD


def test_a_redirect_to_a_log_in_page_is_a_refusal(server: Wires, tmp_path: Path) -> None:
    server.answers = lambda asked: redirect("/auth/sign-in") if asked.target == "/page" else http(200, b"<html>")
    crawled = crawl_apart(tmp_path, [f"{server.address}/page"])
    assert (crawled.verdict, crawled.reasons) == (
        "blocked", [f"127.0.0.1 sends on to a log-in page ({server.address}/auth/sign-in)"],
    )  # fmt: skip
    assert "/auth/sign-in" not in server.targets()


def test_a_redirect_never_leads_from_https_to_http(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    with wires() as plain, wires(authority.server("127.0.0.1")) as server:
        server.answers = lambda asked: redirect(f"{plain.address}/page")
        crawled = crawl_apart(tmp_path, [f"{server.address}/page"], environment={"SSL_CERT_FILE": str(authority.file)})
    assert crawled.reasons == [f"127.0.0.1 redirects from https to http ({plain.address}/page)"]
    assert plain.asked == []


def test_a_post_stays_one_where_the_redirect_says_so(server: Wires, tmp_path: Path) -> None:
    def answers(asked: Asked) -> Told:
        moved = {"/kept": redirect("/end", 307), "/changed": redirect("/end2", 303)}
        return moved.get(asked.target, http(200, GOOD))

    server.answers = answers
    crawl_apart(
        tmp_path, [f"{server.address}/{name}" for name in ("kept", "changed")],
        options={"method": "POST", "body": '{"a":1}'},
    )  # fmt: skip
    assert [(asked.method, asked.target, asked.body) for asked in server.asked[1:]] == [
        ("POST", "/kept", b'{"a":1}'), ("POST", "/end", b'{"a":1}'), ("POST", "/changed", b'{"a":1}'),
        ("GET", "/end2", b""),
    ]  # fmt: skip


def test_hosts_that_a_source_does_not_name_are_never_asked(server: Wires, tmp_path: Path) -> None:
    addresses = [f"{server.address}/good", f"http://127.0.0.2:{server.port}/x", f"http://u:p@127.0.0.1:{server.port}/y"]
    server.answers = lambda asked: http(200, GOOD)
    crawled = crawl_apart(tmp_path, addresses, hosts=("127.0.0.1",))
    assert crawled.problem("/x") == "127.0.0.2 is none of this source's hosts (127.0.0.1)"
    assert crawled.problem("/y") == "an address on 127.0.0.1 carries a name or a password; they are never sent"
    assert server.targets() == ["/robots.txt", "/good"]


def test_through_an_address_every_request_keeps_its_own_path_and_host(server: Wires, tmp_path: Path) -> None:
    moved = {"/old?a=1%2C2&b=%C3%A9": redirect(f"{server.address}/new?c=1")}
    server.answers = lambda asked: moved.get(asked.target, http(200, GOOD))
    crawled = crawl_apart(
        tmp_path, ["https://publisher.example/old?a=1%2C2&b=%C3%A9"],
        settings={"sources": {"tiny_asks": {"through": server.address + "/"}}},
    )  # fmt: skip
    assert crawled.verdict == "complete"
    assert server.targets() == ["/robots.txt", "/old?a=1%2C2&b=%C3%A9", "/new?c=1"]
    assert {asked.headers["host"] for asked in server.asked} == {"publisher.example"}
    assert {capture.note for capture in crawled.captures} == {f"asked through {server.address}/"}
    assert [capture.url for capture in crawled.captures] == [
        f"https://publisher.example{target}" for target in server.targets()
    ]


def test_a_proxy_that_the_environment_names_is_used_and_not_for_hosts_it_leaves_out(
    server: Wires, tmp_path: Path
) -> None:
    server.answers = lambda asked: http(200, GOOD)
    server.robots = server.answers
    given = {"http_proxy": server.address, "no_proxy": "plain.invalid"}
    crawled = crawl_apart(
        tmp_path, ["http://publisher.example/good", "http://plain.invalid/good"],
        hosts=("publisher.example", "plain.invalid"), environment=given,
    )  # fmt: skip
    assert server.targets() == ["http://publisher.example/robots.txt", "http://publisher.example/good"]
    assert crawled.problem("plain.invalid/good") == "no network (plain.invalid cannot be reached)"


def test_nobody_is_reached_where_names_do_not_resolve_or_nobody_listens(tmp_path: Path) -> None:
    with nobody_listening() as port:
        gone = f"http://127.0.0.1:{port}"
        unknown = crawl_apart(tmp_path / "1", ["https://publisher.invalid/x"], hosts=("publisher.invalid",))
        refused = crawl_apart(tmp_path / "2", [f"{gone}/x"])
        through = crawl_apart(
            tmp_path / "3", ["https://publisher.example/x"], settings={"sources": {"tiny_asks": {"through": gone}}}
        )
    assert unknown.reasons == ["no network (publisher.invalid cannot be reached)"]
    assert refused.reasons == ["127.0.0.1 refuses connections"]
    assert through.reasons == [f"publisher.example (asked through {gone}) refuses connections"]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads open sockets where Linux lists them")
def test_a_crawl_listens_to_nobody(server: Wires, tmp_path: Path) -> None:
    open_doors: list[str] = []

    def answers(asked: Asked) -> Told:
        process = Path("/proc") / (tmp_path / "pid").read_text()
        sockets = {str(descriptor.readlink()) for descriptor in (process / "fd").iterdir() if descriptor.is_symlink()}
        for table in ("tcp", "tcp6"):
            for line in (process / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and f"socket:[{fields[9]}]" in sockets:
                    open_doors.append(fields[1])
        open_doors.append("looked")
        return http(200, GOOD)

    server.answers = answers
    crawl_apart(tmp_path, [f"{server.address}/a"])
    assert open_doors == ["looked"]


def test_a_contact_of_several_lines_stays_one_header() -> None:
    assert user_agent("Desk\n <desk@example.org>\r\nX: y").endswith(" (+Desk <desk@example.org> X: y)")


def test_requests_say_who_asks_and_carry_nothing_else_on(server: Wires, tmp_path: Path) -> None:
    cookie = ("Set-Cookie", "session=abc; Path=/")
    server.answers = lambda asked: http(200, GOOD, cookie)
    crawled = crawl_apart(tmp_path, [f"{server.address}/{name}" for name in ("a", "b")])
    assert [asked.headers["user-agent"] for asked in server.asked] == ["noticewatch/0.1.0 (+test@example.org)"] * 3
    assert [asked.headers["accept"] for asked in server.asked] == ["text/plain", "*/*", "*/*"]
    for asked in server.asked:
        assert not {"cookie", "referer", "authorization", "origin"} & asked.headers.keys()
    for file in (tmp_path / "data" / "warc").glob("*.gz"):
        assert b"session=abc" not in gzip.decompress(file.read_bytes())
    assert crawled.said == ""
