"""No message reaches an address inside the operator's network, however that address is written or looked up."""

import ipaddress
import socket
from threading import Event

import pytest

from alerts.guard import Guard, NoAnswer, TargetRefused, is_public
from tests.waiting import PATIENCE

INSIDE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1",
    "192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "168.63.129.16",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0a00:0001", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "2002:7f00:0001::1", "2002:a9fe:a9fe::", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_never_connected_to(address):
    assert not Guard().allows(address, 443)
    with pytest.raises(TargetRefused):
        Guard(resolve=lambda _host, _port: [address]).addresses("hooks.example", 443, PATIENCE)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_is_connected_to(address):
    assert is_public(ipaddress.ip_address(address))
    assert Guard(resolve=lambda _host, _port: [address]).addresses("hooks.example", 443, PATIENCE) == [address]


@pytest.mark.parametrize("port", [22, 25, 6379, 9200])
def test_only_ports_of_the_web_are_connected_to(port):
    assert not Guard().allows("8.8.8.8", port)
    with pytest.raises(TargetRefused):
        Guard(resolve=lambda _host, _port: ["8.8.8.8"]).addresses("hooks.example", port, 5)


def test_every_range_that_python_calls_special_is_inside():
    """A new special range in a later Python cannot be one that we let through."""
    for network in ipaddress._IPv4Constants._private_networks:
        assert not is_public(network[0]), network
    for network in ipaddress._IPv6Constants._private_networks:
        if network != ipaddress.ip_network("::ffff:0:0/96"):
            assert not is_public(network[1 if network.num_addresses > 1 else 0]), network


def test_of_several_addresses_of_a_name_only_those_outside_are_used():
    guard = Guard(resolve=lambda _host, _port: ["127.0.0.1", "8.8.8.8", "::1"])
    assert guard.addresses("hooks.example", 443, PATIENCE) == ["8.8.8.8"]


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.1", "127.0.0.1", "[::1]", "localhost", "localhost.",
        "db.internal", "[::ffff:7f00:1]",
    ],
)  # fmt: skip
def test_a_spelling_of_an_inside_address_is_refused_when_it_is_given(host):
    with pytest.raises(TargetRefused, match="inside a network"):
        Guard().check_url(f"https://{host}/hook")


def test_other_spellings_of_loopback_are_refused_by_what_the_system_makes_of_them():
    for host in ("2130706433", "0x7f000001", "127.1"):
        with pytest.raises(TargetRefused):
            Guard().addresses(host, 443, PATIENCE)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example/a", "https:// addresses only"),
        ("ftp://hooks.example/a", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("https:///a", "begins with https://"),
        ("https://user:pass@hooks.example/", "before the @"),
        ("https://user@hooks.example/", "before the @"),
        ("https://hooks.example:22/", "Port 22 is not a port of the web"),
        ("https://hooks.example:6379/", "Port 6379"),
        ("https://hooks.example:99999/", "begins with https://"),
        ("https://hooks.example/a\r\nX-Injected: 1", "characters that no address has"),
        ("https://hooks.example\\@127.0.0.1/", "characters that no address has"),
        ("https://hooks.example/ä", "characters that no address has"),
        ("https://hooks.example/" + "a" * 3000, "longer than 2,000"),
    ],
)
def test_an_address_that_nothing_is_posted_to_is_refused_with_the_way_out(url, said):
    with pytest.raises(TargetRefused, match=said):
        Guard().check_url(url)


def test_an_operator_may_allow_addresses_inside_but_no_passwords_in_them():
    guard = Guard(allow_private=True)
    assert guard.check_url("http://127.0.0.1:9999/hook").hostname == "127.0.0.1"
    assert guard.addresses("127.0.0.1", 9999, PATIENCE) == ["127.0.0.1"]
    with pytest.raises(TargetRefused):
        guard.check_url("http://user:pass@127.0.0.1/")
    assert not guard.allows("/run/docker.sock", 0)


def test_a_name_that_cannot_be_found_is_no_answer():
    def unknown(_host, _port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NoAnswer, match=r"hooks\.example was not found"):
        Guard(resolve=unknown).addresses("hooks.example", 443, PATIENCE)


def test_a_look_up_that_hangs_ends_in_time():
    never = Event()
    try:
        with pytest.raises(NoAnswer, match="was not found within"):
            Guard(resolve=lambda _host, _port: [str(never.wait(PATIENCE))]).addresses("hooks.example", 443, 0.05)
    finally:
        never.set()
