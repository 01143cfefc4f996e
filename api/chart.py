"""A stacked bar chart as the places of its parts, for inline SVG, and the table that says the same. Pure functions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from api.profile import Obligations
from noticewatch import words

WIDTH, HEIGHT = 720, 316
_LEFT, _TOP, _FOOT = 84, 16, 46


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of one series (1 to 6) in one year; ``title`` says its figure."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str
    year: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A grid line at ``y`` with its label, or a label of a year at ``x``."""

    x: float
    y: float
    label: str

    @property
    def text(self) -> str:
        """The label."""
        return self.label


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: a series and its figures by year."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart. Money taken back (negative sums of a series in a year) goes below the zero line."""

    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    series: tuple[str, ...]
    years: tuple[int, ...]
    table: tuple[Line, ...]


def chart(held: Obligations) -> Chart:
    """The chart of obligations by fiscal year, stacked by series."""
    above = max([_stack(held, year, 1) for year in held.years] + [Decimal(0)])
    below = min([_stack(held, year, -1) for year in held.years] + [Decimal(0)])
    step = _step(max(above - below, Decimal(1)))
    top, bottom = _up(above, step), -_up(-below, step)
    span = float(top - bottom) or 1.0
    plot = HEIGHT - _TOP - _FOOT

    def y(value: Decimal) -> float:
        return round(_TOP + float(top - value) / span * plot, 1)

    slot = (WIDTH - _LEFT) / len(held.years)
    ticks = [bottom + step * n for n in range(int((top - bottom) / step) + 1)]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        bars=tuple(bar for n, year in enumerate(held.years) for bar in _bars(held, year, _LEFT + n * slot, slot, y)),
        lines=tuple(Mark(0, y(tick), _tick(tick, held.currency)) for tick in ticks),
        labels=tuple(
            Mark(round(_LEFT + (n + 0.5) * slot, 1), 0, f"{year % 100:02}") for n, year in enumerate(held.years)
        ),
        series=tuple(held.series),
        years=held.years,
        table=tuple(_table(held)),
    )


def _bars(held: Obligations, year: int, left: float, slot: float, y: Callable[[Decimal], float]) -> Iterator[Bar]:
    width = min(slot * 0.62, 64.0)
    x = round(left + (slot - width) / 2, 1)
    up = down = Decimal(0)
    for series, (name, years) in enumerate(held.series.items(), start=1):
        value = years.get(year, Decimal(0))
        if not value:
            continue
        start = up if value > 0 else down
        end = start + value
        up, down = (end, down) if value > 0 else (up, end)
        high, low = y(max(start, end)), y(min(start, end))
        title = f"FY{year}, {name}: {words.money(value, held.currency or None)}"
        yield Bar(x, high, round(width, 1), round(max(low - high, 0.5), 1), series, title, year)


def _table(held: Obligations) -> Iterator[Line]:
    def shown(value: Decimal | None) -> str:
        return "none counted" if value is None else words.money(value, held.currency or None)

    for name, years in held.series.items():
        yield Line(name, tuple(shown(years.get(year)) for year in held.years))
    if len(held.series) > 1:
        by_year = [[years[year] for years in held.series.values() if year in years] for year in held.years]
        yield Line("All", tuple(shown(sum(values, Decimal(0)) if values else None) for values in by_year))


def _stack(held: Obligations, year: int, sign: int) -> Decimal:
    values = (years.get(year, Decimal(0)) for years in held.series.values())
    return sum((value for value in values if value * sign > 0), Decimal(0))


def _step(span: Decimal) -> Decimal:
    """A round step that divides the span into at most six."""
    power = Decimal(10) ** (span.adjusted() - 1)
    return next(power * factor for factor in (1, 2, 5, 10, 20, 50, 100) if span / (power * factor) <= 5)


def _up(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_CEILING) * step


def _tick(value: Decimal, currency: str) -> str:
    """``$1.5m``, short enough for the axis."""
    for size, name in ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(1000), "k")):
        if abs(value) >= size:
            return words.money(value / size, currency or None) + name
    return words.money(value, currency or None)
