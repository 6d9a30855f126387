"""A picture of a task as SVG: accuracy against test gap, which seeds are inside the tolerance, processor seconds; for parity and odds."""
from . import tasks
from .comparison import floor_of, inside
from .methods import METHODS

# Okabe and Ito's colours, which colour-blind people can tell apart; shapes tell the rest. Hollow and dashed: needs the group to decide.
LOOKS = {"equipoise": ("#000000", "circle"), "equipoise_all": ("#000000", "square"), "equipoise_small": ("#000000", "plus"),
         "equipoise_trees": ("#000000", "triangle"), "equipoise_trees_all": ("#000000", "down"), "equipoise_frontier": ("#000000", "diamond"),
         "equipoise_frontier_all": ("#000000", "right"), "equipoise_frontier_sure": ("#000000", "left"),
         "lightgbm": ("#777777", "star"), "xgboost": ("#777777", "cross"), "network": ("#777777", "plus"),
         "reduction_lightgbm": ("#0072B2", "square"), "reduction_logistic": ("#56B4E9", "square"), "thresholds": ("#0072B2", "triangle"),
         "cooper": ("#D55E00", "diamond"), "humancompatible": ("#CC79A7", "down"), "fairret": ("#009E73", "triangle"),
         "fairgbm": ("#E69F00", "circle"), "oxonfair_inferred": ("#A6761D", "diamond"), "oxonfair_told": ("#A6761D", "down")}
SPARE = ("#0072B2", "circle")
WIDTH, PANEL, LEFT, TOP, HEIGHT, ROW = 1240, 540, 66, 84, 380, 21
INK, PALE = "#222222", "#dddddd"


def shape(name, x, y, hollow=False):
    color, form = LOOKS.get(name, SPARE)
    fill = "#ffffff" if hollow else color
    size = 6 if METHODS[name].ours else 5
    if form in ("star", "cross", "plus"):
        strokes = {"cross": "M-4-4L4 4M-4 4L4-4", "plus": "M-5 0L5 0M0-5L0 5", "star": "M-5 0L5 0M-3-4L3 4M-3 4L3-4"}[form]
        return f'<path d="{strokes}" transform="translate({x:.1f} {y:.1f})" stroke="{color}" stroke-width="2" fill="none"/>'
    if form == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size - .5}" fill="{fill}" stroke="{color}" stroke-width="1.8"/>'
    corners = {"square": ((-1, -1), (1, -1), (1, 1), (-1, 1)), "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
               "triangle": ((0, -1.2), (1.15, .9), (-1.15, .9)), "down": ((0, 1.2), (1.15, -.9), (-1.15, -.9)),
               "right": ((1.2, 0), (-.9, -1.15), (-.9, 1.15)), "left": ((-1.2, 0), (.9, -1.15), (.9, 1.15))}[form]
    return (f'<polygon points="{" ".join(f"{x + size * .85 * a:.1f},{y + size * .85 * b:.1f}" for a, b in corners)}" fill="{fill}" '
            f'stroke="{color}" stroke-width="1.8"/>')


def text(x, y, said, size=13, anchor="start", color=INK, more=""):
    said = str(said).replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}" {more}>{said}</text>'


def line(x1, y1, x2, y2, color=PALE, width=1, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}" {more}/>'


def ticks(low, high, count=6):
    step = next(step for step in (.001, .002, .005, .01, .02, .05, .1, .2, .5) if (high - low) / step <= count)
    first = int(low / step) + (low / step > int(low / step) + 1e-9)
    return [round(i * step, 4) for i in range(first, int(high / step + 1e-9) + 1)]


def ranges(found):
    """What of gap and accuracy is shown: all near the best accuracy and up to a third beyond the unconstrained gap; the rest is counted."""
    points = [one for entry in found.values() for one in entry.points]
    best = max(one.accuracy[0] for one in points)
    shown = [one for one in points if one.accuracy[0] > best - .045]
    free = [one.gap[0] for one in points if one.tolerance is None]
    widest = max(one.gap[0] for one in shown)
    low = min(one.accuracy[0] for one in shown)
    room = max(best - low, .004)
    return 1.06 * min(widest, 1.33 * max(free) if free else widest), low - .08 * room, best + .12 * room


