# SPDX-License-Identifier: MIT
"""One page of a run: the answer, the charts and the tables. Everything is in the
file; its policy forbids the browser any request."""
import html

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: auto;
       padding: 1rem }
h1 { font-size: 1.4rem }
ul { padding-left: 1.2rem }
pre { font: 13px/1.45 ui-monospace, monospace; overflow-x: auto }
figure { margin: 1.5rem 0; background: white; border-radius: 6px }
svg { display: block; max-width: 60rem; width: 100%; height: auto }
footer { opacity: .7; font-size: .85rem }
@media print { pre { white-space: pre-wrap; font-size: 7px } }
"""


def chart(path):
    """The SVG element of the file, without what XML needs before it."""
    text = path.read_text()
    return f"<figure>{text[text.index('<svg'):]}</figure>"


def make(said, charts, report, about):
    """said: lines, of which the first is the answer; charts: paths of SVG
    files; report: the text of the tables; about: of which machine it is."""
    title, *rest = map(html.escape, said or ["What Brood costs here"])
    items = "".join(f"<li>{line}</li>" for line in rest)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width">
<title>What Brood costs</title>
<style>{STYLE}</style>
<h1>{title}</h1>
<ul>{items}</ul>
{"".join(chart(path) for path in charts)}
<pre tabindex="0">{html.escape(report)}</pre>
<footer>{html.escape(about)}</footer>
</html>
"""
