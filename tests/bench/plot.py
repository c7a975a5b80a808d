"""Line charts as SVG, with nothing but Python: panels side by side, linear or logarithmic axes, bars for the spread."""

import dataclasses
import math
from xml.sax.saxutils import escape

PANEL_W, PANEL_H, LEFT, RIGHT, TOP, BOTTOM, HEAD = 380, 250, 62, 16, 30, 48, 62
COLOURS = {"dhcplab": "#0b62b8", "kea": "#c8470a"}
STYLE = """text { font: 12px system-ui, sans-serif; fill: #222 } .title { font-weight: 600; font-size: 13px }
.heading { font-weight: 600; font-size: 15px } .grid { stroke: #e3e3e3 } .axis { stroke: #888 }
.guide { stroke: #999; stroke-dasharray: 5 4 } .note { fill: #666; font-size: 11px }"""


@dataclasses.dataclass
class Axis:
    title: str
    low: float
    high: float
    log: bool = False

    def share(self, value):
        """0 at the low end, 1 at the high end."""
        if self.log:
            value = max(value, self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self):
        if not self.log:
            step = nice((self.high - self.low) / 5)
            return [self.low + i * step for i in range(int((self.high - self.low) / step + 1e-9) + 1)]
        decades = math.log10(self.high / self.low)
        steps = (1, 2, 5) if decades < 2.5 else (1,)
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        values = [step * 10.0 ** exponent for exponent in exponents for step in steps]
        return [value for value in values if self.low * 0.999 <= value <= self.high * 1.001]


@dataclasses.dataclass
class Panel:
    title: str
    x: Axis
    y: Axis
    series: dict  # name -> [(x, y, the lowest y, the highest y)]
    guide: tuple = ()  # (from, to, what it says): a dashed line between two points


def nice(value):
    """The next of 1, 2, 5, 10, 20, ..."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999)


def covering(title, values, log=False):
    """An axis on which all the values are, with round ends."""
    values = [value for value in values if value > 0 or not log] or [1]
    if not log:
        high = max(values) or 1
        step = nice(high / 5)
        return Axis(title, 0, math.ceil(high / step - 1e-9) * step)
    low, high = min(values), max(values)
    lows = [step * 10.0 ** e for e in range(-6, 10) for step in (1, 2, 5)]
    low = max(v for v in lows if v <= low * 1.001)
    high = min(v for v in lows if v >= high * 0.999 and v > low)
    return Axis(title, low, high, True)


def short(value):
    """1500000 as 1.5M"""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size * 0.9995:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def mark(name, x, y):
    if name == "kea":
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{COLOURS[name]}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{COLOURS[name]}"/>'


def line(x1, y1, x2, y2, css, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"{more}/>'


def label(x, y, text, anchor="start", css="", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}"{more}>{escape(text)}</text>'


def draw_axes(panel, place):
    out = []
    left, bottom = place(panel.x.low, panel.y.low)
    right, top = place(panel.x.high, panel.y.high)
    for value in panel.y.ticks():
        _, y = place(panel.x.low, value)
        out += [line(left, y, right, y, "grid"), label(left - 6, y + 4, short(value), "end")]
    for value in panel.x.ticks():
        x, _ = place(value, panel.y.low)
        out += [line(x, top, x, bottom, "grid"), label(x, bottom + 16, short(value), "middle")]
    out += [line(left, bottom, right, bottom, "axis"), line(left, top, left, bottom, "axis"),
            label(left, top - 10, panel.title, css="title"),
            label((left + right) / 2, bottom + 36, panel.x.title, "middle"),
            label(0, 0, panel.y.title, "middle",
                  more=f' transform="translate({left - 46:.1f} {(top + bottom) / 2:.1f}) rotate(-90)"')]
    return out


def draw_series(name, points, place):
    colour, out = COLOURS[name], []
    where = [place(x, y) for x, y, _, _ in points]
    out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
               + " ".join(f"{x:.1f},{y:.1f}" for x, y in where) + '"/>')
    for (x, _, low, high), (at_x, at_y) in zip(points, where):
        out.append(line(at_x, place(x, low)[1], at_x, place(x, high)[1], "", f' stroke="{colour}"'))
        out.append(mark(name, at_x, at_y))
    return out


def draw_panel(panel, x0, y0):
    def place(x, y):
        width, height = PANEL_W - LEFT - RIGHT, PANEL_H - TOP
        return x0 + LEFT + panel.x.share(x) * width, y0 + TOP + (1 - panel.y.share(y)) * height
    out = draw_axes(panel, place)
    if panel.guide:
        begin, end, says = panel.guide
        (x1, y1), (x2, y2) = place(*begin), place(*end)
        out += [line(x1, y1, x2, y2, "guide"), label(x2 - 4, y2 - 5, says, "end", "note")]
    for name, points in panel.series.items():
        out += draw_series(name, points, place)
    return out


def draw(heading, notes, panels):
    """A figure: its heading, what the marks mean, the panels, and lines below."""
    width, height = PANEL_W * len(panels) + 10, HEAD + PANEL_H + BOTTOM + 16 * len(notes) + 6
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
           f"<title>{escape(heading)}</title>", f"<style>{STYLE}</style>",
           f'<rect width="{width}" height="{height}" fill="#fff"/>', label(16, 24, heading, css="heading")]
    x = 20
    for name in dict.fromkeys(name for panel in panels for name in panel.series):
        out += [mark(name, x, 43), label(x + 9, 47, name)]
        x += 32 + 7 * len(name)
    for i, panel in enumerate(panels):
        out += draw_panel(panel, i * PANEL_W, HEAD)
    out += [label(16, height - 8 - 16 * i, text, css="note") for i, text in enumerate(reversed(notes))]
    return "\n".join([*out, "</svg>"]) + "\n"


# ---- the two figures of tests/bench/run ----


def points(r, name, cases, key):
    """(x, the case) for each; what was not measured is left out."""
    found = []
    for x, case in cases:
        values = r.all(name, case, key)
        if values and x is not None:
            found.append((x, r.median(name, case, key), min(values), max(values)))
    return sorted(found)


def two_panels(r, cases, x_title, x_log, rate_title, rate_log):
    """Rate and p99 over the same x; `cases` are by name."""
    panels = []
    for title, y_title, key, log in ((rate_title, "exchanges a second", "rate", rate_log), ("p99", "ms", "p99_ms", True)):
        series = {name: points(r, name, of_name, key) for name, of_name in cases.items()}
        series = {name: found for name, found in series.items() if found}
        every = [point for found in series.values() for point in found]
        panels.append(Panel(title, covering(x_title, [x for x, *_ in every], x_log),
                            covering(y_title, [y for _, *ys in every for y in ys], log), series))
    return panels


def leases_figure(r, notes):
    cases = {name: [(int(count), f"leases {count}") for count in r.cases(name, "leases")] for name in ("dhcplab", "kea")}
    panels = two_panels(r, cases, "leases there are", True, "Rate, closed loop, window 64", False)
    return draw("Rate and delay against the number of leases", notes, panels)


def offered_figure(r, notes):
    cases = {name: [(r.median(name, f"offered {share}", "offered"), f"offered {share}") for share in r.cases(name, "offered")]
             for name in ("dhcplab", "kea")}
    panels = two_panels(r, cases, "exchanges offered a second", True, "Answered, open loop", True)
    low, high = max(panels[0].x.low, panels[0].y.low), min(panels[0].x.high, panels[0].y.high)
    if low < high:
        panels[0].guide = ((low, low), (high, high), "all answered")
    return draw("Rate and delay against the offered load", notes, panels)