class Panel:
    """Accuracy against gap, at (x, y) of the picture."""

    def __init__(self, found, x, y):
        self.widest, self.low, self.high = ranges(found)
        self.x, self.y, self.found = x, y, found

    def across(self, gap):
        return self.x + PANEL * min(max(gap / self.widest, 0), 1)

    def up(self, accuracy):
        return self.y + HEIGHT * (1 - min(max((accuracy - self.low) / (self.high - self.low), 0), 1))

    def axes(self, title):
        bottom, drawn = self.y + HEIGHT, [text(self.x + PANEL / 2, self.y - 12, title, 15, "middle", more='font-weight="bold"')]
        floor = floor_of(self.found)
        drawn.append(f'<rect x="{self.x}" y="{self.y}" width="{self.across(floor) - self.x:.1f}" height="{HEIGHT}" fill="#eeeeee"/>')
        for gap in ticks(0, self.widest):
            drawn += [line(self.across(gap), self.y, self.across(gap), bottom), text(self.across(gap), bottom + 17, f"{gap:g}", 12, "middle")]
        for accuracy in ticks(self.low, self.high):
            drawn += [line(self.x, self.up(accuracy), self.x + PANEL, self.up(accuracy)),
                      text(self.x - 7, self.up(accuracy) + 4, f"{accuracy:.3f}".lstrip("0"), 12, "end")]
        edge = self.across(floor)
        drawn += [line(edge, self.y, edge, bottom, "#888888", 1, 'stroke-dasharray="4 3"'),
                  text(edge + 4, bottom - 6, f"noise floor {floor:.3f}".replace("0.", "."), 11, color="#555555"),
                  f'<rect x="{self.x}" y="{self.y}" width="{PANEL}" height="{HEIGHT}" fill="none" stroke="#888888"/>',
                  text(self.x + PANEL / 2, bottom + 35, "mean gap on the test split", 13, "middle")]
        return drawn

    def bars(self, one, color):
        x, y, drawn = self.across(one.gap[0]), self.up(one.accuracy[0]), []
        if one.gap[1]:
            drawn.append(line(self.across(one.gap[0] - one.gap[1]), y, self.across(one.gap[0] + one.gap[1]), y, color, 1, 'opacity=".45"'))
        if one.accuracy[1]:
            drawn.append(line(x, self.up(one.accuracy[0] - one.accuracy[1]), x, self.up(one.accuracy[0] + one.accuracy[1]), color, 1, 'opacity=".45"'))
        return drawn

    def outside(self, one):
        return one.accuracy[0] < self.low or one.gap[0] > self.widest

    def curves(self):
        drawn = []
        for name, entry in sorted(self.found.items(), key=lambda item: METHODS[item[0]].ours):
            color, told = LOOKS.get(name, SPARE)[0], not METHODS[name].blind
            shown = [one for one in entry.points if not self.outside(one)]
            for one in shown:
                drawn += self.bars(one, color)
            if len(shown) > 1:
                path = " ".join(f"{self.across(one.gap[0]):.1f},{self.up(one.accuracy[0]):.1f}" for one in shown)
                look = 'stroke-dasharray="5 4"' if told else ""
                drawn.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{2.4 if METHODS[name].ours else 1.3}" {look}/>')
            drawn += [shape(name, self.across(one.gap[0]), self.up(one.accuracy[0]), told) for one in shown]
        return drawn


def legend(found, panel, x, y):
    """A row a method: its mark, seeds inside each tolerance, processor seconds, and how many points are outside the panel."""
    heads = [f"{tolerance:g}".lstrip("0") for tolerance in tasks.TOLERANCES]
    columns = [x + 276 + 46 * i for i in range(4)]
    drawn = [text(columns[0] - 18, y - 20, "seeds inside the tolerance", 12), text(x + PANEL - 44, y - 3, "seconds", 12, "end", "#555555"),
             text(x + PANEL, y - 3, "off", 12, "end", "#555555")]
    drawn += [text(column, y - 3, head, 12, "middle", "#555555") for column, head in zip(columns, heads)]
    for row, (name, entry) in enumerate(found.items()):
        middle = y + 14 + ROW * row
        title = METHODS[name].title
        drawn += [shape(name, x + 8, middle - 4, not METHODS[name].blind), text(x + 22, middle, title, 12.5)]
        for one in entry.points:
            if one.tolerance is None:
                continue
            column, (within, _, count) = columns[tasks.TOLERANCES.index(one.tolerance)], inside(one)
            share = within / count
            drawn += [f'<rect x="{column - 21}" y="{middle - 14}" width="42" height="18" fill="#009E73" fill-opacity="{.75 * share:.2f}" '
                      'stroke="#cccccc"/>',
                      text(column, middle, f"{within} of {count}", 12, "middle")]
        if METHODS[name].free:
            drawn.append(text((columns[0] + columns[3]) / 2, middle, "unconstrained", 12, "middle", "#777777"))
        elif not entry.points:
            drawn.append(text((columns[0] + columns[3]) / 2, middle, "failed or timed out", 12, "middle", "#777777"))
        taken = entry.processor_seconds
        taken = "" if taken is None else f"{taken:.0f}" if taken >= 9.5 else f"{taken:.1f}"
        hidden = sum(panel.outside(one) for one in entry.points)
        drawn += [text(x + PANEL - 44, middle, taken, 12, "end"), text(x + PANEL, middle, hidden or "", 12, "end")]
    return drawn


def picture(task, by_constraint):
    """SVG of a task; by_constraint: {constraint: {method: Entry}}, those with points."""
    titles = {"parity": "demographic parity", "odds": "equalized odds"}
    rows = max(len(found) for found in by_constraint.values())
    below = TOP + HEIGHT + 86
    height = below + ROW * rows + 38
    about = tasks.TASKS[task]
    drawn = [text(WIDTH / 2, 28, f"{about.title} by {about.group_title}: accuracy at what gap, on people the models have not met", 17, "middle",
                  more='font-weight="bold"'),
             text(16, TOP + HEIGHT / 2, "mean accuracy on the test split", 13, "middle", more=f'transform="rotate(-90 16 {TOP + HEIGHT / 2})"')]
    for place, (constraint, found) in enumerate(by_constraint.items()):
        x = LEFT + place * (PANEL + 76)
        panel = Panel(found, x, TOP)
        drawn += panel.axes(titles[constraint]) + panel.curves() + legend(found, panel, x, below)
    drawn.append(text(WIDTH / 2, height - 12, "Bars: 95 % intervals over seeds. Hollow and dashed: needs the group to decide. Seconds: of the "
                      "processor, one thread, all tolerances. Off: points beyond the panel's edges (see the table).", 12, "middle", "#555555"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'font-family="DejaVu Sans, Helvetica, Arial, sans-serif"><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
            + "\n".join(drawn) + "\n</svg>\n")
